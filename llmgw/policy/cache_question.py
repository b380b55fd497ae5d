"""The question of a request: the text of its last turn, if that is the user's and nothing but text, and all the rest.

What is left is the context, with the caller's own shape and every field that we do not know: a question is only ever
like another one in the very same context.
"""

from typing import Any, NamedTuple

QUESTION_CHARS_MAX = 8192  # of a longer one no vector says all
_TEXTS = frozenset({"text", "input_text"})
# By dialect: the field with the turns, and that of a turn with what it says. A completion has none: of a text that is
# to be gone on with every letter counts.
_PLACES = {
    "openai_chat": ("messages", "content"),
    "anthropic_messages": ("messages", "content"),
    "openai_responses": ("input", "content"),
    "gemini_generate": ("contents", "parts"),
}


class Asked(NamedTuple):
    """`context` is the body with nothing where the question stood."""

    question: str
    context: dict[str, Any]


def cut(dialect: str, body: dict[str, Any]) -> Asked | None:
    """None: there is no question that could be said in other words."""
    place = _PLACES.get(dialect)
    if place is None:
        return None
    turns, content = place
    found = _of_turns(body.get(turns), content)
    if found is None:
        return None
    question, rest = found
    if not question.strip() or len(question) > QUESTION_CHARS_MAX:
        return None
    return Asked(question, {**body, turns: rest})


def _of_turns(turns: Any, content: str) -> tuple[str, Any] | None:
    if isinstance(turns, str):
        return turns, None
    if not isinstance(turns, list) or not turns or not isinstance(turns[-1], dict):
        return None
    last = turns[-1]
    if last.get("role") != "user" or last.get("type", "message") != "message":
        return None
    found = _of_content(last.get(content))
    if found is None:
        return None
    question, rest = found
    return question, [*turns[:-1], {**last, content: rest}]


def _of_content(content: Any) -> tuple[str, Any] | None:
    if isinstance(content, str):
        return content, None
    if not isinstance(content, list) or not content or not all(map(_is_text, content)):
        return None
    return "\n".join(part["text"] for part in content), [{**part, "text": None} for part in content]


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str) and part.get("type", "text") in _TEXTS
