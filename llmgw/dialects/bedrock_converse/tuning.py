"""How the next token is chosen, how much to think, and in what form to answer: some of it in the model's own fields."""

from typing import Any

import msgspec

from llmgw.chat.claude.sampling import TEMPERATURE_MAX, write_sampling, write_stop
from llmgw.chat.claude.schemas import closed
from llmgw.chat.claude.thinking import NOT_AT_ALL, below, write_effort
from llmgw.chat.conversation import Conversation, Effort, ResponseFormat
from llmgw.dialects.bedrock_converse import models

_LEVELS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
_BUDGETS = ((1024, "low"), (4096, "medium"))  # tokens, and the word that they are as good as
_SCHEMA_NAME = "answer"

Fields = dict[str, Any]


def write_tuning(conversation: Conversation, model: str, unsaid: list[str]) -> tuple[Fields, Fields]:
    """`inferenceConfig`, and the model's own fields."""
    if models.is_claude(model):
        return _of_claude(conversation, model, unsaid)
    config = _config(conversation, unsaid)
    own = _effort(conversation.effort, model, config)
    if own is None:
        unsaid.append("reasoning_effort")
    return config, {**(own or {}), **_top_k(conversation.sampling.top_k, model, unsaid)}


def _of_claude(conversation: Conversation, model: str, unsaid: list[str]) -> tuple[Fields, Fields]:
    """Without a cap Bedrock takes the highest, and any budget fits below."""
    thinking, effort = write_effort(conversation, model)
    cap = conversation.max_tokens
    if cap is not None:
        thinking = below(cap, thinking)
    asks = _asks(conversation.effort)
    if (asks and not thinking) or (effort and not asks):
        unsaid.append("reasoning_effort")
    told = write_sampling(conversation.sampling, model, unsaid, thinks=asks and bool(thinking))
    config = {
        "maxTokens": cap,
        "temperature": told.get("temperature"),
        "topP": told.get("top_p"),
        "stopSequences": write_stop(conversation.stop, unsaid),
    }
    output = {"effort": effort} if effort else None
    return _there(config), _there({"thinking": thinking, "output_config": output, "top_k": told.get("top_k")})


def _config(conversation: Conversation, unsaid: list[str]) -> Fields:
    sampling = conversation.sampling
    temperature = sampling.temperature
    if temperature is not None and temperature > TEMPERATURE_MAX:
        unsaid.append("temperature")
        temperature = TEMPERATURE_MAX
    stop = [text for text in conversation.stop if text] or None
    config = {"maxTokens": conversation.max_tokens, "temperature": temperature, "topP": sampling.top_p}
    return _there({**config, "stopSequences": stop})


def _effort(effort: Effort | None, model: str, config: Fields) -> Fields | None:
    """None: the model has no way to be told."""
    if effort is None or not _asks(effort):
        return {}
    level = _LEVELS.get(effort.level, "medium")
    if effort.budget_tokens is not None:
        level = next((word for budget, word in _BUDGETS if effort.budget_tokens <= budget), "high")
    if models.is_gpt(model):
        return {"reasoning_effort": level}
    if not models.is_nova_2(model):
        return None
    if level == "high" and config.keys() & {"maxTokens", "temperature", "topP"}:
        level = "medium"  # with most of it Nova takes none of them
    return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}}


def _top_k(top_k: int | None, model: str, unsaid: list[str]) -> Fields:
    if top_k is None:
        return {}
    if models.is_nova(model):
        return {"inferenceConfig": {"topK": top_k}}
    unsaid.append("top_k")
    return {}


def write_format(form: ResponseFormat | None, model: str, unsaid: list[str]) -> Fields | None:
    """`outputConfig`. JSON of any kind has no word here."""
    if form is None:
        return None
    if form.schema is None or not models.takes_schema(model):
        unsaid.append("response_format")
        return None
    schema = {"name": form.name or _SCHEMA_NAME, "schema": msgspec.json.encode(closed(form.schema)).decode()}
    if form.description:
        schema["description"] = form.description
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}


def _asks(effort: Effort | None) -> bool:
    return effort is not None and effort.level != NOT_AT_ALL


def _there(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}
