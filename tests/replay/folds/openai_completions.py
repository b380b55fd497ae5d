"""The legacy completions of OpenAI, folded: text and nothing else."""

from collections.abc import Sequence
from typing import Any

from tests.replay.folds.openai_chat import FINISHES, count
from tests.replay.frames import Frame
from tests.replay.told import STOP, Told


def fold(frames: Sequence[Frame]) -> Told:
    told = Told()
    for frame in frames:
        told.is_whole = told.is_whole or frame.is_done
        if isinstance(frame.data, dict):
            _take(told, frame.data)
        if told.error:
            break
    return _ended(told)


def read(body: Any) -> Told:
    told = Told(is_whole=True)
    _take(told, body)
    return _ended(told)


def _take(told: Told, chunk: dict[str, Any]) -> None:
    if chunk.get("error"):
        told.error = chunk["error"].get("message") or str(chunk["error"])
    told.usage = count(chunk.get("usage")) or told.usage
    for choice in chunk.get("choices") or []:
        if not choice.get("index"):
            told.text += choice.get("text") or ""
            told.finish = told.finish or choice.get("finish_reason") or ""


def _ended(told: Told) -> Told:
    told.is_whole = (told.is_whole or bool(told.finish)) and not told.error
    if told.is_whole:
        told.finish = FINISHES.get(told.finish, STOP)
    return told
