"""`generationConfig`: everything about an answer but what it answers (https://ai.google.dev/api/generate-content)."""

from typing import Any

import msgspec

from llmgw.chat.conversation import Conversation, ResponseFormat, Sampling
from llmgw.dialects.gemini_generate import models
from llmgw.dialects.gemini_generate.contents import listed
from llmgw.dialects.gemini_generate.schemas import json_schema
from llmgw.dialects.gemini_generate.thinking import ThinkingConfig, write_effort
from llmgw.dialects.gemini_generate.turns import Drop

NAME = "generationConfig"
JSON = "application/json"
_TEXT = "text/plain"


class Facts(msgspec.Struct, rename="camel"):
    """The settings that the gateway acts on."""

    max_output_tokens: int | None = None
    candidate_count: int | None = None
    response_mime_type: str | None = None
    response_schema: Any = None
    response_json_schema: Any = None

    @property
    def is_json(self) -> bool:
        """Told without reading a schema, which may be nested deeply."""
        has_schema = self.response_json_schema is not None or self.response_schema is not None
        return self.response_mime_type == JSON or has_schema

    @property
    def schema(self) -> Any:
        """As JSON Schema."""
        own = self.response_json_schema
        return json_schema(self.response_schema) if own is None else own


class Settings(Facts, rename="camel"):
    """Every setting with a word in the hub, and those that say something of the answer's form."""

    stop_sequences: str | list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    thinking_config: ThinkingConfig | None = None
    response_modalities: str | list[str | int] | None = None


_WORDS = frozenset(Settings.__struct_encode_fields__)
_TEXT_MODALITIES = ("TEXT", "text", 1)


def read_facts(told: Any) -> Facts:
    """`told` has its names in camelCase."""
    return msgspec.convert(told or {}, Facts, strict=False)


def read_settings(told: Any, beyond: list[str]) -> Settings:
    """`told` has its names in camelCase; `beyond` takes those of what has no word in the hub."""
    settings = msgspec.convert(told or {}, Settings, strict=False)
    beyond += [f"{NAME}.{name}" for name, value in (told or {}).items() if name not in _WORDS and value is not None]
    if any(one not in _TEXT_MODALITIES for one in listed(settings.response_modalities)):
        beyond.append(f"{NAME}.responseModalities")
    if settings.response_mime_type not in {None, "", JSON, _TEXT}:
        beyond.append(f"{NAME}.responseMimeType")
    return settings


def read_format(settings: Settings) -> ResponseFormat | None:
    return ResponseFormat(settings.schema) if settings.is_json else None


def read_sampling(settings: Settings) -> Sampling:
    return Sampling(
        temperature=settings.temperature,
        top_p=settings.top_p,
        top_k=settings.top_k,
        presence_penalty=settings.presence_penalty,
        frequency_penalty=settings.frequency_penalty,
        seed=settings.seed,
        logprobs=settings.logprobs or 0 if settings.response_logprobs else None,
    )


def write_settings(conversation: Conversation, model: str, drop: Drop) -> dict[str, Any]:
    """`drop` is told the name of what has a word in the hub and none here, or none that could be answered."""
    sampling = conversation.sampling
    if sampling.logprobs is not None:
        drop("logprobs")  # no answer that crosses can tell them
    if conversation.choices > 1:
        drop("n")  # nor more than one of several
    if sampling.logit_bias:
        drop("logit_bias")
    said = {
        "maxOutputTokens": conversation.max_tokens,
        "stopSequences": list(conversation.stop) or None,
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "topK": sampling.top_k,
        "presencePenalty": sampling.presence_penalty,
        "frequencyPenalty": sampling.frequency_penalty,
        "seed": sampling.seed,
        "thinkingConfig": write_effort(conversation.effort, model, drop),
        **_write_format(conversation, model, drop),
    }
    return {name: value for name, value in said.items() if value is not None}


def _write_format(conversation: Conversation, model: str, drop: Drop) -> dict[str, Any]:
    told = conversation.response_format
    if told is None:
        return {}
    if conversation.tools and not models.takes_schema_with_tools(model):
        drop("response_format")
        return {}
    return {"responseMimeType": JSON, "responseJsonSchema": told.schema}
