"""Which dialect is spoken at a path: by callers there, and so in every answer, errors before all else too."""

from collections.abc import Iterator, Mapping

from llmgw.chat.counting import CountingDialect
from llmgw.chat.dialect import Dialect
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.gemini_generate.dialect import gemini_generate
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.dialects.openai_responses.dialect import openai_responses
from llmgw.errors import InvalidRequestError

ADMIN = "/admin/"  # what is for administrators begins so
_METHODS = (":generateContent", ":streamGenerateContent")
_COUNT = ":countTokens"
_GOOGLE = "google"
_OF_VERTEX = "/projects/{project}/locations/{location}"


def _googles(*methods: str) -> Iterator[str]:
    """Where Google's SDKs call: the model and whether to stream stand in the path, as on Vertex AI its publisher."""
    for version in ("/v1beta", "/v1", "/v1beta1", "/gemini/v1beta", "/gemini/v1", "/gemini/v1beta1"):
        for place in ("", "/publishers/{publisher}", f"{_OF_VERTEX}/publishers/{{publisher}}"):
            yield from (f"{version}{place}/models/{{model:.+}}{method}" for method in methods)


CHAT_PATHS: Mapping[str, Dialect] = {
    "/v1/chat/completions": openai_chat,
    "/chat/completions": openai_chat,
    "/openai/v1/chat/completions": openai_chat,
    "/openai/deployments/{deployment}/chat/completions": openai_chat,
    "/v1/completions": openai_completions,
    "/completions": openai_completions,
    "/openai/v1/completions": openai_completions,
    "/openai/deployments/{deployment}/completions": openai_completions,
    "/v1/responses": openai_responses,
    "/responses": openai_responses,
    "/openai/v1/responses": openai_responses,
    "/openai/responses": openai_responses,
    "/v1/messages": anthropic_messages,
    "/messages": anthropic_messages,
    "/anthropic/v1/messages": anthropic_messages,
    **dict.fromkeys(_googles(*_METHODS), gemini_generate),
}

COUNT_PATHS: Mapping[str, CountingDialect] = {
    "/v1/messages/count_tokens": anthropic_messages,
    "/messages/count_tokens": anthropic_messages,
    "/anthropic/v1/messages/count_tokens": anthropic_messages,
    **dict.fromkeys(_googles(_COUNT), gemini_generate),
}


CLIENT_DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in CHAT_PATHS.values()}

# One for each dialect: where its SDKs call.
ENDPOINTS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1beta/models/{model}:generateContent",
    "/v1/completions",
)


def counted_at(path: str) -> CountingDialect | None:
    """The dialect in which a request is not to be answered there, but its tokens counted."""
    place = path.rstrip("/")
    return gemini_generate if place.endswith(_COUNT) else COUNT_PATHS.get(place)


def spoken_at(path: str, headers: Mapping[str, str]) -> Dialect:
    """The dialect of a request. Where paths are shared, the headers of Anthropic's SDK decide; else it is OpenAI's."""
    place = path.rstrip("/")
    if place.startswith(ADMIN):  # a key may be called `messages`
        return openai_chat
    if place.endswith("/messages") or "/messages/" in place or ("/models" in place and "anthropic-version" in headers):
        return anthropic_messages
    if place.endswith("/completions") and not place.endswith("/chat/completions"):
        return openai_completions
    if place.endswith("/responses") or "/responses/" in place:
        return openai_responses
    return gemini_generate if _is_googles(place, headers) else openai_chat


def said_in(path: str, parts: Mapping[str, str], query: Mapping[str, str]) -> tuple[str, bool | None]:
    """Model and stream, where the path says them. Raises InvalidRequestError."""
    place = path.rstrip("/")
    if not place.endswith((*_METHODS, _COUNT)):
        return parts.get("deployment", ""), None
    is_stream = place.endswith(_METHODS[1])
    if is_stream and not any(_is_of_events(query.get(name, "")) for name in ("alt", "$alt")):
        raise InvalidRequestError("a stream is told in server-sent events: add ?alt=sse", param="alt")
    publisher = parts.get("publisher", _GOOGLE)
    return parts["model"] if publisher == _GOOGLE else f"{publisher}/{parts['model']}", is_stream


def _is_of_events(alt: str) -> bool:
    """The SDKs for REST on Vertex AI add how they want enums: `sse;enum-encoding=int`. They read names as well."""
    return alt.partition(";")[0] == "sse"


def _is_googles(place: str, headers: Mapping[str, str]) -> bool:
    if "/models" in place and "x-goog-api-key" in headers:
        return True
    return place.startswith(("/v1beta", "/gemini/", "/v1/projects/", "/v1/publishers/")) or place.endswith(
        (*_METHODS, _COUNT)
    )
