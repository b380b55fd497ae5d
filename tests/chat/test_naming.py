from llmgw.chat.events import Event, Started, TextDelta, ToolStarted
from llmgw.chat.naming import Naming
from llmgw.chat.request import ChatRequest

ASKED = ChatRequest("fast", {}, id="7")


def test_what_has_no_name_is_named_after_the_request() -> None:
    told = Naming(ASKED, "msg_").named([Started(), ToolStarted(0, "", "f"), ToolStarted(1, "", "f")])

    assert list(told) == [Started("msg_7", "fast"), ToolStarted(0, "call_7_0", "f"), ToolStarted(1, "call_7_1", "f")]


def test_names_of_the_provider_stay() -> None:
    told: list[Event] = [Started("a", "m"), ToolStarted(0, "t", "f"), TextDelta("Hi")]

    assert list(Naming(ASKED, "").named(told)) == told


def test_an_answer_that_does_not_say_that_it_begins_begins_all_the_same_and_once() -> None:
    naming = Naming(ASKED, "")

    assert [*naming.named([TextDelta("Hi")]), *naming.named([TextDelta("Ho")])] == [
        Started("7", "fast"),
        TextDelta("Hi"),
        TextDelta("Ho"),
    ]
