"""What keeps a text from being the URL that a provider is called by. Said at load, not at the first call."""

import re
from urllib.parse import urlsplit

from llmgw.config.problems import short

EXAMPLE = 'as in "https://api.example.com/v1"'
HOST_CHARS_MAX = 253
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
