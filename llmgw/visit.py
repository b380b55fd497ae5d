"""One call under a cache rule: what it asks, what it may have, and where its answer goes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from llmgw import replaying
from llmgw.asking import Asking
from llmgw.bookkeeping import Bill
from llmgw.call import Call
from llmgw.flight import Flight
from llmgw.policy.caching import Decision
from llmgw.policy.kept import Form, Kept
from llmgw.ports import Client
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.transcript import Transcript

FOLLOWED_MAX = 2  # flights that one call follows to no avail

Attempts = Callable[[Client], Awaitable[None]]
"""Asks the providers, and gives what they answer to that client. Raises GatewayError."""


@dataclass(slots=True)
class Visit:
    """`vector` is that of its question, as soon as there is one.

    `passed` is the flight that it has followed to no avail last, the `followed`th of them; `failure` what one of them
    has ended with, if its targets have failed.
    """

    asking: Asking
    decision: Decision
    deadline_s: float
    bill: Bill
    client: Client
    transcript: Transcript
    attempts: Attempts
    is_stopping: Callable[[], bool]  # the process, and all calls with it
    vector: bytes = b""
    passed: Flight | None = None
    followed: int = 0
    failure: RouteExhaustedError | None = None

    @property
    def call(self) -> Call:
        return self.asking.call

    @property
    def form(self) -> Form:
        """In which the answer is wanted."""
        return replaying.form_of(self.call.request)

    def can_have(self, kept: Kept) -> bool:
        """Whether that can be told in the form that is wanted."""
        return kept.crosses or kept.form is self.form

    def pass_over(self, flight: Flight) -> None:
        """It has been followed to no avail."""
        self.passed, self.followed = flight, self.followed + 1
