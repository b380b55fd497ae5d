"""`client.messages` of Anthropic's SDK."""

import json
from typing import Any

import anthropic

from tests.matrix.words import (
    EVENT_SCHEMA,
    FILTER,
    LENGTH,
    PNG,
    STOP,
    SYSTEM,
    TOOL,
    TOOLS,
    WEATHER_SCHEMA,
    Ask,
    Call,
    Failure,
    Seen,
)

NAME = "anthropic_messages"
FINISHES = {"end_turn": STOP, "stop_sequence": STOP, "max_tokens": LENGTH, "tool_use": TOOLS, "refusal": FILTER}
WEATHER = {"name": TOOL, "description": "The weather", "input_schema": WEATHER_SCHEMA}


class AnthropicMessages:
    """One client for all cells."""

    def __init__(self, url: str) -> None:
        self._sdk = anthropic.AsyncAnthropic(base_url=url, api_key="sk-caller", max_retries=0)

    async def close(self) -> None:
        await self._sdk.close()

    async def ask(self, model: str, ask: Ask) -> Seen:
        seen = Seen()
        body: Any = {"model": model, "system": SYSTEM, "messages": messages(ask), **options(ask)}
        try:
            if ask.stream:
                async with self._sdk.messages.stream(**body) as stream:
                    seen.dropped = stream.response.headers.get("x-llmgw-dropped", "")
                    async for event in stream:
                        _take(seen, event)
                    _whole(seen, await stream.get_final_message())
            else:
                raw = await self._sdk.messages.with_raw_response.create(**body)
                seen.dropped = raw.headers.get("x-llmgw-dropped", "")
                _whole(seen, await raw.parse())
        except anthropic.APIError as error:
            seen.failure = Failure(type(error).__name__, getattr(error, "status_code", None), str(error))
        return seen


def _take(seen: Seen, event: Any) -> None:
    """Until the end the user has what came so far."""
    if event.type == "text":
        seen.pieces += 1
        seen.text += event.text


def _whole(seen: Seen, message: Any) -> None:
    seen.text = "".join(block.text for block in message.content if block.type == "text")
    seen.thoughts = "".join(block.thinking for block in message.content if block.type == "thinking")
    seen.calls = [Call(block.id, block.input, block.name) for block in message.content if block.type == "tool_use"]
    seen.finish = FINISHES[message.stop_reason]
    usage = message.usage
    read = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    seen.usage = (usage.input_tokens + read, usage.output_tokens)
    content = [
        json.loads(block.model_dump_json(exclude_none=True, exclude={"parsed_output"})) for block in message.content
    ]
    seen.reply = {"role": "assistant", "content": content}


def messages(ask: Ask) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = [{"type": "text", "text": ask.prompt}]
    if ask.image:
        said.append({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}})
    turns: list[dict[str, Any]] = [{"role": "user", "content": said}]
    if ask.after is not None:
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": result}
            for call, result in zip(ask.after.calls, ask.results, strict=True)
        ]
        turns += [ask.after.reply, {"role": "user", "content": results or "Go on"}]
    return turns


def options(ask: Ask) -> dict[str, Any]:
    told: dict[str, Any] = {
        "max_tokens": ask.max_tokens,
        "stop_sequences": [ask.stop] if ask.stop else None,
        "tools": [WEATHER] if ask.tools else None,
        "output_config": {"format": {"type": "json_schema", "schema": EVENT_SCHEMA}} if ask.schema else None,
    }
    if ask.thinks:
        told |= {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    return {name: value for name, value in told.items() if value is not None}
