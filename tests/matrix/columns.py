"""The upstreams of the matrix: a provider for each dialect, and how it speaks. One more is one more entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from llmgw.providers.auth import Auth
from llmgw.providers.catalog import Provider, catalog
from tests.matrix.upstreams import (
    anthropic_messages,
    azure,
    bedrock_converse,
    bedrock_invoke,
    cohere_chat,
    gemini_generate,
    ollama_chat,
    openai_chat,
    openai_completions,
    openai_responses,
    vertex_anthropic,
)
from tests.matrix.words import Got, Reply
from tests.partners.behaviours import body_answer, event_stream, json_answer
from tests.partners.bodies import encode
from tests.partners.exchange import ReceivedRequest
from tests.partners.steps import Behaviour

AWS = "application/vnd.amazon.eventstream"
NDJSON = "application/x-ndjson"
SSE = "text/event-stream"
# What the mock can be asked and tell of in its journal. Of images and schemas it keeps only those of OpenAI's chat.
MOCKED = frozenset({"text", "stream", "tools", "parallel tools", "tool results", "error before"})
MOCKED_FULLY = MOCKED | {"images", "JSON schema"}
NO_FRAMES = frozenset({"stream", "tools", "parallel tools", "tool results", "error before"})  # its own idea of them
NO_COUNTS = frozenset({"text", "stream", "tool results"})  # it counts no tokens there, and makes ids up
EMPTY_STARTS = frozenset({"stream", "tool results"})  # it begins texts as Bedrock never does


class Speech(Protocol):
    """A module of `upstreams`: answers written and requests read in one dialect, by hand."""

    def whole(self, reply: Reply) -> dict[str, Any]: ...
    def events(self, reply: Reply) -> list[bytes]: ...
    def broken(self, reply: Reply, message: str) -> list[bytes]: ...
    def refused(self, message: str) -> dict[str, Any]: ...
    def read(self, body: dict[str, Any]) -> Got: ...


@dataclass(frozen=True, slots=True)
class Column:
    """A provider: its row and what the file adds, where its paths begin, and what the provider mock can do of it."""

    name: str
    like: str
    speech: Speech
    model: str
    root: str = ""
    more: str = ""
    content_type: str = SSE
    mocked: frozenset[str] = MOCKED
    beside: Mapping[str, Speech] = field(default_factory=dict)  # further dialects, by the end of their path

    def provider(self, url: str) -> str:
        row = catalog().get(self.like)
        speaks = f", speaks: [{', '.join(row.also)}]" if row is not None and row.also else ""
        return f'{{like: {self.like}, base_url: "{url}{self.root}", auth: none{speaks}{self.more}}}'

    def speaks(self, request: ReceivedRequest) -> Speech:
        """Some are asked in the caller's own dialect."""
        path = request.path.partition("?")[0]
        return next((speech for end, speech in self.beside.items() if path.endswith(end)), self.speech)

    def streams(self, request: ReceivedRequest) -> bool:
        """Told by the path, or by the body; at Ollama it is the usual thing."""
        return "tream" in request.path or bool(request.json.get("stream", self.speaks(request) is ollama_chat))

    def answers(self, reply: Reply) -> Any:
        def answer(request: ReceivedRequest) -> Behaviour:
            speech = self.speaks(request)
            return (
                self._stream(speech, speech.events(reply))
                if self.streams(request)
                else json_answer(speech.whole(reply))
            )

        return answer

    def breaks(self, reply: Reply, message: str) -> Any:
        def answer(request: ReceivedRequest) -> Behaviour:
            speech = self.speaks(request)
            return self._stream(speech, speech.broken(reply, message))

        return answer

    def refuses(self, message: str) -> Any:
        headers = {"content-type": "application/json", "retry-after": "1"}
        return lambda request: body_answer(429, encode(self.speaks(request).refused(message)), headers)

    def _stream(self, speech: Speech, events: list[bytes]) -> Behaviour:
        return event_stream(events, headers={"content-type": self.content_type if speech is self.speech else SSE})


# No provider of the catalogue is asked in these by callers of other dialects; with such a row one would be.
OWN_ROWS = (
    Provider(name="responses-only", dialect="openai_responses", chat_path="/responses", auth=Auth.BEARER),
    Provider(name="completions-only", dialect="openai_completions", chat_path="/completions", auth=Auth.BEARER),
)
BESIDE_CHAT: Mapping[str, Speech] = {
    "/responses": openai_responses,
    "/chat/completions": azure,
    "/completions": openai_completions,
}

COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column("openai_chat", "cerebras", openai_chat, "gpt-oss-120b", "/v1", mocked=MOCKED_FULLY),
        Column("openai_responses", "responses-only", openai_responses, "gpt-5-mini", "/v1"),
        Column("openai_completions", "completions-only", openai_completions, "davinci-002", "/v1", mocked=frozenset()),
        Column("anthropic_messages", "anthropic", anthropic_messages, "claude-sonnet-4-5", "/v1"),
        Column("gemini_generate", "gemini", gemini_generate, "gemini-2.5-flash", "/v1beta"),
        Column(
            "bedrock_converse",
            "bedrock",
            bedrock_converse,
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            content_type=AWS,
            more=", region: us-east-1",
            mocked=MOCKED - EMPTY_STARTS,
        ),
        Column(
            "bedrock_invoke",
            "bedrock-invoke",
            bedrock_invoke,
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            content_type=AWS,
            more=", region: us-east-1",
            mocked=MOCKED - NO_FRAMES,
        ),
        Column("cohere_chat", "cohere", cohere_chat, "command-a-reasoning-08-2025"),
        Column(
            "ollama_chat",
            "ollama",
            ollama_chat,
            "qwen3:4b",
            content_type=NDJSON,
            mocked=MOCKED - NO_COUNTS,
        ),
        Column("azure", "azure", azure, "gpt-oss-prod", mocked=MOCKED_FULLY, beside=BESIDE_CHAT),
        Column(
            "vertex",
            "vertex",
            gemini_generate,
            "gemini-2.5-flash",
            "/v1/projects/p/locations/global/publishers/google",
        ),
        Column(
            "vertex_anthropic",
            "vertex-anthropic",
            vertex_anthropic,
            "claude-sonnet-4-5",
            "/v1/projects/p/locations/global/publishers/anthropic",
            mocked=frozenset(),
        ),
    )
}
