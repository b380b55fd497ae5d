"""Whether two questions ask for the same: what in them is not mere wording must agree, and play the same part.

Vectors of "weather on 3 May" and "weather on 4 May" are nearly one. So numbers, dates, names, code, negations and all
words that are not known to be wording are compared one by one; where one could stand for another, who does it to whom
must be the same. What is doubtful is not the same: that costs an answer, the other would be a wrong one.
"""

from llmgw.policy import slot_words
from llmgw.policy.slot_forms import left, paired, renamed
from llmgw.policy.slot_order import order_apart, role_apart
from llmgw.policy.slot_reading import Slots, read
from llmgw.policy.slot_signs import signs_apart

QUESTION_CHARS_MAX = 1000  # longer ones are texts: nobody can say what in them matters
_HAVING = frozenset({"of", "in", "on", slot_words.OWNING})


def difference(one: str, other: str) -> str | None:
    """What they do not agree in, in words; None: they ask for the same."""
    if one == other:
        return None
    if max(len(one), len(other)) > QUESTION_CHARS_MAX:
        return "too long to be compared"
    if (signs := signs_apart(one, other)) is not None:
        return signs
    here, there = read(one), read(other)
    pairs = paired(here, there)
    if pairs is None:
        return _told(here, there)
    going_on = (there.going_on & pairs.keys()) | (here.going_on & set(pairs.values()))
    if going_on:
        return f"now {', '.join(sorted(going_on))} / ever"
    there = renamed(there, pairs)
    return (
        _act(here, there)
        or _part(here, there)
        or _verb(here, there)
        or _person(here, there)
        or _which(here, there)
        or role_apart(here, there)
        or order_apart(here, there)
    )


def _told(here: Slots, there: Slots) -> str:
    mine, others = left(here, there)
    sides = [", ".join(key or "nothing" for key in side[:3]) for side in (mine, others)]
    return " / ".join(side or "nothing" for side in sides)


def _act(here: Slots, there: Slots) -> str | None:
    """Who wants it done, or has done it, does not ask how; `I want to do it` may be either."""
    if here.is_told != there.is_told:
        return "told / asked"
    for deed, other in ((here, there), (there, here)):
        if deed.is_deed and not deed.asked and other.asked == "how":
            return "to be done / how"
    return None


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
    undergone = here.undergone ^ there.undergone
    return f"{min(undergone)} / is {min(undergone)}" if undergone else None


def _is_had(here: Slots, there: Slots) -> bool:
    """What bananas have are things in bananas."""
    if here.verbs == there.verbs:
        return True
    has, is_in = (here, there) if "have" in here.verbs else (there, here)
    return here.verbs ^ there.verbs == {"have"} and any(role in _HAVING for _, role, _ in is_in.links - has.links)


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
        if word != other and ((word and other) or {word, other} & slot_words.OWNERS):
            return f"{word} {key} / {other} {key}"
    for key in (here.names & there.small) | (there.names & here.small):
        return f"the name {key} / {key}"
    return None
