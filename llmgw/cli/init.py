"""`llmgw init`: what is found on this machine, written down as a file to go on from."""

import os
import sys
from pathlib import Path

from llmgw.cli.discover import Found, config_text, discover
from llmgw.cli.render import Line, show
from llmgw.cli.sources import STDIN as STDOUT


def init(path: str, *, force: bool) -> int:
    """Write the file; an existing one only with `force`."""
    found = discover(os.environ)
    text = config_text(found)
    if path == STDOUT:
        sys.stdout.write(text)
        return 0
    try:
        with Path(path).open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        show([((f"{path} exists already", "bold red"), ": --force overwrites it, `-` prints instead")], sys.stderr)
        return 1
    except OSError as error:
        show([((f"{path} cannot be written", "bold red"), f": {error.strerror}")], sys.stderr)
        return 1
    show(_written(path, found), sys.stdout)
    return 0


def _written(path: str, found: tuple[Found, ...]) -> list[Line]:
    if found[0].is_simulator:
        origin: Line = (f"wrote {path}: ", ("no keys and no Ollama found, so the simulator answers", "yellow"))
    else:
        origin = (f"wrote {path}, from: ", (", ".join(one.by for one in found), "cyan"))
    return [
        origin,
        ("check it:  ", (f"llmgw validate {path}", "bold")),
        ("serve it:  ", (f"llmgw serve {path}", "bold")),
    ]
