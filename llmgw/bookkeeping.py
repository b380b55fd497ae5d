"""What a call is billed, attempt by attempt, and the rows that say so.

A row is in the ledger before the last bytes of a whole answer leave. All others are written when the call has ended,
because only then is it known how; until then what was reserved stands in the ledger for them.
"""

from dataclasses import replace
from typing import NamedTuple

from msgspec import structs

from llmgw.accounting import Account, Admission
from llmgw.call import Call
from llmgw.errors import ForbiddenModelError, LedgerUnavailableError, UnknownModelError
from llmgw.graph.price import FREE
from llmgw.policy.billing import NOTHING, Spent
from llmgw.policy.cost import cost_nanousd
from llmgw.policy.entry import Entry, Reserved, Settled
from llmgw.ports import Alerts, Clock, Ledger, Quota
from llmgw.transcript import CLIENT_CLOSED, CLIENT_CLOSED_STATUS, OK, Transcript

# Whoever asks for names that are none could fill the book with them; the log has them.
_NO_MODELS = frozenset({UnknownModelError.code, ForbiddenModelError.code})
PROCESS_DIED = "process_died"  # the outcome of a request whose gateway did not live to see its end


class Books(NamedTuple):
    """Where is counted and written what calls use; of the whole process."""

    quota: Quota
    ledger: Ledger
    alerts: Alerts


class Booked(NamedTuple):
    """An attempt that has ended: what it is to be billed."""

    admission: Admission
    spent: Spent
    nanousd: int | None  # None: its price is not known
    overrun: bool


class Bill:
    """Of one call."""

    def __init__(self, account: Account, books: Books, clock: Clock, call: Call, transcript: Transcript) -> None:
        self._account = account
        self._ledger = books.ledger
        self._alerts = books.alerts
        self._clock = clock
        self._call = call
        self._transcript = transcript
        self._open: Admission | None = None  # the attempt under way
        self._last: Booked | None = None  # the attempt that ended last, if it has no row yet
        self._has_row = False  # of its own
        self._row: Entry | None = None  # as it was begun last, and for which attempt
        self._row_of: Admission | None = None

    async def begin(self, admission: Admission) -> None:
        """What is reserved stands in the ledger before the provider is asked. Raises LedgerUnavailableError."""
        self._open = admission
        self._transcript.standing, self._transcript.output_cap = self._account.standing, admission.output_cap
        if self._last is not None:
            await self._book_failed(self._last)
        if admission.reserved_nanousd:
            await self._ledger.append(Reserved(self._lost(admission), admission.number))

    async def settle(self, admission: Admission, spent: Spent, *, whole: bool) -> None:
        """An attempt has ended; `whole`: with an answer, whose last bytes wait for this."""
        self._open = None
        nanousd = _nanousd(admission, spent)
        settlement = await self._account.settle(admission, spent, nanousd or 0)
        overrun = settlement is not None and settlement.overrun
        for crossed in settlement.crossed if settlement is not None else ():
            self._alerts.tell(crossed)
        transcript = self._transcript
        spent = _doubted(admission, spent)
        if spent is not NOTHING:
            transcript.usage, transcript.estimated = spent.usage, spent.estimated
        if nanousd is not None and (nanousd or whole):
            transcript.cost_nanousd = (transcript.cost_nanousd or 0) + nanousd
        transcript.standing = self._account.standing
        self._last = Booked(admission, spent, nanousd, overrun)
        if overrun:
            transcript.overrun = True
        if whole:
            transcript.answer_nanousd = nanousd
            await self._book_own(CLIENT_CLOSED if transcript.left else OK)
        else:
            transcript.output_cap = None  # of an answer that nobody gets

    async def save(self, nanousd: int | None) -> None:
        """The answer is one that somebody has had already, at this cost; unless it is the call's own."""
        if self._has_row:
            return
        self._transcript.saved_nanousd = nanousd or 0
        await self._book_own(OK)

    async def close(self) -> None:
        """The call has ended, however it did: nothing is held any more, and its own row is written, unless it is."""
        self._transcript.standing = self._account.standing
        before = self._last
        if self._open is not None:  # it did not even come to ask
            await self.settle(self._open, NOTHING, whole=False)
        if self._account.is_held:
            await self._account.close()
        if before is not None and before is not self._last:
            last = self._last
            await self._book_failed(before)
            self._last = last
        if not self._has_row:
            await self._book_own(self._transcript.outcome)

    async def _book_own(self, outcome: str) -> None:
        """If the ledger refuses it is tried again when the call ends; cancelled it may well stand there."""
        last = self._last
        ends = last.admission.number if last is not None and last.admission.reserved_nanousd else 0
        self._has_row = True
        try:
            await self._ledger.append(Settled(self._entry(last, outcome), ends))
        except LedgerUnavailableError:
            self._has_row = False
            raise

    async def _book_failed(self, last: Booked) -> None:
        """Another attempt follows: the one before has a row only if it cost something."""
        self._last = None
        if not (last.nanousd or last.admission.reserved_nanousd):
            return
        number = last.admission.number if last.admission.reserved_nanousd else 0
        outcome = self._transcript.attempts[-1].outcome if last.nanousd else ""  # one that was never asked has none
        entry = self._entry(last, outcome, attempt=last.admission.number)
        try:
            await self._ledger.append(Settled(entry, number, is_row=bool(last.nanousd)))
        except LedgerUnavailableError:
            self._last = last
            raise

    def _lost(self, admission: Admission) -> Entry:
        """What is to be booked if nobody lives to say how it ended."""
        return structs.replace(
            self._begun(admission),
            route=self._transcript.path or "",
            status=self._transcript.status,
            outcome=PROCESS_DIED,
            cost_nanousd=admission.reserved_nanousd,
            estimated=True,
        )

    def _entry(self, booked: Booked | None, outcome: str, attempt: int = 0) -> Entry:
        transcript = self._transcript
        latency_s, first_token_s = self._clock.elapsed_s() - transcript.started_s, transcript.first_token_s
        entry = self._begun(None if booked is None else booked.admission)
        return structs.replace(
            entry,
            attempt=attempt,
            model="" if outcome in _NO_MODELS else entry.model,
            route=transcript.path or "",
            status=CLIENT_CLOSED_STATUS if outcome == CLIENT_CLOSED else transcript.status,
            outcome=outcome,
            usage=NOTHING.usage if booked is None else booked.spent.usage,
            cost_nanousd=0 if booked is None else booked.nanousd,
            saved_nanousd=0 if attempt else transcript.saved_nanousd,
            cached="" if attempt or transcript.source is None else transcript.cache,
            estimated=booked is not None and booked.spent.estimated,
            overrun=booked is not None and booked.overrun,
            latency_ms=round(latency_s * 1000, 3),
            first_token_ms=None if first_token_s is None else round(first_token_s * 1000, 3),
        )

    def _begun(self, admission: Admission | None) -> Entry:
        """What a row says of its attempt however that ends: worked out once, for the reservation and for the bill."""
        if self._row is None or self._row_of is not admission:
            self._row, self._row_of = self._row_begun(admission), admission
        return self._row

    def _row_begun(self, admission: Admission | None) -> Entry:
        """`admission` None: none was under way when the call ended."""
        call, transcript = self._call, self._transcript
        grant = None if admission is None else admission.grant
        return Entry(
            request_id=call.request_id,
            at_ms=int((self._clock.now_s() if admission is None else admission.at_s) * 1000),
            key=transcript.key or "",
            team=transcript.team or "",
            user=transcript.user or "",
            request_user=call.request.user,
            model=transcript.model,
            target=transcript.target or "" if admission is None else transcript.clean(admission.target.id),
            provider="" if admission is None else admission.target.provider,
            endpoint=call.endpoint,
            stream=transcript.stream,
            client_request_id=transcript.client_request_id or "",
            metadata=self._account.metadata,
            charges=() if grant is None else grant.charges,
        )


def _doubted(admission: Admission, spent: Spent) -> Spent:
    """A service tier that its price does not know is billed as the usual one, and that is a guess."""
    price = admission.target.price
    is_known = price is None or price is FREE or price.knows(spent.usage.service_tier)
    return spent if is_known else replace(spent, estimated=True)


def _nanousd(admission: Admission, spent: Spent) -> int | None:
    """What the provider will bill, as far as we know; a guess of ours is never more than had been reserved for it."""
    reserved, price = admission.reserved_nanousd, admission.target.price
    if spent.all_reserved and reserved:
        return reserved
    if spent is NOTHING:
        return 0
    if price is None:
        return None
    nanousd = cost_nanousd(spent.usage, price, admission.at_s)
    return min(nanousd, reserved) if spent.estimated and reserved else nanousd
