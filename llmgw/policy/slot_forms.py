"""Which words of two questions are forms of one word, and one question told in the other one's forms.

Only forms in which a question stays the same: who is paid does not pay, and what is late is not so lately.
"""

from collections.abc import Mapping
from dataclasses import replace

from llmgw.policy.slot_reading import Slots

_SUFFIXES = frozenset({"s", "es", "ing"})
_STEM_CHARS_MIN = 3


def paired(here: Slots, there: Slots) -> dict[str, str] | None:
    """Words of `there` that are other forms of words of `here`; None: some have no counterpart."""
    mine, others = left(here, there)
    pairs = {}
    for key in mine:
        form = next((word for word in others if _are_forms(key, word)), None)
        if form is None:
            return None
        pairs[form] = key
        others.remove(form)
    return None if others else pairs


def left(here: Slots, there: Slots) -> tuple[list[str], list[str]]:
    mine = [key for key in here.keys if key not in there.keys]
    return mine, [key for key in there.keys if key not in here.keys]


def _are_forms(one: str, other: str) -> bool:
    """Of one word, lower case letters only: `file` and `files`, `stop` and `stopping`, `city` and `cities`."""
    short, long = sorted((one, other), key=len)
    if len(short) < _STEM_CHARS_MIN or not (short.isalpha() and long.isalpha()):
        return False
    if long.startswith(short):
        rest = long[len(short) :]
        return rest in _SUFFIXES or rest == f"{short[-1]}ing"
    if short[-1] == "e":
        return long == f"{short[:-1]}ing"
    return short[-1] == "y" and long == f"{short[:-1]}ies"


def renamed(slots: Slots, pairs: Mapping[str, str]) -> Slots:
    """The same in the other one's words."""
    if not pairs:
        return slots

    def named(key: str) -> str:
        return pairs.get(key, key)

    return replace(
        slots,
        keys=tuple(map(named, slots.keys)),
        roles={named(key): role for key, role in slots.roles.items()},
        links=frozenset((named(left), role, named(right)) for left, role, right in slots.links),
        compounds=frozenset((named(left), named(right)) for left, right in slots.compounds),
        denied=frozenset(map(named, slots.denied)),
        undergone=frozenset(map(named, slots.undergone)),
        doing=frozenset(map(named, slots.doing)),
        determiners={named(key): word for key, word in slots.determiners.items()},
    )
