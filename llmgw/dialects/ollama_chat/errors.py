"""Errors of Ollama: a text, `{"error": "…"}`, with a status or as a line of a stream.

A model that cannot do what is asked of it is as good as none: another target may have one that can.
"""

import re

import msgspec

from llmgw.chat import provider_errors
from llmgw.chat.provider_errors import ProviderError
from llmgw.errors import FailureClass

_NO_SUCH_MODEL = re.compile(r"model ['\"]?[^\s'\"]{1,200}['\"]?,? not found|try pulling it first")
_CANNOT = re.compile(r"does not support (?:chat|generate|completion|tools|thinking|vision|images)")
_TOO_LONG = re.compile(r"exceed\w* (?:the )?(?:max\w* )?context length|prompt (?:is )?too long")


def read_error(status: int, body: bytes) -> ProviderError:
    """Never raises. What goes wrong after a 200 is Ollama's own fault."""
    told = provider_errors.read_error(status, body)
    failure = told.failure or _by_text(told.message.lower())
    if failure is None and status == 200:
        failure = FailureClass.SERVER_ERROR
    return msgspec.structs.replace(told, failure=failure)


def _by_text(said: str) -> FailureClass | None:
    if _NO_SUCH_MODEL.search(said) or _CANNOT.search(said):
        return FailureClass.NOT_FOUND
    return FailureClass.CONTEXT_LENGTH if _TOO_LONG.search(said) else None
