"""`client.chat.completions` of OpenAI's SDK."""

import json
from typing import Any

import openai

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

NAME = "openai_chat"
FINISHES = {"stop": STOP, "length": LENGTH, "tool_calls": TOOLS, "content_filter": FILTER}
FUNCTION = {"name": TOOL, "description": "The weather", "strict": True, "parameters": WEATHER_SCHEMA}
FORMAT = {"type": "json_schema", "json_schema": {"name": "event", "strict": True, "schema": EVENT_SCHEMA}}


class OpenAiChat:
    """One client for all cells."""

    def __init__(self, url: str) -> None:
        self._sdk = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-caller", max_retries=0)

    async def close(self) -> None:
        await self._sdk.close()

    async def ask(self, model: str, ask: Ask) -> Seen:
        seen = Seen()
        body = {"model": model, "messages": messages(ask), **options(ask)}
        try:
            if ask.stream:
                await self._stream(seen, body)
            else:
                raw = await self._sdk.chat.completions.with_raw_response.create(**body)
                seen.dropped = raw.headers.get("x-llmgw-dropped", "")
                _whole(seen, raw.parse())
        except openai.APIError as error:
            seen.failure = failure(error)
        return seen

    async def _stream(self, seen: Seen, body: dict[str, Any]) -> None:
        """With the SDK's own folding."""
        async with self._sdk.chat.completions.stream(**body, stream_options={"include_usage": True}) as stream:
            async for event in stream:
                if event.type == "chunk":
                    _take(seen, event.chunk)
            _whole(seen, stream.current_completion_snapshot)


def _take(seen: Seen, chunk: Any) -> None:
    """Until the end the user has what came so far."""
    for choice in chunk.choices:
        seen.pieces += bool(choice.delta.content)
        seen.text += choice.delta.content or ""


def _whole(seen: Seen, answer: Any) -> None:
    (choice,) = answer.choices
    message = choice.message
    seen.text, seen.refusal = message.content or "", message.refusal or ""
    seen.thoughts = (message.model_extra or {}).get("reasoning_content") or ""
    seen.calls = [
        Call(call.id, json.loads(call.function.arguments), call.function.name) for call in message.tool_calls or []
    ]
    seen.finish = FINISHES[choice.finish_reason]
    seen.usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    seen.reply = message.model_dump(exclude_none=True, exclude={"parsed"})


def messages(ask: Ask) -> list[dict[str, Any]]:
    said: Any = ask.prompt
    if ask.image:
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
        said = [{"type": "text", "text": ask.prompt}, image]
    turns = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": said}]
    if ask.after is not None:
        turns.append(ask.after.reply)
        for call, result in zip(ask.after.calls, ask.results, strict=True):
            turns.append({"role": "tool", "tool_call_id": call.id, "content": result})
        if not ask.results:
            turns.append({"role": "user", "content": "Go on"})
    return turns


def options(ask: Ask) -> dict[str, Any]:
    told = {
        "max_tokens": ask.max_tokens,
        "stop": [ask.stop] if ask.stop else None,
        "tools": [{"type": "function", "function": FUNCTION}] if ask.tools else None,
        "response_format": FORMAT if ask.schema else None,
        "reasoning_effort": "low" if ask.thinks else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def failure(error: openai.APIError) -> Failure:
    return Failure(type(error).__name__, getattr(error, "status_code", None), str(error))
