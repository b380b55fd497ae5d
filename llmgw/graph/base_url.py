"""What keeps a text from being the URL that a provider is called by. Said at load, not at the first call."""

from urllib.parse import urlsplit

EXAMPLE = 'as in "https://api.example.com/v1"'


def url_fault(base_url: str, chat_path: str) -> tuple[str, str] | None:
    """The fault of a base URL and its remedy; `chat_path` is what will be added to it."""
    if fault := syntax_fault(base_url):
        return fault, EXAMPLE
    if urlsplit(base_url).username is not None:
        return "a base URL holds no credentials", "put the key into api_key"
    if "{" in base_url or "}" in base_url:
        return "has a placeholder in braces", f"write the name itself, {EXAMPLE}"
    if base_url.endswith(chat_path.partition("?")[0]):
        return f"'{chat_path}' is added to a base URL, and this has it already", "leave it out"
    return None


def syntax_fault(url: str) -> str | None:
    """What the schema's pattern does not see: brackets that do not close, ports that do not exist."""
    try:
        parts = urlsplit(url)
        is_sound = parts.hostname and parts.port != 0
    except ValueError as error:
        return f"not a URL: {str(error).partition(' as ')[0]}"
    return None if is_sound else "not a URL: it needs a host, and no port 0"
