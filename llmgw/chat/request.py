"""A chat request as the gateway sees it: the fields we act on, and all others as they came.

Nothing that the caller wrote is lost: `fields` keeps every top-level field as its own bytes, so that a request to
a provider of the same dialect is changed only where the config says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec

from llmgw.chat.departures import NO_DEPARTURES, Departures
from llmgw.chat.unsupported import Policy

NO_FIELDS: Mapping[str, msgspec.Raw] = {}
NO_HEADERS: Mapping[str, str] = {}


class ChatRequest(msgspec.Struct, frozen=True):
    """One request for an answer.

    `metadata` holds the scalars of the body's `metadata`, as text. `max_tokens` is 0 where the caller set no cap.
    """

    model: str
    fields: Mapping[str, msgspec.Raw]
    stream: bool = False
    wants_usage: bool = False  # in the stream: stream_options.include_usage
    max_tokens: int = 0
    choices: int = 1  # how many answers the caller asks for at once (`n`)
    user: str = ""
    tools: bool = False
    json: bool = False  # the answer is to be JSON
    turns_field: str = "messages"  # the one that holds the turns of the conversation
    metadata: Mapping[str, str] = {}
    id: str = "llmgw"  # of the call: what an answer is named after that its provider left unnamed


@dataclass(frozen=True, slots=True)
class Edits:
    """What a target changes in a request: the only differences between what came in and what goes out.

    `set` wins over all; `drop` wins over the caller and is reported; the caller wins over `default`. Values are
    encoded JSON. `ask_usage` adds the dialect's way of asking for usage in a stream; where the provider does not take
    it, the caller's own is dropped too.
    """

    model: str
    set: Mapping[str, msgspec.Raw]
    default: Mapping[str, msgspec.Raw]
    drop: frozenset[str]
    ask_usage: bool
    cap_field: str = "max_tokens"  # what the provider calls the cap of the output, for dialects with two words for it
    thoughts_field: str = ""  # where the provider takes back what a model thought, for dialects with no word for it
    departures: Departures = NO_DEPARTURES  # how the provider departs from its dialect
    policy: Policy = Policy.USUAL
    context_window: int | None = None  # in tokens, for those that must be told
    efforts: tuple[str, ...] = ("*",)  # globs of the models that can be told how much to think; after `!` those not

    @property
    def takes_effort(self) -> bool:
        """Whether a model of this name is known to be told how much to think: others refuse the whole request."""
        model = self.model.lower()
        is_not = any(fnmatchcase(model, glob[1:]) for glob in self.efforts if glob.startswith("!"))
        return not is_not and any(fnmatchcase(model, glob) for glob in self.efforts)

    def applied(
        self, fields: Mapping[str, msgspec.Raw], also_drop: frozenset[str] = frozenset()
    ) -> tuple[dict[str, msgspec.Raw], tuple[str, ...]]:
        """The fields as the target gets them, but for the model's name, and the names of those that were dropped."""
        drop = self.drop | also_drop
        body = {name: value for name, value in {**self.default, **fields}.items() if name not in drop}
        body.update(self.set)
        return body, tuple(name for name in fields if name in drop)

    def choices(self, request: ChatRequest) -> int:
        """How many answers at once the target is asked for, as it goes out: of `n` the file may have its own say."""
        if not (self.set or self.default or self.drop):
            return request.choices
        came = _number(request.fields.get("n"))
        return max(request.choices // came, 1) * _number(self._going("n", request))

    def answers(self, request: ChatRequest) -> int:
        """How many the target makes, and is paid for: of some it may give back only the best."""
        choices = self.choices(request)
        best = self._going("best_of", request)
        return choices if best is None else max(choices, choices // _number(self._going("n", request)) * _number(best))

    def _going(self, name: str, request: ChatRequest) -> msgspec.Raw | None:
        goes = self.set.get(name)
        if goes is None and name not in self.drop:
            goes = request.fields.get(name, self.default.get(name))
        return goes


def _number(raw: msgspec.Raw | None) -> int:
    value = 1 if raw is None else msgspec.json.decode(raw)
    return value if isinstance(value, int) and value > 0 else 1
