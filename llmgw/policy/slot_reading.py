"""What of a question counts, and the part that each thing plays in it: who, to whom, whose, which, not what.

Only what was said is read here; whether two questions agree is for `slots` to say.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from llmgw.policy import slot_words
from llmgw.policy.slot_frames import is_deed, task
from llmgw.policy.slot_tokens import Token, tokens
from llmgw.policy.slot_verbs import BE, doer, is_going_on, is_undergone, main_verbs

READ_MAX = 1024  # questions whose slots are remembered: the one that is asked is compared with several
_MODAL = {"could": "can", "might": "may", "must": "should", "would": ""}
_LINKING = slot_words.ROLES | slot_words.JOINING | {slot_words.OWNING}


@dataclass(frozen=True, slots=True)
class Slots:
    """Of one question. `keys` in their order, each once; `roles` the little words before each (`to` in `to Rome`)."""

    keys: tuple[str, ...]
    exact: frozenset[str]
    again: tuple[str, ...]  # what is there more than once
    roles: Mapping[str, str]
    links: frozenset[tuple[str, str, str]]  # what stands on both sides of a little word
    dangling: str  # the little word at the end
    compounds: frozenset[tuple[str, str]]  # what stands together without any
    denied: frozenset[str]  # what follows a `not`
    negations: int
    owner: str  # whose: ours, yours, nobody's
    speaker: str  # who comes first, if both of us are in it
    persons: frozenset[str]  # i, we, you, me, us, and `i am`: what I am is not what I do
    doing: frozenset[str]  # what follows an `I`
    determiners: Mapping[str, str]  # `a`, `my`, `this` by what follows it
    verbs: frozenset[str]  # do, have, need, where they help no other one
    undergone: frozenset[str]  # what is done to somebody
    going_on: frozenset[str]  # and what is being done
    asked: str  # how, or what
    is_deed: bool  # please do it
    is_told: bool  # I did it
    doer: str  # whether who does it is asked for
    first: str  # word
    modal: str  # can, may, should, must: the first one
    names: frozenset[str]  # with a large letter where a word has none
    small: frozenset[str]  # without one, where somebody writes with them
    task: str


@lru_cache(READ_MAX)
def read(question: str) -> Slots:
    """What of a question counts."""
    found = tokens(question)
    words = [token.word for token in found]
    return Slots(
        keys=tuple(dict.fromkeys(token.key for token in found if token.key)),
        exact=frozenset(token.key for token in found if token.exact),
        again=tuple(sorted(_again(found))),
        roles=dict(_roles(found)),
        links=frozenset(_links(found)),
        dangling=words[-1] if words and words[-1] in slot_words.ROLES else "",
        compounds=frozenset((one.key, two.key) for one, two in pairwise(found) if one.key and two.key),
        denied=frozenset(_denied(found)),
        negations=sum(token.key == "not" for token in found),
        owner=_one_of(words, slot_words.OURS, slot_words.YOURS),
        speaker=_first_of(words),
        persons=frozenset(_persons(found)),
        doing=frozenset(_doing(found)),
        determiners=dict(_determiners(found)),
        verbs=main_verbs(words),
        undergone=frozenset(token.key for at, token in enumerate(found) if is_undergone(words, at)),
        going_on=frozenset(token.key for at, token in enumerate(found) if is_going_on(words, at)),
        asked=next((slot_words.ASKED[word] for word in words if word in slot_words.ASKED), ""),
        is_deed=is_deed(question),
        is_told=_is_told(words),
        doer=doer(words),
        first=words[0] if words else "",
        modal=_modal(words),
        names=frozenset(token.key for token in found if token.exact and token.said[:1].isupper()),
        small=frozenset(_small(found) if question[:1].isupper() else ()),
        task=task(question),
    )


def _roles(found: Sequence[Token]) -> Iterator[tuple[str, str]]:
    role = ""
    for token in found:
        if token.key:
            yield token.key, role
            role = ""
        elif token.word in slot_words.ROLES:
            role = token.word


def _again(found: Sequence[Token]) -> Iterator[str]:
    counted = Counter(token.key for token in found if token.key)
    return (f"{count} {key}" for key, count in counted.items() if count > 1)


def _links(found: Sequence[Token]) -> Iterator[tuple[str, str, str]]:
    left, role = "", ""
    for token in found:
        if token.key:
            if left and role:
                yield left, role, token.key
            left, role = token.key, ""
        elif token.word in _LINKING:
            role = token.word
        elif token.word in BE and not role:
            role = "is"


def _denied(found: Sequence[Token]) -> Iterator[str]:
    for at, token in enumerate(found):
        if token.key == "not":
            yield next((later.key for later in found[at + 1 :] if later.key), "")


def _small(found: Sequence[Token]) -> Iterator[str]:
    return (token.key for token in found if token.key and token.said[:1].islower())


def _persons(found: Sequence[Token]) -> Iterator[str]:
    for at, token in enumerate(found):
        if token.key or token.word not in slot_words.SUBJECTS | slot_words.OBJECTS:
            continue
        around = {near.word for near in found[max(at - 1, 0) : at + 3]}
        is_done_to = not slot_words.BEING.isdisjoint(around)
        yield f"{token.word} am" if is_done_to and token.word in {"i", "we"} else token.word


def _doing(found: Sequence[Token]) -> Iterator[str]:
    for at, token in enumerate(found):
        if not token.key and token.word in {"i", "we"}:
            yield next((later.key for later in found[at + 1 :] if later.key), "")


def _determiners(found: Sequence[Token]) -> Iterator[tuple[str, str]]:
    determiner = ""
    for token in found:
        if token.key:
            yield token.key, determiner
            determiner = ""
        else:
            determiner = slot_words.DETERMINERS.get(token.word, determiner)
    yield "", determiner


def _modal(words: Sequence[str]) -> str:
    """`how can I` and `how should I` ask for a way, `how long can I` and `how long should I` for two times."""
    if words[:1] == ["how"] and slot_words.WORDING.issuperset(words[1:2]):
        return ""
    return next((_MODAL.get(word, word) for word in words if word in slot_words.MODALS), "")


def _is_told(words: Sequence[str]) -> bool:
    """Nothing is asked for."""
    return not slot_words.TOLD.isdisjoint(words[:1]) and slot_words.ASKING.isdisjoint(words)


def _one_of(words: Sequence[str], ours: frozenset[str], yours: frozenset[str]) -> str:
    if ours.isdisjoint(words):
        return "" if yours.isdisjoint(words) else "your"
    return "my" if yours.isdisjoint(words) else "both"


def _first_of(words: Sequence[str]) -> str:
    if slot_words.FIRST.isdisjoint(words) or slot_words.SECOND.isdisjoint(words):
        return ""
    return "me" if next(word for word in words if word in slot_words.FIRST | slot_words.SECOND) != "you" else "you"
