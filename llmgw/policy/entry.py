"""A row of the ledger: one per request, and one per further attempt (retry, fallback, hedge) that was billed.

Beside them stands one per errand: what was asked of somebody else on the way, as a vector for a cache rule. Rows cross
the disk, so fields are only ever added, with a default: an older journal must stay readable. Thousands of them are read
at once, and none can hold itself: so none is shown to the garbage collector.
"""

from collections.abc import Mapping

import msgspec

from llmgw.chat.usage import Usage

NOBODY: Mapping[str, str] = {}
ERRAND = "-embed"  # ends the id of its row; before it stands that of its request


class Charge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A budget that pays for a row: `slot` is the start of its window, or of the part of a rolling one, in ms."""

    budget: str  # `BudgetRule.id`
    bucket: str  # `bucket_name` of the values of its `each`
    slot: int


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """`attempt` 0 is the request's own row, with what its answer cost.

    A failed attempt that was billed all the same has a row of its own, with its number as tried, from 1.
    `cost_nanousd` None: the price is not known. Times are Unix time in ms, durations in ms. `metadata` is the
    caller's, overlaid by the key's.
    """

    request_id: str
    attempt: int = 0
    at_ms: int = 0
    key: str = ""
    team: str = ""
    user: str = ""
    request_user: str = ""
    model: str = ""
    route: str = ""
    target: str = ""
    provider: str = ""
    endpoint: str = ""
    stream: bool = False
    status: int = 0
    outcome: str = ""  # `ok`, or the class of what went wrong
    usage: Usage = Usage()
    cost_nanousd: int | None = None
    saved_nanousd: int = 0  # by the cache
    cached: str = ""  # how the answer came, if nobody was asked for it: hit, semantic or coalesced
    estimated: bool = False
    overrun: bool = False  # it cost more than had been reserved
    latency_ms: float = 0.0
    first_token_ms: float | None = None
    client_request_id: str = ""
    metadata: Mapping[str, str] = NOBODY
    charges: tuple[Charge, ...] = ()


class Reserved(msgspec.Struct, frozen=True, tag="reserved", gc=False):
    """What is to be booked if nobody settles: so a process that dies owes what it had reserved.

    `number` counts the reservations of a request from 1. Whoever books a lost one does so as the request's own row
    (`attempt` 0) if it has none, else as attempt `number`.
    """

    entry: Entry
    number: int


class Settled(msgspec.Struct, frozen=True, tag="settled", gc=False):
    """What was booked. `ends`: the number of the reservation of which nothing is left by it; 0: there was none.

    A failed attempt that cost nothing has no row, but its reservation ends: then `is_row` is false.
    """

    entry: Entry
    ends: int = 0
    is_row: bool = True


Record = Reserved | Settled


def errand_id(request_id: str) -> str:
    """Of its own, so that what is reserved for it is settled apart; and next in order after that of its request."""
    return f"{request_id}{ERRAND}"


def request_id_of(row_id: str) -> str:
    """The way back; what is no errand has the id of its request."""
    return row_id.removesuffix(ERRAND)


def bucket_name(values: tuple[str, ...]) -> str:
    """The values of `each` as one text, from which they can be told apart again."""
    return msgspec.json.encode(values).decode()


def bucket_values(name: str) -> tuple[str, ...]:
    """The way back."""
    return msgspec.json.decode(name, type=tuple[str, ...])
