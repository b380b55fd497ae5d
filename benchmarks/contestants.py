"""Who takes part: the command of each proxy and its version, or why it is absent and what to do about it."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Command, free_port

HERE = Path(__file__).resolve().parent
NAMES = ("nginx", "aiohttp", "llmgw", "everything")
DIRECT = "direct"

_NGINX_PLACES = ("nginx", "sbin/nginx", "usr/sbin/nginx")


@dataclass(frozen=True, slots=True)
class Contestant:
    name: str
    version: str = ""
    command: Command | None = None
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run happens: the upstream to call, a directory to write in, and where to look for nginx."""

    upstream_port: int
    directory: Path
    nginx: str | None = None


def contestants(names: tuple[str, ...], place: Place) -> list[Contestant]:
    makers = {"nginx": _nginx, "aiohttp": _aiohttp, "llmgw": _llmgw, "everything": _everything}
    return [makers[name](place) for name in names]


def upstream_command(port: int) -> Command:
    argv = (sys.executable, "-m", "benchmarks.upstream", "--port", str(port))
    return Command("upstream", argv, port, env=_importable())


def _aiohttp(place: Place) -> Contestant:
    port = free_port()
    url = f"http://127.0.0.1:{place.upstream_port}"
    argv = (sys.executable, "-m", "benchmarks.aiohttp_proxy", "--port", str(port), "--upstream", url)
    command = Command("aiohttp", argv, port, env=_importable())
    return Contestant("aiohttp", importlib.metadata.version("aiohttp"), command)


def _llmgw(place: Place) -> Contestant:
    return _gateway("llmgw", HERE / "config.yaml", place)


def _everything(place: Place) -> Contestant:
    """The ledger lies beside the file."""
    file = place.directory / "everything.yaml"
    shutil.copyfile(HERE / "everything.yaml", file)
    return _gateway("everything", file, place)


def _gateway(name: str, config: Path, place: Place) -> Contestant:
    if importlib.util.find_spec("llmgw.__main__") is None:
        return Contestant(name, absent="not found: this checkout has no `python -m llmgw`")
    import llmgw

    port = free_port()
    argv = (sys.executable, "-m", "llmgw", "serve", str(config), "--port", str(port))
    env = _importable() | {"BENCH_PORT": str(place.upstream_port)}
    return Contestant(name, llmgw.__version__, Command(name, argv, port, env=env))


def _nginx(place: Place) -> Contestant:
    binary = _nginx_binary(place.nginx)
    if binary is None:
        return Contestant("nginx", absent="not found: apt install nginx")
    port = free_port()
    file = place.directory / "nginx.conf"
    file.write_text(_filled_in((HERE / "nginx.conf").read_text(), port, place))
    argv = (binary, "-p", str(place.directory), "-e", "stderr", "-c", str(file))
    return Contestant("nginx", _nginx_version(binary), Command("nginx", argv, port))


def _nginx_binary(given: str | None) -> str | None:
    """The binary named, the one inside a directory named (an unpacked package), or the one on the PATH."""
    if given is None:
        return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    candidates = [Path(given), *(Path(given) / inside for inside in _NGINX_PLACES)]
    return next((str(path) for path in candidates if path.is_file() and os.access(path, os.X_OK)), None)


def _nginx_version(binary: str) -> str:
    told = subprocess.run((binary, "-v"), capture_output=True, text=True, check=False, timeout=10).stderr
    return told.partition("nginx/")[2].split()[0] if "nginx/" in told else "unknown"


def _filled_in(template: str, port: int, place: Place) -> str:
    marks = {
        "@PORT@": str(port),
        "@UPSTREAM_PORT@": str(place.upstream_port),
        "@DIRECTORY@": str(place.directory),
    }
    for mark, value in marks.items():
        template = template.replace(mark, value)
    return template


def _importable() -> dict[str, str]:
    return {"PYTHONPATH": str(HERE.parent)}
