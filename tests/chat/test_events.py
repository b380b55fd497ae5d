"""Which events a client would see something of."""

import pytest

from llmgw.chat import events
from llmgw.chat.events import Event, Finish, Finished, finished_by, is_content
from llmgw.chat.usage import Usage


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (events.Started("a", "m"), False),
        (events.TextDelta("a"), True),
        (events.TextDelta(""), False),
        (events.RefusalDelta("a"), True),
        (events.RefusalDelta(""), False),
        (events.ReasoningDelta("a"), True),
        (events.ReasoningDelta(signature="s"), True),
        (events.ReasoningDelta(redacted="r"), True),
        (events.ReasoningDelta(), False),
        (events.ToolStarted(0, "a", "f"), True),
        (events.ToolDelta(0, "{}"), False),  # its start has been
        (events.Cited({}), False),
        (events.UsageTold(Usage(1)), False),
        (events.Finished(Finish.STOP), False),
    ],
)
def test_content_is_what_a_client_would_see(event: Event, expected: bool) -> None:
    assert expected == is_content(event)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("end", Finished(Finish.TOOL_USE, "X")),
        ("", Finished(Finish.TOOL_USE, "X")),
        ("cut", Finished(Finish.LENGTH, "X")),
        ("moonrise", Finished(Finish.TOOL_USE, "X", is_unknown=True)),
    ],
)
def test_a_word_means_what_the_dialect_says_or_the_usual_end(word: str, expected: Finished) -> None:
    assert finished_by(word, {"end": Finish.STOP, "cut": Finish.LENGTH}, Finish.TOOL_USE, "X") == expected
