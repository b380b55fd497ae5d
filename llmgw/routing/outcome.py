"""What an attempt came to, and what follows: two tables and the verdict when all has failed.

Status → class, where the provider's own words (`chat.provider_errors`) did not decide; class → move.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from llmgw.errors import NO_TARGET, ROUTE_EXHAUSTED, FailureClass


class Move(Enum):
    """What to do after a failure."""

    RETRY = auto()  # the same target, then the next
    NEXT = auto()  # the next target
    NEXT_OR_WAIT = auto()  # the next target at once; on the last one wait as asked, and retry
    NAMED = auto()  # only entries that name the class (context_length: or whose window is larger)
    GIVE_UP = auto()  # the caller's own fault


MOVES: Mapping[FailureClass, Move] = MappingProxyType(
    {
        FailureClass.CONNECTION: Move.RETRY,
        FailureClass.TIMEOUT: Move.NEXT,
        FailureClass.RATE_LIMITED: Move.NEXT_OR_WAIT,
        FailureClass.QUOTA_EXHAUSTED: Move.NEXT,
        FailureClass.OVERLOADED: Move.RETRY,
        FailureClass.SERVER_ERROR: Move.RETRY,
        FailureClass.UNAUTHORIZED: Move.NEXT,
        FailureClass.NOT_FOUND: Move.NEXT,
        FailureClass.CONTEXT_LENGTH: Move.NAMED,
        FailureClass.CONTENT_FILTER: Move.NAMED,
        FailureClass.BLOCKED: Move.NAMED,
        FailureClass.PROTOCOL: Move.RETRY,
        FailureClass.STREAM_CUT: Move.RETRY,
        FailureClass.INVALID_REQUEST: Move.GIVE_UP,
    }
)

# The target may be well all the same: another credential of its provider is tried at once.
OF_CREDENTIALS = frozenset({FailureClass.UNAUTHORIZED, FailureClass.QUOTA_EXHAUSTED, FailureClass.RATE_LIMITED})

_BY_STATUS: Mapping[int, FailureClass] = MappingProxyType(
    {
        401: FailureClass.UNAUTHORIZED,
        402: FailureClass.QUOTA_EXHAUSTED,
        403: FailureClass.UNAUTHORIZED,
        404: FailureClass.NOT_FOUND,
        408: FailureClass.SERVER_ERROR,
        409: FailureClass.SERVER_ERROR,
        425: FailureClass.SERVER_ERROR,
        429: FailureClass.RATE_LIMITED,
        498: FailureClass.OVERLOADED,
        501: FailureClass.NOT_FOUND,
        503: FailureClass.OVERLOADED,
        529: FailureClass.OVERLOADED,
    }
)


def class_of_status(status: int) -> FailureClass:
    """The class of an answer that is not a success. Total: every number has one."""
    known = _BY_STATUS.get(status)
    if known is not None:
        return known
    if 500 <= status <= 599:
        return FailureClass.SERVER_ERROR
    if 400 <= status <= 499:
        return FailureClass.INVALID_REQUEST
    return FailureClass.PROTOCOL  # redirects are not followed; anything else is no answer


# The provider's own answer says more than we could: its status and message reach the caller.
PASSED_ON = frozenset(
    {FailureClass.INVALID_REQUEST, FailureClass.CONTEXT_LENGTH, FailureClass.CONTENT_FILTER},
)

_WHEN_ALL_AGREE: Mapping[FailureClass, int] = MappingProxyType(
    {FailureClass.RATE_LIMITED: 429, FailureClass.OVERLOADED: 503, FailureClass.TIMEOUT: 504}
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a request ends that no target answered: `code` is stable. `passed_on`: the last provider's answer is it."""

    status: int
    code: str
    passed_on: bool = False


def verdict(failures: Sequence[FailureClass]) -> Verdict:
    """From the classes of all attempts, in order."""
    if not failures:
        return Verdict(503, NO_TARGET)
    last = failures[-1]
    if last in PASSED_ON:
        return Verdict(400, last.value, passed_on=True)
    if len(set(failures)) == 1 and last in _WHEN_ALL_AGREE:
        return Verdict(_WHEN_ALL_AGREE[last], last.value)
    return Verdict(502, ROUTE_EXHAUSTED)
