"""What keeps a text from being the URL that a provider is called by. Said at load, not at the first call."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from llmgw.config.problems import short
from llmgw.wire.hosts import is_loopback

EXAMPLE = 'as in "https://api.example.com/v1"'
HOST_CHARS_MAX = 253
# Of Azure's many addresses: those of another of its APIs, or of one deployment.
_OTHER_APIS: Mapping[re.Pattern[str], tuple[str, str]] = {
    re.compile(r"/openai/v1(?:/.*)?$"): (
        "this is the address of Azure's v1 API",
        "write like: azure-v1, or end it before /openai",
    ),
    re.compile(r"/openai/deployments/.+$"): ("a base URL names no deployment", "end it before /openai"),
    re.compile(r"/anthropic(?:/.*)?$"): ("this is the address of Claude in Foundry", "write like: azure-anthropic"),
    re.compile(r"/models(?:/.*)?$"): ("this is the address of Foundry's model inference", "write like: azure-ai"),
}
_ROOTED = re.compile(r"/(?:api|v\d)/")
_VERSION = re.compile(r"/(?:v\d+|api)$")
_LABELS = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63})*\.?", re.ASCII)  # underscores: container networks use them


def url_fault(base_url: str, chat_path: str) -> tuple[str, str] | None:
    """The fault of a base URL and its remedy; `chat_path` is what will be added to it."""
    if "{" in base_url or "}" in base_url:
        return "has a placeholder in braces", f"write the name itself, {EXAMPLE}"
    if fault := syntax_fault(base_url):
        return fault, EXAMPLE
    if urlsplit(base_url).username is not None:
        return "a base URL holds no credentials", "put the key into api_key"
    if base_url.endswith(chat_path.partition("?")[0]):
        return f"`{chat_path}` is added to a base URL, and this has it already", "leave it out"
    return None


def without_overlap(written: str, chat_path: str) -> str:
    """A base URL without a slash at its end, and without the first words of what follows it, if it has them already."""
    base_url = written.rstrip("/")
    words = chat_path.partition("?")[0].split("/")[1:-1]  # the whole of it is told as a fault
    for count in range(len(words), 0, -1):
        beginning = "/" + "/".join(words[:count])
        if base_url.endswith(beginning):
            return base_url.removesuffix(beginning)
    return base_url


def whole_form(base_url: str, row_url: str) -> str | None:
    """The row's own form of an address at its own host that ends too early, such as before the version of the API."""
    if "{" in row_url:
        return None
    given, own = urlsplit(base_url), urlsplit(row_url)
    is_same = given.hostname == own.hostname or (is_loopback(given.hostname or "") and is_loopback(own.hostname or ""))
    if not is_same or len(_words(given.path)) >= len(_words(own.path)):
        return None
    return f"{given.scheme}://{given.netloc}{own.path}"


def _words(path: str) -> list[str]:
    return [word for word in path.split("/") if word]


def rooted_fault(base_url: str, chat_path: str, second: str) -> tuple[str, str] | None:
    """A provider's own API that begins at its root, called by where its OpenAI-compatible one is: `second`, if any."""
    version = _VERSION.search(base_url)
    if version is None or not _ROOTED.match(chat_path):
        return None
    other = f", or write like: {second}" if second else ""
    return f"`{chat_path}` is added to a base URL, and it is not below `{version[0]}`", f"leave that out{other}"


def azure_fault(base_url: str) -> tuple[str, str] | None:
    """What is wrong with an address of Azure from which the beginning of the path has been taken."""
    path = urlsplit(base_url).path
    return next((fault for other, fault in _OTHER_APIS.items() if other.search(path)), None)


def syntax_fault(url: str) -> str | None:
    """What the schema's pattern does not see: brackets that do not close, ports that do not exist."""
    try:
        parts = urlsplit(url)
        is_sound = parts.hostname and parts.port != 0
    except ValueError as error:
        return f"not a URL: {str(error).partition(' as ')[0]}"
    if not is_sound:
        return "not a URL: it needs a host, and no port 0"
    return None if _is_host(parts.hostname or "") else f"`{short(parts.hostname or '')}` is not a host"


def _is_host(name: str) -> bool:
    """Whether a name could be looked up: labels between dots, none of them empty or too long."""
    if ":" in name:
        return True  # an address, whose brackets have been checked
    try:
        looked_up = name.encode("idna").decode()
    except UnicodeError:
        return False
    return len(looked_up) <= HOST_CHARS_MAX and _LABELS.fullmatch(looked_up) is not None
