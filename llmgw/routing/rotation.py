"""The several keys of one provider: which one the next call takes, and which are left alone for now.

One that the provider does not take is set aside, one at its limit cools down; when its time is up one call at a time
tries it, until it is answered. Moments are seconds of a clock that never goes back, and come in.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from llmgw.errors import FailureClass
from llmgw.graph.route import OneOfKeys
from llmgw.routing.health import CredentialHealth, RoomHealth, Standing
from llmgw.routing.room import Room

ASKED_S_MIN = 0.1  # of a wait that the provider asks for: none at all would have us ask the same key again and again
ASKED_S_MAX = 3600.0


class Term(NamedTuple):
    """For how long a key is left alone: twice as long each time that it is tried in vain."""

    first_s: float
    longest_s: float


TERMS: Mapping[FailureClass, Term] = MappingProxyType(
    {
        FailureClass.UNAUTHORIZED: Term(60.0, 3600.0),
        FailureClass.QUOTA_EXHAUSTED: Term(60.0, 3600.0),
        FailureClass.RATE_LIMITED: Term(1.0, 60.0),
    }
)


class Alone(NamedTuple):
    """Why none of the keys may be used, after which failure, and since when."""

    reason: str
    failure: FailureClass
    since_s: float


class KeyState:
    """Of one key. `failure` None: it may be used."""

    __slots__ = ("failure", "for_s", "is_tried", "key", "parts", "since_s", "used")

    def __init__(self) -> None:
        self.key: OneOfKeys | None = None  # told by a snapshot
        self.failure: FailureClass | None = None
        self.since_s = self.for_s = 0.0
        self.is_tried = False  # by a call that is under way, although it had failed
        self.parts: dict[str, tuple[float, float]] = {}  # by what is limited: which part is left, and until when
        self.used = (float("-inf"), 0)  # when, and as which of all calls

    @property
    def due_s(self) -> float:
        """When its time is up."""
        return self.since_s + self.for_s

    def is_usable(self, now_s: float) -> bool:
        return self.failure is None or (not self.is_tried and now_s >= self.due_s)

    def room(self, now_s: float) -> float:
        """Which part of the tightest limit is left; of what nothing is known all of it."""
        return min((left for left, until_s in self.parts.values() if now_s < until_s), default=1.0)

    def answered(self, began_s: float) -> None:
        """A call has been; one that began before the failure says nothing of now."""
        if began_s >= self.since_s:
            self.failure = None

    def failed(self, failure: FailureClass, began_s: float, now_s: float, asked_s: float | None) -> None:
        """Calls that were under way by then make it no worse, but may have been asked to wait longer."""
        if failure not in TERMS:
            return
        is_late = self.failure is not None and began_s < self.since_s
        for_s = self._term_s(failure, asked_s, is_again=self.failure is failure and not is_late)
        if not (is_late and now_s + for_s <= self.due_s):
            self.failure, self.since_s, self.for_s = failure, now_s, for_s

    def _term_s(self, failure: FailureClass, asked_s: float | None, *, is_again: bool) -> float:
        if failure is FailureClass.RATE_LIMITED and asked_s is not None:
            return min(max(asked_s, ASKED_S_MIN), ASKED_S_MAX)
        term = TERMS[failure]
        return min(max(self.for_s * 2, term.first_s), term.longest_s) if is_again else term.first_s


class Use:
    """One call with one key, from its beginning to its end."""

    __slots__ = ("_began_s", "_is_try", "_state", "key")

    def __init__(self, key: OneOfKeys, state: KeyState, now_s: float) -> None:
        self.key = key
        self._state = state
        self._began_s = now_s
        self._is_try = state.failure is not None and not state.is_tried
        state.is_tried = state.is_tried or self._is_try

    def told(self, room: Mapping[str, Room], now_s: float) -> None:
        """What the provider says of its limits."""
        for kind, (left, reset_s) in room.items():
            self._state.parts[kind] = left, now_s + reset_s

    def answered(self) -> None:
        self._state.answered(self._began_s)
        self.left()

    def failed(self, failure: FailureClass, now_s: float, asked_s: float | None) -> None:
        self._state.failed(failure, self._began_s, now_s, asked_s)
        self.left()

    def left(self) -> None:
        """It has ended: another call may try the key."""
        if self._is_try:
            self._is_try = self._state.is_tried = False


class Rotation:
    """Of one provider. Which keys there are comes in with each question: the file may change."""

    def __init__(self) -> None:
        self._states: dict[str, KeyState] = {}
        self._uses = 0

    def take(self, keys: Sequence[OneOfKeys], now_s: float) -> Use:
        """The one with most room among those that may be used; else whose time is up first, the dead ones last."""
        states = [self._state(key) for key in keys]
        if len(self._states) > len(keys):  # of keys that have left the file
            self._states = {key.name: self._states[key.name] for key in keys}
        usable = [state for state in states if state.is_usable(now_s)]
        if usable:
            chosen = min(usable, key=lambda state: (-state.room(now_s), state.used))
        else:
            # Of several that are due at the same moment the one that was asked first: in a dry run no time passes.
            chosen = min(
                states, key=lambda state: (state.failure is not FailureClass.RATE_LIMITED, state.due_s, state.used)
            )
        self._uses += 1
        chosen.used = now_s, self._uses
        return Use(keys[states.index(chosen)], chosen, now_s)

    def has_usable(self, keys: Sequence[OneOfKeys], now_s: float) -> bool:
        return any(self._state(key).is_usable(now_s) for key in keys)

    def alone(self, keys: Sequence[OneOfKeys], now_s: float) -> Alone | None:
        """None: one may be used."""
        if self.has_usable(keys, now_s):
            return None
        states = sorted((self._state(key) for key in keys), key=lambda state: state.due_s)
        failures = sorted({state.failure for state in states if state.failure is not None})
        reason = f"all {len(keys)} credentials are set aside after {', '.join(failures)}"
        if now_s >= states[0].due_s:
            reason += ", and another request tries one just now"
        since_s = max(state.since_s for state in states)
        return Alone(reason, states[0].failure or failures[0], since_s)

    def _state(self, key: OneOfKeys) -> KeyState:
        """Another key in the place of one begins anew."""
        state = self._states.get(key.name)
        if state is None or (state.key is not None and state.key is not key and state.key.headers != key.headers):
            state = self._states[key.name] = KeyState()
        state.key = key
        return state

    # As a value.

    def told(self, now_s: float) -> dict[str, CredentialHealth]:
        """By the name of the key."""
        return {name: _told(state, now_s) for name, state in sorted(self._states.items())}

    def take_over(self, told: Mapping[str, CredentialHealth]) -> None:
        """As it was told, at the moment 0."""
        for name, health in told.items():
            self._states[name] = _as_told(health)


def _told(state: KeyState, now_s: float) -> CredentialHealth:
    used_s, _ = state.used
    parts = {kind: RoomHealth(left=left, for_s=until_s - now_s) for kind, (left, until_s) in state.parts.items()}
    return CredentialHealth(
        state=_standing(state, now_s),
        failure=state.failure,
        since_ago_s=0.0 if state.failure is None else now_s - state.since_s,
        for_s=0.0 if state.failure is None else state.for_s,
        trying=state.is_tried,
        used_ago_s=None if used_s == float("-inf") else now_s - used_s,
        room={kind: health for kind, health in parts.items() if health.for_s > 0},
    )


def _standing(state: KeyState, now_s: float) -> Standing:
    if state.failure is None:
        return Standing.WELL
    if now_s >= state.due_s:
        return Standing.DUE
    return Standing.COOLING if state.failure is FailureClass.RATE_LIMITED else Standing.SET_ASIDE


def _as_told(health: CredentialHealth) -> KeyState:
    state = KeyState()
    state.failure, state.since_s, state.for_s = health.failure, -health.since_ago_s, health.for_s
    state.is_tried = health.trying
    state.parts = {kind: (room.left, room.for_s) for kind, room in health.room.items()}
    if health.used_ago_s is not None:
        state.used = -health.used_ago_s, 0
    return state
