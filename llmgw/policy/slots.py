"""Whether two questions ask for the same: what in them is not mere wording must agree, and play the same part.

Vectors of "weather on 3 May" and "weather on 4 May" are nearly one. So numbers, dates, names, code, negations and all
words that are not known to be wording are compared one by one; where one could stand for another, who does it to whom
must be the same. What is doubtful is not the same: that costs an answer, the other would be a wrong one.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

from llmgw.policy import slot_words
from llmgw.policy.slot_reading import Slots, read

QUESTION_CHARS_MAX = 1000  # longer ones are texts: nobody can say what in them matters
KEYS_MAX = 64  # whose order is looked at
_SUFFIXES = frozenset({"s", "es", "ing"})  # whoever has hired does not hire; what is late is not so lately
_STEM_CHARS_MIN = 3
_SYMMETRIC = "differ"  # `how do A and B differ` is `the difference between A and B`
_HAVING = frozenset({"of", "in", "on", slot_words.OWNING})


def difference(one: str, other: str) -> str | None:
    """What they do not agree in, in words; None: they ask for the same."""
    if one == other:
        return None
    if max(len(one), len(other)) > QUESTION_CHARS_MAX:
        return "too long to be compared"
    here, there = read(one), read(other)
    pairs = _paired(here, there)
    if pairs is None:
        return _told(here, there)
    going_on = (there.going_on & pairs.keys()) | (here.going_on & set(pairs.values()))
    if going_on:
        return f"now {', '.join(sorted(going_on))} / ever"
    there = _renamed(there, pairs)
    return (
        _part(here, there)
        or _verb(here, there)
        or _person(here, there)
        or _which(here, there)
        or _role(here, there)
        or _order(here, there)
    )


def _paired(here: Slots, there: Slots) -> dict[str, str] | None:
    """Words of `there` that are other forms of words of `here`; None: some have no counterpart."""
    mine, others = _left(here, there)
    pairs = {}
    for key in mine:
        form = next((word for word in others if _are_forms(key, word)), None)
        if form is None:
            return None
        pairs[form] = key
        others.remove(form)
    return None if others else pairs


def _left(here: Slots, there: Slots) -> tuple[list[str], list[str]]:
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


def _renamed(slots: Slots, pairs: Mapping[str, str]) -> Slots:
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


def _told(here: Slots, there: Slots) -> str:
    mine, others = _left(here, there)
    sides = [", ".join(key or "nothing" for key in side[:3]) for side in (mine, others)]
    return " / ".join(side or "nothing" for side in sides)


def _part(here: Slots, there: Slots) -> str | None:
    """Negations, whose it is, and what is to be done."""
    if here.task and there.task and here.task != there.task:
        return f"{here.task} / {there.task}"
    if here.again != there.again:
        return f"{', '.join(here.again) or 'once'} / {', '.join(there.again) or 'once'}"
    if here.negations != there.negations:
        return "not / nothing"
    if here.owner and there.owner and here.owner != there.owner:
        return f"{here.owner} / {there.owner}"
    return "I / you" if here.speaker and there.speaker and here.speaker != there.speaker else None


def _verb(here: Slots, there: Slots) -> str | None:
    """How or what, what it does or has, and who does it."""
    if here.asked and there.asked and here.asked != there.asked:
        return f"{here.asked} / {there.asked}"
    if here.doer and there.doer and here.doer != there.doer:
        return f"{here.doer} / {there.doer}"
    if not (_is_had(here, there) or _is_explained(here, there)):
        return f"{' '.join(sorted(here.verbs)) or 'nothing'} / {' '.join(sorted(there.verbs)) or 'nothing'}"
    for key in here.undergone ^ there.undergone:
        return f"{key} / is {key}"
    return None


def _is_had(here: Slots, there: Slots) -> bool:
    """What bananas have are things in bananas."""
    if here.verbs == there.verbs:
        return True
    has, is_in = (here, there) if "have" in here.verbs else (there, here)
    return has.verbs - is_in.verbs == {"have"} and any(role in _HAVING for _, role, _ in is_in.links - has.links)


def _is_explained(here: Slots, there: Slots) -> bool:
    """Who explains a thing says what it does."""
    return "explain" in {here.task, there.task} and here.verbs ^ there.verbs == {"do"}


def _person(here: Slots, there: Slots) -> str | None:
    """Which of us does it, and what."""
    told = f"{' '.join(sorted(here.persons))} / {' '.join(sorted(there.persons))}"
    if here.persons - slot_words.SUBJECTS != there.persons - slot_words.SUBJECTS:
        return told
    mine, others = here.persons & slot_words.SUBJECTS, there.persons & slot_words.SUBJECTS
    if mine and others and mine.isdisjoint(others):
        return told
    if here.doing and there.doing and here.doing.isdisjoint(there.doing):
        return f"I {' '.join(sorted(here.doing))} / I {' '.join(sorted(there.doing))}"
    if here.modal and there.modal and here.modal != there.modal:
        return f"{here.modal} / {there.modal}"
    return None


def _which(here: Slots, there: Slots) -> str | None:
    """Whose or which one, and whether a word is a name."""
    for key, word in here.determiners.items():
        other = there.determiners.get(key, "")
        if word != other and ((word and other) or "my" in {word, other}):
            return f"{word} {key} / {other} {key}"
    for key in (here.names & there.small) | (there.names & here.small):
        return f"the name {key} / {key}"
    return None


def _role(here: Slots, there: Slots) -> str | None:
    """From and to, by and of."""
    for key, role in here.roles.items():
        other = there.roles.get(key, "")
        if _are_apart(role, other) and ((role and other) or "by" in {role, other}):
            return f"{role} {key} / {other} {key}"
        if role != other and role and other and (key[0].isdigit() or "on" in {role, other}):  # for, in, at five
            return f"{role} {key} / {other} {key}"
    others = {(left, right): role for left, role, right in there.links}
    for left, role, right in here.links:
        other = others.get((left, right), role)
        if _are_apart(role, other):
            return f"{left} {role} {right} / {left} {other} {right}"
    return None


def _are_apart(role: str, other: str) -> bool:
    kinds = slot_words.KINDS_OF_ROLE
    return kinds.get(role, role) != kinds.get(other, other) and {role, other} != {"in", "into"}


def _order(here: Slots, there: Slots) -> str | None:
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
