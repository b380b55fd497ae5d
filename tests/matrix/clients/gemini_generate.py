"""`client.models.generate_content` of Google's SDK."""

import base64
from typing import Any

from google import genai
from google.genai import errors, types

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

NAME = "gemini_generate"
FILTERED = {"SAFETY", "PROHIBITED_CONTENT", "RECITATION", "BLOCKLIST", "SPII", "OTHER"}
WEATHER = types.FunctionDeclaration(name=TOOL, description="The weather", parameters_json_schema=dict(WEATHER_SCHEMA))


class GeminiGenerate:
    """One client for all cells: it is slow to make."""

    def __init__(self, url: str) -> None:
        options = types.HttpOptions(base_url=url, retry_options=types.HttpRetryOptions(attempts=1))
        self._sdk = genai.Client(api_key="caller", http_options=options).aio

    async def close(self) -> None:
        await self._sdk.aclose()

    async def ask(self, model: str, ask: Ask) -> Seen:
        seen = Seen()
        said: Any = {"model": model, "contents": contents(ask), "config": config(ask)}
        try:
            if ask.stream:
                async for chunk in await self._sdk.models.generate_content_stream(**said):
                    _take(seen, chunk)
            else:
                _take(seen, await self._sdk.models.generate_content(**said))
        except errors.APIError as error:
            seen.failure = Failure(type(error).__name__, error.code, str(error))
        return seen


def _take(seen: Seen, chunk: types.GenerateContentResponse) -> None:
    if chunk.sdk_http_response is not None and chunk.sdk_http_response.headers:
        seen.dropped = chunk.sdk_http_response.headers.get("x-llmgw-dropped", "") or seen.dropped
    usage = chunk.usage_metadata
    if usage is not None:
        answered = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        seen.usage = (usage.prompt_token_count or 0, answered)
    if chunk.prompt_feedback is not None and chunk.prompt_feedback.block_reason:
        seen.finish = FILTER
    for candidate in chunk.candidates or []:
        parts = (candidate.content.parts if candidate.content else None) or []
        seen.reply = [*(seen.reply or []), *parts]
        for part in parts:
            _take_part(seen, part)
        if candidate.finish_reason is not None:
            name = candidate.finish_reason.name
            good = TOOLS if seen.calls else STOP
            seen.finish = FILTER if name in FILTERED else LENGTH if name == "MAX_TOKENS" else good


def _take_part(seen: Seen, part: types.Part) -> None:
    if part.function_call is not None:
        call = part.function_call
        seen.calls.append(Call(call.id or "", call.args or {}, call.name or ""))
    elif part.thought:
        seen.thoughts += part.text or ""
    else:
        seen.pieces += bool(part.text)
        seen.text += part.text or ""


def contents(ask: Ask) -> list[types.Content]:
    parts = [types.Part(text=ask.prompt)]
    if ask.image:
        parts.append(types.Part.from_bytes(data=base64.b64decode(PNG), mime_type="image/png"))
    turns = [types.Content(role="user", parts=parts)]
    if ask.after is not None:
        turns.append(types.Content(role="model", parts=ask.after.reply))
        results = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=call.id or None, name=call.name, response={"result": result}
                )
            )
            for call, result in zip(ask.after.calls, ask.results, strict=True)
        ]
        turns.append(types.Content(role="user", parts=results or [types.Part(text="Go on")]))
    return turns


def config(ask: Ask) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        system_instruction=SYSTEM,
        max_output_tokens=ask.max_tokens,
        stop_sequences=[ask.stop] if ask.stop else None,
        tools=[types.Tool(function_declarations=[WEATHER])] if ask.tools else None,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        response_mime_type="application/json" if ask.schema else None,
        response_json_schema=dict(EVENT_SCHEMA) if ask.schema else None,
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=1024) if ask.thinks else None,
    )
