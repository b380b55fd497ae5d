"""How the next token is chosen, and how large the window is: Ollama has all of it in one object, `options`.

A file that edits a request may name what is in there as everywhere else (`default: {temperature: 0.2}`), or say
`options` as Ollama does: then it is merged, key by key.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from llmgw.chat.conversation import Conversation
from llmgw.chat.request import Edits

OPTIONS = "options"
# OpenAI's names first, then Ollama's own.
_WORDS: Mapping[str, str] = {
    "max_tokens": "num_predict",
    "max_completion_tokens": "num_predict",
    **{
        name: name
        for name in (
            *("temperature", "top_p", "top_k", "min_p", "seed", "stop", "presence_penalty", "frequency_penalty"),
            *("num_predict", "num_ctx", "num_keep", "num_batch", "num_gpu", "num_thread", "main_gpu", "use_mmap"),
            *("repeat_penalty", "repeat_last_n", "typical_p", "mirostat", "mirostat_eta", "mirostat_tau"),
        )
    },
}


def write_options(conversation: Conversation, edits: Edits) -> tuple[dict[str, Any] | None, Edits, tuple[str, ...]]:
    """The options as the target gets them, the edits that are left, and the names of what was dropped.

    The window is what the file knows of the model, unless it says otherwise: else Ollama cuts long prompts at its
    own small one, without a word.
    """
    said = _said(conversation)
    drop = {name: _WORDS[name] for name in sorted(edits.drop) if name in _WORDS}
    dropped = [name for name, option in drop.items() if option in said]
    if OPTIONS in edits.drop:
        dropped += [OPTIONS] if said else []
        drop = {name: name for name in _WORDS.values()}
    window = {} if edits.context_window is None else {"num_ctx": edits.context_window}
    given = {**window, **_of_file(edits.default), **said}
    options = {name: value for name, value in given.items() if name not in drop.values()} | _of_file(edits.set)
    return options or None, _without(edits), tuple(dropped)


def _said(conversation: Conversation) -> dict[str, Any]:
    sampling = conversation.sampling
    told = {
        "num_predict": conversation.max_tokens,
        "stop": list(conversation.stop) or None,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "seed": sampling.seed,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
    }
    return {name: value for name, value in told.items() if value is not None}


def _of_file(values: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    """Those among the values of `set` or `default` that are options."""
    told = {name: msgspec.json.decode(value) for name, value in values.items() if name in _WORDS or name == OPTIONS}
    all_at_once = told.pop(OPTIONS, None)
    single = {_WORDS[name]: value for name, value in told.items()}
    return {**single, **(all_at_once if isinstance(all_at_once, dict) else {})}


def _without(edits: Edits) -> Edits:
    def rest(values: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
        return {name: value for name, value in values.items() if name not in _WORDS and name != OPTIONS}

    drop = frozenset(name for name in edits.drop if name not in _WORDS and name != OPTIONS)
    return replace(edits, set=rest(edits.set), default=rest(edits.default), drop=drop)
