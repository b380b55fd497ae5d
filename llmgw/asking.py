"""One call on its way to its attempts: what is known of it, where it may go, what goes out, and what it may draw on.

All that the straight path asks before it asks a provider. Nothing here waits but for the counters and the book.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from llmgw import replies
from llmgw.accounting import Account, Admission, used
from llmgw.bookkeeping import Bill
from llmgw.call import MODEL_CHARS_MAX, Call
from llmgw.counting import Counting
from llmgw.errors import (
    GatewayError,
    InvalidRequestError,
    MissingCredentialError,
    NotKeptError,
    UnknownModelError,
    UpstreamError,
)
from llmgw.graph.model import Resolved, Target
from llmgw.graph.route import Route
from llmgw.graph.rules import Rules
from llmgw.policy import access, caching
from llmgw.policy.billing import NOTHING
from llmgw.policy.cache_control import Control, read_control
from llmgw.policy.caching import Decision
from llmgw.ports import Clock, Quota
from llmgw.preparing import Prepared, Preparing
from llmgw.routing import facts
from llmgw.routing.dice import Dice, seed_of
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.routing.facts import Facts
from llmgw.routing.health_board import Chance, HealthBoard, Ticket, View
from llmgw.routing.plan import GiveUp, Refusal, Try
from llmgw.routing.walk import Candidate, Itinerary, walk


@dataclass(frozen=True, slots=True)
class Admitted:
    """An attempt that may be made, what goes out in it, and the bill that it will stand on.

    `ticket` stands for it on the board: it has begun.
    """

    admission: Admission
    prepared: Prepared
    bill: Bill
    ticket: Ticket


class Asking:
    """Of one call. `account` is what it may draw on. Nothing that it holds holds it: a call is freed as it ends."""

    def __init__(self, call: Call, quota: Quota, clock: Clock, health: HealthBoard) -> None:
        self.call = call
        self._health = health
        self.dice = Dice(seed_of(call.request_id))
        self.counting = Counting(call.request, call.counter) if call.counter else None
        self._clock = clock
        self._quota = quota
        self._preparing = self.counting or Preparing(call.request, call.dialect, int(clock.now_s()), call.forwarded)
        self._facts = self._known(quota)
        rules = call.graph.rules if self.counting is None else Rules(call.graph.rules.limits)  # a count costs nothing
        self.account = Account(quota, rules, self._facts)

    def itinerary(self) -> Itinerary:
        """From a name to references: the only place where a name is looked up."""
        call, name = self.call, self.call.request.model
        access.check_model(call.principal, name, call.graph)
        resolved = call.graph.resolve(name) if len(name) <= MODEL_CHARS_MAX else None
        if resolved is None:
            raise UnknownModelError(replies.unknown_model(call.graph, name, call.principal), param="model")
        itinerary = walk(resolved, self._facts, self._view(), self.dice)
        if call.timeout_s is None:
            return itinerary
        return replace(itinerary, deadline_s=min(call.timeout_s, itinerary.deadline_s))

    def remembered(self, itinerary: Itinerary) -> Decision | None:
        """What the file's cache rules say of this call; None: none is about it, or it is not to be answered.

        Raises NotKeptError if the caller takes nothing but what is kept, and nothing can be.
        """
        call = self.call
        control = read_control(call.headers.get("cache-control", ""))
        if self.counting is not None:
            return None
        decision = self._decided(itinerary, control) if call.graph.cache.rules else None
        if decision is None and control.only_if_cached:
            raise NotKeptError("no cache rule is about this request, and it takes nothing else (only-if-cached)")
        return decision

    def _decided(self, itinerary: Itinerary, control: Control) -> Decision | None:
        call = self.call
        candidates = itinerary.candidates
        own = call.own if any(candidate.target.client_auth is not None for candidate in candidates) else {}
        asked = caching.Asked(
            request=call.request,
            dialect=call.dialect.name,
            endpoint=call.endpoint,
            query=call.query,
            forwarded=call.forwarded,
            own=own,
            candidates=[(candidate.path, candidate.target.fingerprint) for candidate in candidates],
            control=control,
        )
        return caching.decide(call.graph.cache, self._facts, asked)

    def unfit(self, target: Target) -> str | None:
        """Why this target cannot be asked this at all."""
        return self._lacks_own(target) or self._preparing.unfit(target)

    async def admitted(self, step: Try, bill: Bill) -> Admitted | Refusal:
        """Whether limits and budgets let the attempt be made, and what then goes out."""
        target = step.candidate.target
        bounding = partial(self._preparing.bounds, target)
        admission = await self.account.admit(target, bounding, self._clock.now_s(), self._led)
        if isinstance(admission, Refusal):
            return admission
        await bill.begin(admission)
        try:
            prepared = self._preparing.ready(target, admission.output_cap)
        except InvalidRequestError:
            await bill.settle(admission, NOTHING, whole=False)
            if admission.output_cap is None:
                raise  # nobody can be asked to count this
            return self.account.cannot_cap(admission, self._led)
        now_s, stream = self._clock.elapsed_s(), self.call.request.stream
        ticket = self._health.begin(target, now_s, stream=stream, again=step.is_retry)
        return Admitted(admission, prepared, bill, ticket)

    def chance(self, target: Target) -> Chance:
        """What may follow now that an attempt there has failed."""
        return self._health.chance(target, self._clock.elapsed_s())

    def exhausted(self, step: GiveUp, failures: Sequence[tuple[str, UpstreamError]]) -> GatewayError:
        """How the call ends if no target has answered."""
        if failures:
            return RouteExhaustedError(failures, step.why, step.dropped)
        wanting = [candidate.target for candidate in step.dropped if self._lacks_own(candidate.target)]
        if wanting:
            return MissingCredentialError(replies.missing_credential(wanting[0], self.call))
        return step.refused or RouteExhaustedError(failures, step.why, step.dropped)

    def account_beside(self) -> Account:
        """Another one of the same caller, for what is done on the side: his budgets pay, his limits do not count it."""
        return Account(self._quota, Rules(budgets=self.call.graph.rules.budgets), self._facts)

    def _lacks_own(self, target: Target) -> str | None:
        """Why a target that is called with the caller's own credential cannot be."""
        if target.client_auth is None or self.call.own:
            return None
        return "it is called with the caller's own credential, and none came"

    def _known(self, quota: Quota) -> Facts:
        call, clock = self.call, self._clock
        return facts.of_request(
            call.request,
            endpoint=call.endpoint,
            ip=call.ip,
            metadata=call.metadata,
            headers=call.headers,
            principal=call.principal,
            moment=lambda: datetime.fromtimestamp(clock.now_s(), ZoneInfo(call.graph.timezone)),
            used=lambda facts: used(quota, call.graph.rules.budgets, facts),
        )

    def _led(self, route: Route) -> Sequence[Candidate]:
        return walk(Resolved(route), self._facts, self._view(), self.dice).candidates

    def _view(self) -> View:
        """How the targets are at this moment."""
        return self._health.at(self._clock.elapsed_s())
