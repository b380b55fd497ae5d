"""A stream that breaks off: before its first content another target answers, after it the caller is told so.

Every recorded stream is cut behind each of its events, by a closed connection and by a body that ends as if all were
well; and errors as providers send them are put there.
"""

from random import Random

import pytest

from tests.conformance.traffic import Recording
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer
from tests.partners.steps import CLOSE, Behaviour
from tests.replay.callers import Caller, call, spoken
from tests.replay.gateways import SECOND_SAYS, SECOND_STREAM, gateway_before
from tests.replay.stream_errors import Injected, injected
from tests.replay.told import Told, shown_to
from tests.replay.upstream import streamed
from tests.replay.wires import SEED, a_few, dialect_of, each_pair, fold_of, frames, good, there

pytestmark = there

QUICK_PLACES = 3
SHORT_EVENTS = 24  # of a longer stream not every event, but so many
STREAMS = good(streaming=True)


def places(recording: Recording, count: int) -> list[int]:
    """Behind how many events to cut: the first and the last ones, those around the first content, some between."""
    cuts = range(len(frames(recording)))
    if len(cuts) <= count:
        return list(cuts)
    prefixes = [told_until(recording, cut).says_something for cut in cuts[: SHORT_EVENTS * 4]]
    first = prefixes.index(True) if True in prefixes else 1
    marked = [first, cuts[-1], first - 1, cuts[-2], 0, 1][:count]
    return sorted({*marked, *Random(SEED).sample(cuts, max(0, count - len(marked)))} & set(cuts))


def told_until(recording: Recording, cut: int) -> Told:
    return fold_of(recording).fold(frames(recording)[:cut])


@each_pair(a_few(STREAMS, per_wire=1), spoken())
async def test_cut_at_some_events(
    upstream: FaultUpstream, second_upstream: FaultUpstream, recording: Recording, caller: Caller
) -> None:
    for cut in places(recording, QUICK_PLACES):
        await is_cut(upstream, second_upstream, recording, caller, cut)


@pytest.mark.slow
@each_pair(STREAMS, spoken())
async def test_cut_at_every_event(
    upstream: FaultUpstream, second_upstream: FaultUpstream, recording: Recording, caller: Caller
) -> None:
    for cut in places(recording, SHORT_EVENTS):
        await is_cut(upstream, second_upstream, recording, caller, cut)


async def is_cut(first: FaultUpstream, second: FaultUpstream, recording: Recording, caller: Caller, cut: int) -> None:
    """By turns the connection is closed, or the body ends as if that were all."""
    pieces = [frame.raw for frame in frames(recording)[:cut]]
    behaviour = streamed(recording, pieces, CLOSE) if cut % 2 else streamed(recording, pieces)
    answer = await answered(first, second, recording, caller, behaviour)
    said = told_until(recording, cut)

    seen = caller.read(answer, stream=True)
    if said.is_whole:
        assert (seen.error, seen.is_whole) == ("", True), place(recording, cut)
    else:
        assert_ended(caller, answer, said, place(recording, cut))


@each_pair(a_few(STREAMS, per_wire=1), spoken())
async def test_errors_at_some_events(
    upstream: FaultUpstream, second_upstream: FaultUpstream, recording: Recording, caller: Caller
) -> None:
    for error in injected(dialect_of(recording)):
        for cut in places(recording, QUICK_PLACES):
            await is_broken(upstream, second_upstream, recording, caller, cut, error)


@pytest.mark.slow
@each_pair(STREAMS, spoken())
async def test_errors_at_every_event(
    upstream: FaultUpstream, second_upstream: FaultUpstream, recording: Recording, caller: Caller
) -> None:
    for error in injected(dialect_of(recording)):
        for cut in places(recording, SHORT_EVENTS):
            await is_broken(upstream, second_upstream, recording, caller, cut, error)


async def is_broken(
    first: FaultUpstream, second: FaultUpstream, recording: Recording, caller: Caller, cut: int, error: Injected
) -> None:
    pieces = [frame.raw for frame in frames(recording)[:cut]]
    behaviour = streamed(recording, [*pieces, *error.frames])
    answer = await answered(first, second, recording, caller, behaviour)
    said = told_until(recording, cut)
    if said.is_whole:
        return  # what follows an end is nobody's business

    assert_ended(caller, answer, said, f"{place(recording, cut)} {error.name}")
    seen = caller.read(answer, stream=True)
    if seen.error:
        assert error.message in seen.error


async def answered(
    first: FaultUpstream, second: FaultUpstream, recording: Recording, caller: Caller, behaviour: Behaviour
) -> RawAnswer:
    first.script(behaviour)
    second.script(SECOND_STREAM)
    async with gateway_before(dialect_of(recording), caller.dialect, first, second) as gateway:
        return await call(gateway.url, caller, caller.ask(True), stream=True)


def assert_ended(caller: Caller, answer: RawAnswer, said: Told, where: str) -> None:
    """Nothing said: the second target answers. Else all that was said, and an error that is the last event."""
    seen = caller.read(answer, stream=True)
    assert (answer.status, answer.whole) == (200, True), where
    if not said.says_something and seen.said == SECOND_SAYS:
        assert seen.is_whole, where
        return

    assert said.says_something or said.is_opaque, where
    assert seen.error, where
    assert (seen.is_whole, caller.end_marks(answer)) == (False, []), where
    assert caller.frames(answer)[-1].data, where
    assert said_in(said, counts=said.counts) == said_in(seen, counts=said.counts), where
    if caller.dialect != "openai_completions":
        assert said.thought == seen.thought, where


def said_in(told: Told, *, counts: bool) -> str:
    """The words alone, as `shown_to` tells them."""
    return str(shown_to("", told, counts=counts)["said"])


def place(recording: Recording, cut: int) -> str:
    return f"{recording['id']} behind {cut} of {len(frames(recording))}"
