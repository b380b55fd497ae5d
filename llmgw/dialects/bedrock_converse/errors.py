"""Errors of Bedrock: a message, and at times the exception's name beside it. As a rule that is in a header instead."""

from typing import Any

import msgspec

from llmgw.chat import aws_errors, provider_errors
from llmgw.chat.provider_errors import MESSAGE_CHARS_MAX, ProviderError


class _Error(msgspec.Struct):
    type: Any = msgspec.field(name="__type", default=None)
    message: Any = msgspec.field(name="Message", default=None)


_decoder = msgspec.json.Decoder(_Error)


def read_error(status: int, body: bytes) -> ProviderError:
    """What any provider may say, and what only AWS does. Never raises."""
    told = provider_errors.read_error(status, body)
    try:
        error = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return told
    failure = told.failure or (aws_errors.failure_of(error.type) if isinstance(error.type, str) else None)
    message = error.message[:MESSAGE_CHARS_MAX] if isinstance(error.message, str) else told.message
    return msgspec.structs.replace(told, failure=failure, message=message)
