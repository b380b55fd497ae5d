"""What small verbs do in a question: which of them help another verb, and what is being done, or done to somebody.

`do` in `what does it do` is what is asked, in `what does it eat` it is only wording; and whoever is paid does not pay.
"""

from collections.abc import Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BE = _words("am is are was were be been being isn aren wasn weren")
_DO = frozenset({"do", "does"})
_HAVE = frozenset({"have", "has"})
_HELPING = _DO | _words("did can could may might should must shall will would don doesn didn")
_NO_VERB_AFTER = _words("a an the my our your this that these those any some no")
_ASKING = frozenset({"what", "who", "which"})
_SHORT_FOR_IS = "'s"
_BEFORE_IS = _words("what who where when how why it that there he she")
_PARTICIPLES = _words("""
    been beat beaten become begun bet bitten blown born borne bought bound bred broken brought built burnt burst cast
    caught chosen come cost cut dealt done drawn driven drunk dug eaten fallen fed felt fled flown forbidden forgotten
    fought found frozen given gone got gotten grown had heard held hidden hit hurt kept known laid led left lent let
    lost made meant met paid proven put quit read ridden risen run said seen sent set sewn shaken shot shown shut slain
    slept sold sought sown spent split spoken spread spun stolen stood struck stuck stung sung sunk sworn swept swum
    taken taught thought thrown told torn understood undergone withdrawn woken won worn woven written
    """)


def doer(words: Sequence[str]) -> str:
    """Whether it is asked who does it (`what depends on this`), or to whom (`what does this depend on`)."""
    if not words or words[0] not in _ASKING or words[1:2] == ["to"]:
        return ""
    helping = next((at for at, word in enumerate(words) if word in _DO), None)
    if helping is not None:  # of `which do not` either may be
        return "" if words[helping + 1 : helping + 2] == ["not"] else "to whom"
    return "who" if (BE | _HAVE | _HELPING | {_SHORT_FOR_IS}).isdisjoint(words) else ""


def main_verbs(words: Sequence[str]) -> frozenset[str]:
    """Of `do`, `have`, `need` and `be` those that help no other verb: to be a doctor is not to want one."""
    return frozenset(
        kind
        for at, word in enumerate(words)
        for kind, is_one in (
            ("do", word in _DO and not (_HELPING | {"to"}).isdisjoint(words[:at])),
            ("have", word in _HAVE and at > 0 and _is_had(words[at + 1 : at + 2])),
            ("be", word == "be" and words[max(at - 1, 0) : at] in ([], ["to"]) and _is_had(words[at + 1 : at + 2])),
            ("need", word == "need" and words[at + 1 : at + 2] != ["to"]),
        )
        if is_one
    )


def is_undergone(words: Sequence[str], at: int) -> bool:
    """`are hired`, `has been paid`: the one who is spoken of does not do it."""
    return _is_participle(words[at]) and _is_after_be(words, at)


def is_going_on(words: Sequence[str], at: int) -> bool:
    """`is it raining`: asks for now, and `does it rain` for ever."""
    return words[at].endswith("ing") and _is_after_be(words, at)


def _is_had(after: Sequence[str]) -> bool:
    return not after or not (after[0] in {"to", "not"} or _is_participle(after[0]))


def _is_participle(word: str) -> bool:
    return word.endswith("ed") or word in _PARTICIPLES


def _is_after_be(words: Sequence[str], at: int) -> bool:
    """Unless it is a thing: `is this the training`."""
    if at == 0 or words[at - 1] in _NO_VERB_AFTER:
        return False
    return not BE.isdisjoint(words[:at]) or any(
        word in _BEFORE_IS and words[index + 1] == _SHORT_FOR_IS for index, word in enumerate(words[: at - 1])
    )
