"""How the targets are, as one value: what `/admin/health` tells, and what a dry run can be given.

Crosses the wire, so fields are only ever added, with a default. Empty says that all are well and nothing is known.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from llmgw.errors import FailureClass
from llmgw.routing.breaker import State


class WaitsHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """On the average, as known so many seconds ago; and of those without an answer the one that waits longest."""

    average_s: float | None = None
    ago_s: float = 0.0
    longest_s: float = 0.0


class TargetHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`failure` is what opened its breaker; ages are in seconds before the snapshot.

    `in_a_row` are failures, `answered` and `failed` attempts in the window of the breaker. `streams` and `wholes`: how
    long it takes to the first token of a stream, and to an answer at once.
    """

    state: State = State.CLOSED
    failure: FailureClass | None = None
    opened_ago_s: float = 0.0
    open_for_s: float = 0.0
    closed_ago_s: float | None = None
    probing: bool = False
    in_a_row: int = 0
    answered: int = 0
    failed: int = 0
    in_flight: int = 0
    streams: WaitsHealth = WaitsHealth()
    wholes: WaitsHealth = WaitsHealth()


class Standing(StrEnum):
    """Whether a credential is used. One that is due is tried by one request at a time."""

    WELL = "well"
    COOLING = "cooling"
    SET_ASIDE = "set_aside"
    DUE = "due"


class RoomHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which part of a limit the provider said is left, from 0 to 1, and for how much longer that holds."""

    left: float = 1.0
    for_s: float = 0.0


class CredentialHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`failure` is why it was left alone, so long ago and for so long; `trying`: a request tries it just now.

    `room` is by what is limited: requests, tokens.
    """

    state: Standing = Standing.WELL
    failure: FailureClass | None = None
    since_ago_s: float = 0.0
    for_s: float = 0.0
    trying: bool = False
    used_ago_s: float | None = None
    room: Mapping[str, RoomHealth] = {}


class ProviderHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked of it in the last ten seconds: for the first time, and again.

    `credentials` are by their names, where it has several.
    """

    requests: int = 0
    retries: int = 0
    credentials: Mapping[str, CredentialHealth] = {}


class HealthSnapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By the id of the target, and by the name of the provider."""

    at: float = 0.0  # Unix time
    targets: Mapping[str, TargetHealth] = {}
    providers: Mapping[str, ProviderHealth] = {}
