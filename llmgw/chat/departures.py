"""How a provider departs from the dialect that it speaks: data of its catalogue row, applied to what goes out.

Only what a provider is known to refuse, or to understand in another word, is changed; all else goes as the caller
wrote it. Names are those of the dialect.
"""

from collections.abc import Mapping

import msgspec


class Departures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`words` and `roles` are what a word is called there; `leaves_out` is of messages, and `rename` of the body."""

    rename: Mapping[str, str] = {}
    words: Mapping[str, Mapping[str, str]] = {}  # by field
    roles: Mapping[str, str] = {}
    leaves_out: frozenset[str] = frozenset()
    call_id_chars: int = 0  # ids of tool calls have just so many letters and digits; 0: they may be anything
    count_field: str = ""  # that holds a whole request whose tokens are to be counted; else its fields stand alone
    prefill_field: str = ""  # set in a last message of the assistant, which is to be gone on with


NO_DEPARTURES = Departures()
