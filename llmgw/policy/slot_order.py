"""Who does it to whom: the little words before what counts, and its order where that may change what is asked.

`from Rome to Bonn` is `to Bonn from Rome`, but not `from Bonn to Rome`; and no dog that bites a man is bitten by him.
"""

from itertools import combinations

from llmgw.policy import slot_words
from llmgw.policy.slot_reading import Slots

KEYS_MAX = 64  # whose order is looked at
_SYMMETRIC = "differ"  # `how do A and B differ` is `the difference between A and B`


def role_apart(here: Slots, there: Slots) -> str | None:
    """From and to, by and of."""
    for key, role in here.roles.items():
        other = there.roles.get(key, "")
        if _are_apart(role, other) and ((role and other) or "by" in {role, other}):
            return f"{role} {key} / {other} {key}"
        if role != other and role and other and (key[0].isdigit() or "on" in {role, other}):  # for, in, at five
            return f"{role} {key} / {other} {key}"
    return _link_apart(here, there) or _link_apart(there, here)


def _link_apart(here: Slots, there: Slots) -> str | None:
    """Words between the same two that do not point the same way."""
    others: dict[tuple[str, str], set[str]] = {}
    for left, role, right in there.links:
        others.setdefault((left, right), set()).add(role)
    for left, role, right in sorted(here.links):
        found = others.get((left, right), {role})
        if all(_are_apart(role, other) for other in found):
            return f"{left} {role} {right} / {left} {min(found)} {right}"
    return None


def _are_apart(role: str, other: str) -> bool:
    kinds = slot_words.KINDS_OF_ROLE
    return kinds.get(role, role) != kinds.get(other, other) and {role, other} != {"in", "into"}


def order_apart(here: Slots, there: Slots) -> str | None:
    """Who does it to whom."""
    if here.denied != there.denied:
        return f"not {' '.join(sorted(here.denied))} / not {' '.join(sorted(there.denied))}"
    for left, role, right in here.links:
        if role not in slot_words.JOINING and (right, role, left) in there.links:
            return f"{left} {role} {right} / {right} {role} {left}"
    return _inversion(here, there)


def _inversion(here: Slots, there: Slots) -> str | None:
    """Two that have changed places, where that may change what is asked."""
    if here.keys == there.keys:
        return None
    if len(here.keys) > KEYS_MAX:
        return "too long to be compared"
    at = {key: index for index, key in enumerate(there.keys)}
    for one, two in combinations(here.keys, 2):
        if at[one] > at[two] and _SYMMETRIC not in {one, two} and not _is_harmless(here, there, one, two):
            return f"{one} … {two} / {two} … {one}"
    return None


def _is_harmless(here: Slots, there: Slots, one: str, two: str) -> bool:
    """Each has kept its part, or both are in one list, or one is the other's, or of a word made of both."""
    parts = here.roles[one], here.roles[two]
    if parts[0] != parts[1] and parts == (there.roles[one], there.roles[two]):
        return True
    if _is_owned(here, there, one, two) or _is_owned(there, here, two, one):
        return True
    if _are_joined(here, one, two) or _are_joined(there, one, two):
        return True
    if here.owner and there.owner and here.persons != there.persons:  # `I sell my car` is not `my car sells`
        return False
    if {one, two} <= here.exact or "than" in here.keys:  # `bigger than Mars` is not what Mars is bigger than
        return False
    return _is_made_of(here, there, one, two) or _is_made_of(there, here, one, two)


def _is_made_of(made: Slots, apart: Slots, one: str, two: str) -> bool:
    """A `Python list` is a list in Python; but `are dogs pets` is not `are pets dogs`."""
    if made.dangling != apart.dangling:  # what it flows into is not what flows into it
        return False
    both = {(one, two), (two, one)}
    return not both.isdisjoint(made.compounds) and any((left, right) in both for left, _, right in apart.links)


def _are_joined(slots: Slots, one: str, two: str) -> bool:
    """`A and B` are `B and A`."""
    return any((one, role, two) in slots.links or (two, role, one) in slots.links for role in slot_words.JOINING)


def _is_owned(here: Slots, there: Slots, one: str, two: str) -> bool:
    """`the boss of Acme` is `Acme's boss`."""
    return (one, "of", two) in here.links and (two, slot_words.OWNING, one) in there.links
