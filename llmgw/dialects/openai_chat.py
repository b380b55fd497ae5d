"""OpenAI Chat Completions, and the many who speak it (https://platform.openai.com/docs/api-reference/chat).

Most providers speak it with an accent: usage with or without choices, `[DONE]` or none, error bodies of a dozen
shapes. We read what any of them sends and write what OpenAI would.
"""

import re
from typing import Any

import msgspec

from llmgw.chat.dialect import FINISH_ERROR, NOTHING, Answer, ErrorReport, ProviderError, Sign
from llmgw.chat.provider_errors import read_error
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.usage import Usage
from llmgw.errors import FailureClass, InvalidRequestError, UpstreamProtocolError
from llmgw.wire import sse

# What we read of a request.


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _ResponseFormat(msgspec.Struct):
    type: str = "text"


class _Message(msgspec.Struct):
    role: str


class _Request(msgspec.Struct, kw_only=True):
    model: str | None = None
    messages: list[_Message]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    user: str | None = None
    tools: list[msgspec.Raw] | None = None
    response_format: _ResponseFormat | None = None
    metadata: Any = None


# What we read of an answer.


class _Groq(msgspec.Struct):
    usage: Any = None


class _Delta(msgspec.Struct):
    content: Any = None
    refusal: Any = None
    reasoning: Any = None
    reasoning_content: Any = None
    reasoning_details: Any = None
    tool_calls: Any = None
    function_call: Any = None
    audio: Any = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    text: Any = None
    finish_reason: Any = None
    index: Any = 0


class _Chunk(msgspec.Struct):
    """A chunk of a stream or a whole answer: what we read is the same. Any where some provider deviates."""

    object: Any = None
    choices: list[_Choice] | None = None
    usage: Any = None
    x_groq: _Groq | None = None
    error: Any = None


_request_decoder = msgspec.json.Decoder(_Request)
_fields_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_chunk_decoder = msgspec.json.Decoder(_Chunk)
_encoder = msgspec.json.Encoder()
# A character that JSON escapes in two halves, or only one of them: JavaScript cuts its texts anywhere.
_SURROGATES = re.compile(rb"(\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F]..")
_MISSING = re.compile("Object missing required field `(.+)`")

_KIND_BY_STATUS = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


class OpenAIChat:
    """Chat Completions in both directions."""

    name = "openai_chat"

    def read_request(self, body: bytes, model: str = "") -> ChatRequest:
        try:
            if not body.isascii():
                body.decode()  # parts that we do not read would else go to the provider as they are
            request = _request_decoder.decode(body)
            fields = _fields_decoder.decode(body)
        except msgspec.ValidationError as error:
            raise _invalid(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            why = "an escape stands for half a character" if _completed(body) != body else error
            raise InvalidRequestError(f"the body is not JSON: {why}") from None
        except RecursionError:
            raise InvalidRequestError("the body is nested too deeply") from None
        name = model or request.model
        if name is None:
            raise InvalidRequestError("model: missing", param="model")
        return ChatRequest(
            model=name,
            fields=fields,
            stream=bool(request.stream),
            wants_usage=bool(request.stream_options and request.stream_options.include_usage),
            max_tokens=request.max_completion_tokens or request.max_tokens or 0,
            user=request.user or "",
            tools=bool(request.tools),
            json=request.response_format is not None and request.response_format.type != "text",
            metadata=_scalars(request.metadata),
        )

    def write_request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        drop = edits.drop if edits.ask_usage else edits.drop | {"stream_options"}
        body = {name: value for name, value in {**edits.default, **request.fields}.items() if name not in drop}
        body.update(edits.set)
        body["model"] = msgspec.Raw(_encoder.encode(edits.model))
        if edits.ask_usage and request.stream:
            body["stream_options"] = _with_usage(body.get("stream_options"))
        return _encoder.encode(body), tuple(name for name in request.fields if name in drop)

    def read_answer(self, body: bytes) -> Answer:
        try:
            completion = _decoded(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UpstreamProtocolError(f"the answer is not a chat completion: {error}") from None
        told = _error(completion, body)
        if told is not None:
            failure = told.failure or FailureClass.PROTOCOL
            raise UpstreamProtocolError(told.message, failure, retry_after_s=told.retry_after_s)
        if not completion.choices:
            raise UpstreamProtocolError("the answer has no choices")
        return Answer(_usage(completion.usage), _finish(completion))

    def read_event(self, event: bytes) -> Sign:
        name, data = sse.parse(event)
        if data is None or not data.strip():
            return NOTHING
        if data.strip() == b"[DONE]":
            return Sign(end=True)
        try:
            chunk = _decoded(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if name == b"error":
                return Sign(error=read_error(200, data))
            raise UpstreamProtocolError(f"an event of the stream is not a chat chunk: {error}") from None
        told = read_error(200, data) if name == b"error" else _error(chunk, data)
        return _sign(chunk) if told is None else _sign_of_error(told, chunk)

    def may_matter(self, events: bytes) -> bool:
        return (
            events.count(b'"usage"') != events.count(b'"usage":null')
            or events.count(b'"finish_reason"') != events.count(b'"finish_reason":null')
            or b'"error"' in events
            or b"[DONE]" in events
            or b"event:" in events
        )

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return msgspec.structs.replace(read_error(status, body), plain=_is_plain(body))

    def write_error(self, report: ErrorReport) -> bytes:
        error: dict[str, object] = {
            "message": report.message.encode(errors="replace").decode(),  # half a character may come from a path
            "type": _kind(report.status),
            "param": report.param,
            "code": report.code,
        }
        if report.attempts:
            error["attempts"] = report.attempts
        return _encoder.encode({"error": error})

    def write_stream_error(self, report: ErrorReport) -> bytes:
        return sse.write(self.write_error(report))


def _decoded(data: bytes) -> _Chunk:
    """Providers cut texts inside a character too. The caller gets that as it came; only we read it otherwise."""
    try:
        return _chunk_decoder.decode(data)
    except msgspec.DecodeError:
        completed = _completed(data)
        if completed == data:
            raise
        return _chunk_decoder.decode(completed)


def _completed(data: bytes) -> bytes:
    """JSON with the replacement character for every half of one."""
    return _SURROGATES.sub(lambda found: found[1] or rb"\ufffd", data)


def _kind(status: int) -> str:
    fallback = "server_error" if status >= 500 else "invalid_request_error"
    return _KIND_BY_STATUS.get(status, fallback)


def _invalid(message: str) -> InvalidRequestError:
    """Msgspec's words end in the place: "Expected `str`, got `int` - at `$.model`"."""
    what, _, place = message.partition(" - at ")
    path = place.strip("`").removeprefix("$").lstrip(".")
    missing = _MISSING.fullmatch(what)
    if missing is not None:
        what, path = "missing", ".".join(filter(None, (path, missing[1])))
    param = path or None
    return InvalidRequestError(f"{param}: {what}" if param else f"the body: {what}", param=param)


def _scalars(metadata: Any) -> dict[str, str]:
    if not isinstance(metadata, dict):
        return {}
    return {name: _text(value) for name, value in metadata.items() if isinstance(value, str | int | float)}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _with_usage(options: msgspec.Raw | None) -> msgspec.Raw:
    given = {} if options is None else _fields_or_none(options)
    return msgspec.Raw(_encoder.encode({**given, "include_usage": msgspec.Raw(b"true")}))


def _fields_or_none(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    return {} if bytes(raw) == b"null" else _fields_decoder.decode(raw)


def _usage(told: Any) -> Usage | None:
    """Some count beside what others count inside, and only their arithmetic tells.

    Azure's Grok has the cached tokens beside the prompt; xAI has the reasoning beside the completion and both in the
    total; Gemini's endpoint names its thoughts nowhere but in the total.
    """
    if not isinstance(told, dict) or not ("prompt_tokens" in told or "completion_tokens" in told):
        return None
    prompt, completion = _count(told, "prompt_tokens"), _count(told, "completion_tokens")
    cached = (
        _count(told.get("prompt_tokens_details"), "cached_tokens")
        or _count(told, "prompt_cache_hit_tokens")  # DeepSeek
        or _count(told, "num_cached_tokens")  # Mistral
    )
    reasoning = _count(told.get("completion_tokens_details"), "reasoning_tokens")
    input_tokens = prompt if cached <= prompt else prompt + cached
    beside = max(_count(told, "total_tokens") - input_tokens - completion, 0) if prompt else 0
    return Usage(
        input_tokens=input_tokens,
        output_tokens=completion + beside,
        cached_input_tokens=cached,
        reasoning_tokens=max(reasoning, beside),
    )


def _count(told: Any, name: str) -> int:
    value = told.get(name) if isinstance(told, dict) else None
    return int(value) if isinstance(value, int | float) and value > 0 else 0


def _finish(chunk: _Chunk) -> str | None:
    return next((str(choice.finish_reason) for choice in chunk.choices or () if choice.finish_reason), None)


def _error(chunk: _Chunk, data: bytes) -> ProviderError | None:
    """An error where an answer should be: OpenRouter and others pass the failures of their upstreams on so."""
    if chunk.error or chunk.object == "error":
        return read_error(200, data)
    if _finish(chunk) == FINISH_ERROR:
        return ProviderError(None, "the provider ended the answer with finish_reason 'error'")
    return None


def _sign(chunk: _Chunk) -> Sign:
    choices = chunk.choices or []
    usage = _usage(chunk.usage) or _usage(chunk.x_groq.usage if chunk.x_groq else None)
    return Sign(
        content=any(_has_content(choice) for choice in choices),
        finish=_finish(chunk),
        finished=tuple(_index(choice) for choice in choices if choice.finish_reason),
        usage=usage,
        usage_only=usage is not None and not choices,
    )


def _index(choice: _Choice) -> int:
    return choice.index if isinstance(choice.index, int) else 0


def _sign_of_error(told: ProviderError, chunk: _Chunk) -> Sign:
    return Sign(error=msgspec.structs.replace(told, plain=bool(chunk.error)), usage=_usage(chunk.usage))


def _is_plain(body: bytes) -> bool:
    try:
        return bool(_decoded(body).error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _has_content(choice: _Choice) -> bool:
    delta = choice.delta
    if delta is None:
        return bool(choice.text)
    return (
        _says(delta.content)
        or _says(delta.tool_calls)
        or _says(delta.refusal)
        or _says(delta.reasoning_content)
        or _says(delta.reasoning)
        or _says(delta.reasoning_details)
        or _says(delta.function_call)
        or _says(delta.audio)
    )


def _says(value: Any, depth: int = 4) -> bool:
    """Whether there is anything in it: lists of parts (Mistral) and empty objects (Snowflake) may hold nothing."""
    if depth and isinstance(value, list):
        return any(_says(item, depth - 1) for item in value)
    if depth and isinstance(value, dict):
        return any(_says(item, depth - 1) for name, item in value.items() if name != "type")
    return bool(value)


openai_chat = OpenAIChat()
