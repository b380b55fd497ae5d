"""Which answers may be kept: whole ones that a model ended of its own accord. What we do not know is not kept."""

import re
from dataclasses import dataclass

from llmgw.graph.cache_rules import CacheRule

# How dialects, and those who speak them with an accent, say that a model had no more to say; in lower case.
_ENDS = frozenset({"stop", "stop_sequence", "end_turn", "completed", "eos", "eos_token"})
_CALLS = frozenset({"tool_use", "tool_calls", "tool_call", "function_call"})
ENDED_UNKNOWN = "it ended with a word that is not known"
# In the path by which a target was reached. A name may look so too: then an answer is not kept, that is all.
ON_EXCEEDED = "/on_exceeded="
_BY_FALLBACK = re.compile(rf"/fallback\[[1-9]|{ON_EXCEEDED}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer that has come to its end, and how.

    `finishes` has a word for each of its choices: of the caller's dialect as `AnswerSign.finish` or `Sign.finish` has
    it, or a `Finish` of the hub. Calls and refusals are told beside, because some dialects end them with the usual
    word.
    """

    status: int
    finishes: tuple[str, ...]
    whole: bool = True  # no cut, no error in its midst, the end mark has come or was not needed
    calls_tools: bool = False
    refuses: bool = False
    ended_unknown: bool = False  # the hub has no word for how it ended
    path: str = ""  # by which its target was reached


def why_not(rule: CacheRule, choices: int, told: Told) -> str:
    """In a few words; empty if anybody may be given it again. `choices`: how many were asked for."""
    if not 200 <= told.status <= 299:
        return f"its status is {told.status}"
    if not told.whole:
        return "it is not whole"
    if told.refuses:
        return "it is a refusal"
    if not rule.keep_fallback and _BY_FALLBACK.search(told.path):
        return "it was reached by fallback"
    if len(told.finishes) < max(choices, 1):
        return "it does not say how it ended"
    why = next(filter(None, (_of_finish(word.lower(), rule, told) for word in told.finishes)), "")
    return why or (ENDED_UNKNOWN if told.ended_unknown else "")


def _of_finish(word: str, rule: CacheRule, told: Told) -> str:
    if (told.calls_tools or word in _CALLS) and not rule.keep_tool_calls:
        return "it calls tools"
    return "" if word in _ENDS or word in _CALLS else f"it ended with {word[:40]!r}"
