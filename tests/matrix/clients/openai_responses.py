"""`client.responses` of OpenAI's SDK, without stored state."""

import json
from typing import Any

import openai

from tests.matrix.clients.openai_chat import failure
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

NAME = "openai_responses"
FUNCTION = {
    "type": "function",
    "name": TOOL,
    "description": "The weather",
    "strict": True,
    "parameters": WEATHER_SCHEMA,
}
FORMAT = {"format": {"type": "json_schema", "name": "event", "strict": True, "schema": EVENT_SCHEMA}}


class OpenAiResponses:
    """One client for all cells."""

    def __init__(self, url: str) -> None:
        self._sdk = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-caller", max_retries=0)

    async def close(self) -> None:
        await self._sdk.close()

    async def ask(self, model: str, ask: Ask) -> Seen:
        seen = Seen()
        body = {"model": model, "input": turns(ask), "instructions": SYSTEM, "store": False, **options(ask)}
        try:
            if ask.stream:
                raw = await self._sdk.responses.with_raw_response.create(**body, stream=True)
                seen.dropped = raw.headers.get("x-llmgw-dropped", "")
                async for event in raw.parse():
                    _take(seen, event)
            else:
                raw = await self._sdk.responses.with_raw_response.create(**body)
                seen.dropped = raw.headers.get("x-llmgw-dropped", "")
                _whole(seen, raw.parse())
        except openai.APIError as error:
            seen.failure = failure(error)
        return seen


def _take(seen: Seen, event: Any) -> None:
    """The deltas are what a user shows; the end has all of it, and must say the same."""
    match event.type:
        case "response.output_text.delta":
            seen.pieces += 1
            seen.text += event.delta
        case "response.refusal.delta":
            seen.refusal += event.delta
        case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
            seen.thoughts += event.delta
        case "response.completed" | "response.incomplete":
            whole = Seen()
            _whole(whole, event.response)
            assert (whole.text, whole.refusal, whole.thoughts) == (seen.text, seen.refusal, seen.thoughts)
            seen.calls, seen.finish, seen.usage, seen.reply = whole.calls, whole.finish, whole.usage, whole.reply
        case "error":
            seen.failure = Failure("error event", None, event.message)
        case "response.failed":
            seen.failure = Failure("failed response", None, event.response.error.message)


def _whole(seen: Seen, response: Any) -> None:
    for item in response.output:
        match item.type:
            case "message":
                seen.text += "".join(part.text for part in item.content if part.type == "output_text")
                seen.refusal += "".join(part.refusal for part in item.content if part.type == "refusal")
            case "reasoning":
                seen.thoughts += "".join(part.text for part in (item.content or item.summary))
            case "function_call":
                seen.calls.append(Call(item.call_id, json.loads(item.arguments), item.name))
    reason = response.incomplete_details.reason if response.incomplete_details else ""
    seen.finish = LENGTH if reason == "max_output_tokens" else FILTER if reason else ""
    seen.finish = seen.finish or (TOOLS if seen.calls else FILTER if seen.refusal else STOP)
    seen.usage = (response.usage.input_tokens, response.usage.output_tokens) if response.usage else None
    seen.reply = [item.model_dump(exclude_none=True) for item in response.output]


def turns(ask: Ask) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"type": "input_text", "text": ask.prompt}]
    if ask.image:
        parts.append({"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PNG}"})
    said: list[dict[str, Any]] = [{"role": "user", "content": parts}]
    if ask.after is not None:
        said += ask.after.reply
        for call, result in zip(ask.after.calls, ask.results, strict=True):
            said.append({"type": "function_call_output", "call_id": call.id, "output": result})
        if not ask.results:
            said.append({"role": "user", "content": "Go on"})
    return said


def options(ask: Ask) -> dict[str, Any]:
    """It has no stop sequences."""
    told = {
        "max_output_tokens": ask.max_tokens,
        "tools": [FUNCTION] if ask.tools else None,
        "text": FORMAT if ask.schema else None,
        "reasoning": {"effort": "low", "summary": "auto"} if ask.thinks else None,
        "include": ["reasoning.encrypted_content"] if ask.thinks else None,
    }
    return {name: value for name, value in told.items() if value is not None}
