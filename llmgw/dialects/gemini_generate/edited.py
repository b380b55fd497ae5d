"""What a target changes in a request: the settings of `generationConfig` one by one, as if each stood at the top.

A file that knows no dialects says `default: {max_tokens: 500}`: those of OpenAI's names that everybody uses are
understood, and Google's own too, as `generationConfig.maxOutputTokens` or in an object of that name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from llmgw.chat.request import Edits
from llmgw.dialects.gemini_generate import settings
from llmgw.dialects.gemini_generate.names import camel

Raws = Mapping[str, msgspec.Raw]

_OPENAIS = {
    "max_tokens": "maxOutputTokens",
    "max_completion_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "stop": "stopSequences",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_INSIDE = f"{settings.NAME}."
_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder = msgspec.json.Encoder()


def applied(fields: Raws, edits: Edits) -> tuple[dict[str, msgspec.Raw], tuple[str, ...]]:
    """The fields as the target gets them, and the names of those that were dropped, as the file calls them."""
    if not (edits.set or edits.default or edits.drop):
        return dict(fields), ()
    called = {_flat_name(name): name for name in edits.drop}
    flat_edits = replace(edits, set=_flat(edits.set), default=_flat(edits.default), drop=frozenset(called))
    given = _flat(fields)
    inside = frozenset(name for name in given if name.startswith(_INSIDE) and settings.NAME in called)
    flat, dropped = flat_edits.applied(given, inside)
    return _gathered(flat), tuple(dict.fromkeys(called.get(name, settings.NAME) for name in dropped))


def _flat(fields: Raws) -> dict[str, msgspec.Raw]:
    flat: dict[str, msgspec.Raw] = {}
    for name, raw in fields.items():
        if camel(name) == settings.NAME and bytes(raw).lstrip().startswith(b"{"):
            flat |= {_INSIDE + camel(inner): value for inner, value in _decoder.decode(raw).items()}
        else:
            flat[_flat_name(name)] = _listed(raw) if name == "stop" else raw
    return flat


def _flat_name(name: str) -> str:
    if name in _OPENAIS:
        return _INSIDE + _OPENAIS[name]
    return ".".join(map(camel, name.split(".")))


def _listed(raw: msgspec.Raw) -> msgspec.Raw:
    return msgspec.Raw(b"[" + bytes(raw) + b"]") if bytes(raw).startswith(b'"') else raw


def _gathered(flat: Raws) -> dict[str, msgspec.Raw]:
    fields = {name: raw for name, raw in flat.items() if not name.startswith(_INSIDE)}
    inside = dict(_settings(flat.items()))
    return {**fields, settings.NAME: msgspec.Raw(_encoder.encode(inside))} if inside else fields


def _settings(flat: Iterable[tuple[str, msgspec.Raw]]) -> Iterable[tuple[str, msgspec.Raw]]:
    return ((name.removeprefix(_INSIDE), raw) for name, raw in flat if name.startswith(_INSIDE))
