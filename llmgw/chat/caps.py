"""The cap of an answer's length, in whatever words it is told: put into a request, and found in what goes out."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from llmgw.chat.bodies import fields as fields_of
from llmgw.chat.request import ChatRequest, Edits
from llmgw.errors import InvalidRequestError

_WORDS = """
max_tokens max_completion_tokens max_output_tokens maxOutputTokens maxTokens max_new_tokens max_tokens_to_sample
num_predict
"""
WORDS = frozenset(_WORDS.split())
# Where settings stand that do not stand at the top.
GROUPS = frozenset({"generationConfig", "generation_config", "inferenceConfig", "options", "parameters", "input"})

_fields_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_number_decoder = msgspec.json.Decoder(int)


def with_cap(request: ChatRequest, name: str, tokens: int, others: frozenset[str] = frozenset()) -> ChatRequest:
    """The request with its cap in the field of that name, and in none of the `others`. It is never raised."""
    least = min(tokens, request.max_tokens) if request.max_tokens > 0 else tokens
    fields = {field: raw for field, raw in request.fields.items() if field not in others}
    return replace(request, fields={**fields, name: raw_of(least)}, max_tokens=least)


def raw_of(tokens: int) -> msgspec.Raw:
    return msgspec.Raw(b"%d" % tokens)


def is_in_doubt(request: ChatRequest, edits: Edits) -> bool:
    """Whether only what goes out tells the cap: the caller has told two, or the file sets, drops or adds one."""
    if "max_tokens" in request.fields and "max_completion_tokens" in request.fields:
        return True
    if not (edits.set or edits.default or edits.drop):
        return False
    names = (name for values in (edits.set, edits.default, edits.drop) for name in values)
    return any(name in GROUPS or name.rpartition(".")[2] in WORDS or name == edits.cap_field for name in names)


def told(body: bytes, edits: Edits) -> int:
    """The cap in what goes out; 0 if there is none, or one that is no cap. Of several the highest counts."""
    fields = fields_of(body)
    found = list(_caps(fields, WORDS | {edits.cap_field}))
    return 0 if not found or min(found) <= 0 else max(found)


def require(body: bytes, tokens: int, edits: Edits) -> None:
    """Raises InvalidRequestError if what goes out does not say that the answer is to be no longer."""
    if not 0 < told(body, edits) <= tokens:
        raise InvalidRequestError(f"{edits.model} cannot be told to answer in {tokens} tokens: the file keeps it out")


def _caps(fields: Mapping[str, msgspec.Raw], words: frozenset[str]) -> Iterator[int]:
    for name, raw in fields.items():
        if name in words and bytes(raw) != b"null":
            yield _number(raw)
        elif name in GROUPS and bytes(raw).startswith(b"{"):
            yield from _caps(_fields_decoder.decode(raw), words)


def _number(raw: msgspec.Raw) -> int:
    try:
        return _number_decoder.decode(raw)
    except msgspec.DecodeError:
        return 0
