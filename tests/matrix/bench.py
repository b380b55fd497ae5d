"""The gateway with all columns behind it, and before it a client of each real SDK."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

from tests.matrix.clients.anthropic_messages import AnthropicMessages
from tests.matrix.clients.gemini_generate import GeminiGenerate
from tests.matrix.clients.openai_chat import OpenAiChat
from tests.matrix.clients.openai_completions import OpenAiCompletions
from tests.matrix.clients.openai_responses import OpenAiResponses
from tests.matrix.columns import COLUMNS, OWN_ROWS
from tests.matrix.words import Ask, Seen
from tests.partners.rows import known_too
from tests.served import served


class Client(Protocol):
    """One SDK: asked in our words, it tells what it gave in our words."""

    async def ask(self, model: str, ask: Ask) -> Seen: ...

    async def close(self) -> None: ...


CLIENTS: Mapping[str, Any] = {
    "openai_chat": OpenAiChat,
    "openai_responses": OpenAiResponses,
    "openai_completions": OpenAiCompletions,
    "anthropic_messages": AnthropicMessages,
    "gemini_generate": GeminiGenerate,
}


@asynccontextmanager
async def clients_before(providers: Mapping[str, str]) -> AsyncIterator[dict[str, Client]]:
    """`providers` are entries of the file, by the name of their column; each is a model of that name too."""
    lines = [f"  {name}: {entry}" for name, entry in providers.items()]
    models = [f"  {name}: {name}/{COLUMNS[name].model}" for name in providers]
    config = "\n".join(["defaults: {retry: {attempts: 1}}", "providers:", *lines, "models:", *models])
    async with AsyncExitStack() as stack:
        stack.enter_context(known_too(*OWN_ROWS))
        gateway = await stack.enter_async_context(served(config))
        clients = {name: make(gateway.url) for name, make in CLIENTS.items()}
        for client in clients.values():
            stack.push_async_callback(client.close)
        yield clients
