"""What the gateway acts on in a request that goes on as it came. The model and the stream stand in its path."""

import msgspec
from msgspec.structs import replace

from llmgw.chat import caps
from llmgw.chat.bodies import fields as fields_of
from llmgw.chat.bodies import model_of, reading, scalars
from llmgw.chat.request import ChatRequest, Edits
from llmgw.dialects.gemini_generate import settings
from llmgw.dialects.gemini_generate.edited import applied
from llmgw.dialects.gemini_generate.names import camel, renamed
from llmgw.dialects.gemini_generate.seals import unsealed
from llmgw.errors import InvalidRequestError

_CONTENTS, _MODEL = "contents", "model"
_CAP = "maxOutputTokens"
_PREFIX = "models/"
_NONE = msgspec.Raw(b"null")


class _Content(msgspec.Struct):
    role: str | None = None


_contents_decoder = msgspec.json.Decoder(list[_Content] | _Content)
_encoder = msgspec.json.Encoder()


def read_request(body: bytes, model: str = "", *, stream: bool | None = None) -> ChatRequest:
    """`model` and `stream` are the path's, which wins over the body. Usage is never asked for here: it always comes."""
    with reading(body):
        fields = fields_of(body)
        named = {camel(name): raw for name, raw in fields.items()}
        told = msgspec.json.decode(named.get(_MODEL, _NONE), type=str | None)
        labels = msgspec.json.decode(named.get("labels", _NONE))
        tools = msgspec.json.decode(named.get("tools", _NONE))
    if _CONTENTS not in named:
        raise InvalidRequestError("contents: missing", param=_CONTENTS)
    with reading(base=_CONTENTS):
        contents = _contents_decoder.decode(named[_CONTENTS])
    with reading(base=settings.NAME):
        said = settings.read_facts(renamed(msgspec.json.decode(named.get(settings.NAME, _NONE))))
    if isinstance(contents, _Content) or any(content.role is None for content in contents):
        fields[_CONTENTS] = _with_roles(fields[_CONTENTS])
    return ChatRequest(
        model=model_of(told.removeprefix(_PREFIX) if told else None, model),
        fields=fields,
        stream=bool(stream),
        wants_usage=True,
        max_tokens=said.max_output_tokens or 0,
        choices=max(said.candidate_count or 1, 1),
        tools=bool(tools),
        json=said.is_json,
        turns_field=_CONTENTS,
        metadata=scalars(labels),
    )


def write_request(request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The model stands in the path; a body that names it too must not contradict it."""
    body, dropped = applied(request.fields, edits)
    if _CONTENTS in body:
        body[_CONTENTS] = unsealed(body[_CONTENTS], edits.model)
    if _MODEL in body:
        body[_MODEL] = msgspec.Raw(_encoder.encode(edits.model))
    return _encoder.encode(body), dropped


def capped(request: ChatRequest, tokens: int) -> ChatRequest:
    """The cap is one of the settings, and both of the group's spellings may be there."""
    groups = [(name, raw) for name, raw in request.fields.items() if camel(name) == settings.NAME]
    told = [msgspec.json.decode(raw, type=dict[str, msgspec.Raw] | None) or {} for _, raw in groups]
    said = {name: raw for group in told for name, raw in group.items() if camel(name) != _CAP}
    request = caps.with_cap(request, _CAP, tokens, frozenset(name for name, _ in groups))
    fields = dict(request.fields)
    group = msgspec.Raw(_encoder.encode({**said, _CAP: fields.pop(_CAP)}))
    return replace(request, fields={**fields, settings.NAME: group})


def _with_roles(contents: msgspec.Raw) -> msgspec.Raw:
    """The Gemini API takes who is not named for the user, and one content for a list; Vertex AI wants both written."""
    told = msgspec.json.decode(contents, type=list[dict[str, msgspec.Raw]] | dict[str, msgspec.Raw])
    user = msgspec.Raw(b'"user"')
    turns = told if isinstance(told, list) else [told]
    return msgspec.Raw(_encoder.encode([{**turn, "role": _given(turn.get("role")) or user} for turn in turns]))


def _given(raw: msgspec.Raw | None) -> msgspec.Raw | None:
    return None if raw is None or bytes(raw) == b"null" else raw
