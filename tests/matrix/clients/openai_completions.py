"""`client.completions` of OpenAI's SDK: a prompt, a text and nothing else."""

from typing import Any

import openai

from tests.matrix.clients.openai_chat import FINISHES, failure
from tests.matrix.words import Ask, Seen

NAME = "openai_completions"


class OpenAiCompletions:
    """One client for all cells."""

    def __init__(self, url: str) -> None:
        self._sdk = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-caller", max_retries=0)

    async def close(self) -> None:
        await self._sdk.close()

    async def ask(self, model: str, ask: Ask) -> Seen:
        seen = Seen()
        stop = {"stop": [ask.stop]} if ask.stop else {}
        body: dict[str, Any] = {"model": model, "prompt": ask.prompt, "max_tokens": ask.max_tokens, **stop}
        try:
            if ask.stream:
                await self._stream(seen, body)
            else:
                raw = await self._sdk.completions.with_raw_response.create(**body)
                seen.dropped = raw.headers.get("x-llmgw-dropped", "")
                _take(seen, raw.parse())
        except openai.APIError as error:
            seen.failure = failure(error)
        return seen

    async def _stream(self, seen: Seen, body: dict[str, Any]) -> None:
        asked = self._sdk.completions.with_raw_response
        raw = await asked.create(**body, stream=True, stream_options={"include_usage": True})
        seen.dropped = raw.headers.get("x-llmgw-dropped", "")
        async for chunk in raw.parse():
            _take(seen, chunk)


def _take(seen: Seen, answer: Any) -> None:
    if answer.usage is not None:
        seen.usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    for choice in answer.choices:
        seen.pieces += bool(choice.text)
        seen.text += choice.text
        seen.finish = FINISHES.get(choice.finish_reason or "", seen.finish)
