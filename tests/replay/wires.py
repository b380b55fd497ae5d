"""Which recordings are replayed: the wires of chat, the dialect of each, and who reads it naively.

A dialect that the catalogue does not know yet has no tests here; as soon as a row speaks it, its recordings are
replayed without another line.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from random import Random
from typing import Any, Protocol

import pytest

from llmgw.providers.catalog import DIALECTS, Provider, rows
from tests.conformance.traffic import OPEN, REPORTED, Recording, recordings
from tests.replay.folds import (
    anthropic_messages,
    bedrock_converse,
    cohere_chat,
    gemini_generate,
    gemini_interactions,
    ollama_chat,
    openai_chat,
    openai_completions,
    openai_responses,
    texts,
)
from tests.replay.frames import Frame, frames_of
from tests.replay.told import Told

SEED = 20  # of the choice for the quick suite


class Caller(Protocol):
    """Whoever asks in some dialect."""

    @property
    def dialect(self) -> str: ...


class Fold(Protocol):
    """Reads a dialect naively: a stream's frames, or an answer at once."""

    def fold(self, frames: Sequence[Frame]) -> Told: ...

    def read(self, body: Any) -> Told: ...


DIALECT_OF: Mapping[str, str] = {
    "openai.chat": "openai_chat",
    "openai.responses": "openai_responses",
    "openai.completions": "openai_completions",
    "anthropic.messages": "anthropic_messages",
    "gemini.generateContent": "gemini_generate",
    "gemini.streamGenerateContent": "gemini_generate",
    "bedrock.converse": "bedrock_converse",
    "bedrock.converse-stream": "bedrock_converse",
    "bedrock.invoke": "bedrock_invoke",
    "bedrock.invoke-with-response-stream": "bedrock_invoke",
    "cohere.v2.chat": "cohere_chat",
    "ollama.chat": "ollama_chat",
    "ollama.generate": "ollama_generate",
    "anthropic.complete": "anthropic_complete",
    "cohere.v1.chat": "cohere_chat_v1",
    "cohere.v1.generate": "cohere_generate_v1",
    "gemini.interactions": "gemini_interactions",
    "hf.text_generation": "hf_text_generation",
    "sagemaker.invocations": "hf_text_generation",
    "watsonx.text": "watsonx_text",
    "replicate.predictions": "replicate_predictions",
    "writer.chat": "openai_chat",
}
FOLDS: Mapping[str, Fold] = {
    "openai_chat": openai_chat,
    "openai_responses": openai_responses,
    "openai_completions": openai_completions,
    "anthropic_messages": anthropic_messages,
    "gemini_generate": gemini_generate,
    "bedrock_converse": bedrock_converse,
    "bedrock_invoke": anthropic_messages,
    "cohere_chat": cohere_chat,
    "ollama_chat": ollama_chat,
    "gemini_interactions": gemini_interactions,
    **dict.fromkeys(
        (
            *("ollama_generate", "anthropic_complete", "cohere_chat_v1", "cohere_generate_v1"),
            *("hf_text_generation", "watsonx_text", "replicate_predictions"),
        ),
        texts,
    ),
}
USUAL_ROWS = ("openai", "anthropic", "gemini", "bedrock", "cohere", "ollama")
PROSE_FOR_BYTES = {"reported-bedrock-12"}  # its body describes a frame; the test of errors in streams has the frame


@cache
def row_for(dialect: str, caller: str) -> Provider:
    """A provider to whom the gateway speaks this dialect when the caller speaks that: a plain one, if there are many.

    Between equal dialects it may be a second one of the provider; else it must not also speak the caller's own. For a
    dialect in which no provider of the catalogue is asked there is a row of our own.
    """
    fit = [row for row in rows() if _is_spoken_to(row, dialect, caller) and not row.simulated]
    order = {name: place for place, name in enumerate(USUAL_ROWS)}
    return min(
        fit,
        key=lambda row: (order.get(row.name, len(order)), not row.takes_stream_options, len(row.unsupported)),
        default=Provider(name=f"own-{dialect}", dialect=dialect, chat_path="/own"),
    )


def _is_spoken_to(row: Provider, dialect: str, caller: str) -> bool:
    if dialect == caller:
        return dialect in (row.dialect, *row.also)
    return row.dialect == dialect and caller not in row.also


def is_replayed(recording: Recording) -> bool:
    if DIALECT_OF.get(recording["wire"], "") not in DIALECTS or recording["id"] in PROSE_FOR_BYTES:
        return False
    if recording["wire"] == "replicate.predictions" and recording["status"] < 400:
        return False  # a prediction is fetched from an address of its own, which the answer to a call names
    return recording.get("response_body") != ""


def is_claudes(recording: Recording) -> bool:
    """InvokeModel hands through the dialect of each model's vendor."""
    return isinstance(recording.get("request_body"), dict) and "anthropic_version" in recording["request_body"]


@cache
def replayed() -> tuple[Recording, ...]:
    return tuple(recording for recording in recordings(REPORTED) if is_replayed(recording))


def dialect_of(recording: Recording) -> str:
    """As its wire says, but for what Cohere answers where it is compatible with OpenAI."""
    is_compatible = "/compatibility/" in (recording.get("url_path") or "")
    return "openai_chat" if is_compatible else DIALECT_OF[recording["wire"]]


def fold_of(recording: Recording) -> Fold:
    if dialect_of(recording) == "bedrock_invoke" and not is_claudes(recording):
        return texts
    return FOLDS[dialect_of(recording)]


def body_of(recording: Recording) -> bytes:
    packed = recording.get("response_body_base64")
    return base64.b64decode(packed) if packed else str(recording["response_body"]).encode()


def frames(recording: Recording) -> list[Frame]:
    return frames_of(body_of(recording), recording["stream_format"])


def told_of(recording: Recording) -> Told:
    """What it says, read naively."""
    fold = fold_of(recording)
    return fold.fold(frames(recording)) if recording["streaming"] else fold.read(json.loads(body_of(recording)))


@cache
def good(*, streaming: bool) -> tuple[Recording, ...]:
    """Answers and streams that end well."""
    found = (one for one in replayed() if one["status"] == 200 and one["streaming"] is streaming)
    return tuple(one for one in found if not streaming or not told_of(one).error)


@cache
def broken() -> tuple[Recording, ...]:
    """Streams that a provider's error ends."""
    found = (one for one in replayed() if one["status"] == 200 and one["streaming"])
    return tuple(one for one in found if told_of(one).error)


@cache
def refused() -> tuple[Recording, ...]:
    return tuple(one for one in replayed() if one["status"] >= 400)


def each(chosen: Sequence[Recording], per_wire: int = 1000) -> pytest.MarkDecorator:
    """A test per recording. Of each wire so many are quick: those that together show the most; the rest is slow."""
    quick = set(_sample(chosen, per_wire))
    return pytest.mark.parametrize("recording", [_param(one, one["id"] in quick) for one in chosen])


def each_crossing(chosen: Sequence[Recording], callers: Sequence[Caller], per_wire: int = 1000) -> pytest.MarkDecorator:
    """A test per recording and caller who speaks another dialect, of those for whom there is a way."""
    return _each(chosen, callers, per_wire, lambda one, caller: caller.dialect != dialect_of(one))


def each_pair(chosen: Sequence[Recording], callers: Sequence[Caller], per_wire: int = 1000) -> pytest.MarkDecorator:
    """A test per recording and caller, of the same dialect too."""
    return _each(chosen, callers, per_wire, lambda _one, _caller: True)


def _each(
    chosen: Sequence[Recording],
    callers: Sequence[Caller],
    per_wire: int,
    is_wanted: Callable[[Recording, Caller], bool],
) -> pytest.MarkDecorator:
    quick = set(_sample(chosen, per_wire))
    pairs = [
        _param(one, one["id"] in quick, caller)
        for one in chosen
        for caller in callers
        if is_wanted(one, caller) and can_be_answered(one, caller)
    ]
    return pytest.mark.parametrize(("recording", "caller"), pairs)


def can_be_answered(recording: Recording, caller: Caller) -> bool:
    """Who speaks Claude's dialect gets what InvokeModel says as it is: no answer of another vendor could come."""
    is_invoke = dialect_of(recording) == "bedrock_invoke" and recording["status"] == 200
    return not is_invoke or is_claudes(recording) or caller.dialect != "anthropic_messages"


def _param(recording: Recording, is_quick: bool, *callers: Caller) -> Any:
    id_ = "-".join([recording["id"], *(caller.dialect for caller in callers)])
    return pytest.param(recording, *callers, id=id_, marks=() if is_quick else pytest.mark.slow)


def a_few(chosen: Sequence[Recording], per_wire: int) -> list[Recording]:
    """Of each wire those that together show the most."""
    sample = set(_sample(chosen, per_wire))
    return [one for one in chosen if one["id"] in sample]


def _sample(chosen: Sequence[Recording], per_wire: int) -> list[str]:
    """Of each wire, again and again the one that adds the most features; the dice break ties, the same every time."""
    sample = []
    for wire in sorted({one["wire"] for one in chosen}):
        left = [one for one in chosen if one["wire"] == wire]
        Random(SEED).shuffle(left)
        seen: set[str] = set()
        for _ in range(min(per_wire, len(left))):
            best = max(left, key=lambda one: len(_features(one) - seen))
            left.remove(best)
            seen |= _features(best)
            sample.append(best["id"])
    return sample


def _features(recording: Recording) -> set[str]:
    return {tag for tag in recording.get("features", ()) if not tag.startswith("req.")} | {recording["provider"]}


there = pytest.mark.skipif(
    not OPEN.is_dir(), reason=f"NO RECORDINGS at {OPEN}: replay of real traffic is NOT tested (set LLMGW_TRAFFIC)"
)
