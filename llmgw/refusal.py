"""What a provider says instead of an answer: an error status, or a 200 of another type than was asked for.

The status, or a word in the body, is enough to know the class; so a body is waited for only briefly.
"""

import asyncio
from contextlib import suppress

from llmgw.chat import aws_errors
from llmgw.chat.dialect import ProviderDialect
from llmgw.chat.wrapped import Wrapped
from llmgw.errors import StreamCutError, UpstreamProtocolError, UpstreamStatusError
from llmgw.masking import Mask
from llmgw.ports import UpstreamStream
from llmgw.routing.outcome import class_of_status
from llmgw.wire import retry_after

ERROR_BYTES_MAX = 256 * 1024
ERROR_S_MAX = 2.0  # for the body to arrive, once the status is there
LOCATION_CHARS_MAX = 200


async def of_status(answer: UpstreamStream, dialect: ProviderDialect, mask: Mask, now_s: float) -> UpstreamStatusError:
    """The provider's own words first, as far as they came, then its headers and its status; without our key."""
    body = await _body(answer)
    told = dialect.read_error(answer.status, body)
    wait_s = retry_after.from_headers(answer.headers, now_s)
    error = UpstreamStatusError(
        told.failure or aws_errors.of_headers(answer.headers) or class_of_status(answer.status),
        _redirect(answer) or told.message,
        status=answer.status,
        headers=answer.headers,
        body=mask.body(body),
        retry_after_s=told.retry_after_s if wait_s is None else wait_s,
    )
    error.dialect = _words_of(dialect) if told.plain else ""
    return error


def is_expected(answer: UpstreamStream, dialect: ProviderDialect, *, stream: bool) -> bool:
    """Whether the type is that of an answer, or is not told."""
    given = _content_type(answer)
    return not given or (given in dialect.framing.content_types if stream else _is_json(given))


async def of_type(answer: UpstreamStream, dialect: ProviderDialect, *, stream: bool) -> UpstreamProtocolError:
    """An error may come as JSON with a 200, also to those who asked for a stream: then it says its class."""
    given = _content_type(answer)
    if _is_json(given):
        told = dialect.read_error(answer.status, await _body(answer))
        if told.failure is not None:
            return UpstreamProtocolError(told.message, told.failure, retry_after_s=told.retry_after_s)
    wanted = dialect.framing.content_types[0] if stream else "JSON"
    return UpstreamProtocolError(f"content type {given} instead of {wanted}")


def _words_of(dialect: ProviderDialect) -> str:
    """The dialect that callers would know it by."""
    return dialect.inner.name if isinstance(dialect, Wrapped) else dialect.name


async def _body(answer: UpstreamStream) -> bytes:
    """What came of it."""
    body = bytearray()
    with suppress(StreamCutError, UpstreamProtocolError, TimeoutError):
        async with asyncio.timeout(ERROR_S_MAX):
            while len(body) < ERROR_BYTES_MAX and (chunk := await answer.read()):
                body += chunk
    return bytes(body[:ERROR_BYTES_MAX])


def _content_type(answer: UpstreamStream) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_json(content_type: str) -> bool:
    return content_type.endswith(("/json", "+json"))


def _redirect(answer: UpstreamStream) -> str | None:
    """Where a provider would send us: as a rule the `base_url` lacks an `s`."""
    location = answer.headers.get("location", "").partition("?")[0]
    if not location or not 300 <= answer.status <= 399:
        return None
    return f"redirects are not followed; should base_url be {location[:LOCATION_CHARS_MAX]} ?"
