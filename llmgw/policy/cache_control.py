"""What a caller says of the cache: the `Cache-Control` of a request (RFC 9111), as far as it is about us.

Whatever cannot be read is as if it had not been said: a cache may always do less than it was asked to.
"""

import re
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s",]*)))?\s*(?:,|$)""")
_SECONDS = re.compile("[0-9]+")
_AGE_S_MAX = 2**31  # RFC 9111: a longer time is as long as for ever
TEXT_CHARS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Control:
    """`max_age_s` None: any answer that still holds will do."""

    no_cache: bool = False  # ask anew, whatever is kept
    no_store: bool = False  # keep nothing of this
    max_age_s: float | None = None
    only_if_cached: bool = False  # or not at all


NO_CONTROL = Control()


def read_control(text: str) -> Control:
    """Of the header's value; several headers of that name are one, with commas between them."""
    if not text:
        return NO_CONTROL
    said: dict[str, list[str]] = {}
    for name, quoted, plain in _DIRECTIVE.findall(text[:TEXT_CHARS_MAX]):
        said.setdefault(name.lower(), []).append(quoted or plain)
    ages_s = [min(int(age), _AGE_S_MAX) for age in said.get("max-age", ()) if _is_age(age)]
    return Control(
        no_cache="no-cache" in said,
        no_store="no-store" in said,
        max_age_s=float(min(ages_s)) if ages_s else None,
        only_if_cached="only-if-cached" in said,
    )


def _is_age(text: str) -> bool:
    return _SECONDS.fullmatch(text) is not None
