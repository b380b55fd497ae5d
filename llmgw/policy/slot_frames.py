"""What stands around a question: it is taken off, but tells what is to be done with it.

`Could you please tell me …` asks to be told, `could you delete …` for a deed: no answer to the one is one to the other.
"""

import re

from llmgw.policy import slot_words
from llmgw.policy.slot_words import AFTER, BEFORE

FRAMES_MAX = 4  # `Hello, could you please tell me …`
_LETTERS = re.compile(r"[^\W\d_]+")


def framed(text: str) -> tuple[str, bool]:
    """The question itself, and whether there was nothing before it."""
    cut = AFTER.sub("", text)
    start = _frames(cut)
    if _is_addressed(text[len(cut) :]) and (start == 0 or _is_ours(cut[start:])):
        cut, start = text, _frames(text)
    return cut[start:], start == 0


def _is_addressed(rest: str) -> bool:
    """`to me`: belongs to what is around a question only if there is more of that, and the question is not of us."""
    return "me" in rest.lower().strip(" ?.!").split()


def _is_ours(text: str) -> bool:
    return not (slot_words.OURS | slot_words.SUBJECTS).isdisjoint(text.lower().split())


def task(question: str) -> str:
    """What is to be done with it, if the words around it say so: those for each are in `slot_words`."""
    around = question[: _frames(question)].lower().split()
    return next((name for name, words in slot_words.TASKS.items() if not words.isdisjoint(around)), "")


def is_deed(question: str) -> bool:
    """Whether the words around it ask that something be done, and not that something be told."""
    cut = AFTER.sub("", question.strip())
    around = _LETTERS.findall(cut[: _frames(cut)].lower())
    is_begged = "please" in question.strip()[len(cut) :].lower() or not slot_words.BEGGING.isdisjoint(around)
    return is_begged and slot_words.TELLING.isdisjoint(around)


def _frames(text: str) -> int:
    """Where the question itself begins."""
    start = 0
    for _ in range(FRAMES_MAX):
        found = BEFORE.match(text, start)
        if found is None or found.end() == len(text):
            break
        start = found.end()
    return start
