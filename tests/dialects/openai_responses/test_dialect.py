"""The whole dialect: what is forwarded stays as it came, and it fits where a dialect is wanted."""

import json

import msgspec

from llmgw.chat.answer import fold
from llmgw.chat.conversation import Text
from llmgw.chat.dialect import Dialect, ErrorReport
from llmgw.chat.request import ChatRequest, Edits
from llmgw.dialects.openai_responses.dialect import OpenAIResponses, openai_responses
from llmgw.errors import FailureClass
from llmgw.wire import sse
from tests.dialects.openai_responses.wire import ended, message, output_text

BODY = b'{"model": "m", "of_tomorrow": {"a": 1.0e2}, "input": [ "llmgw.x" ], "conversation": "c", "user": "u"}'
NO_EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)


def test_it_is_a_dialect() -> None:
    dialect: Dialect = OpenAIResponses()

    assert dialect.name == openai_responses.name == "openai_responses"


def test_a_request_goes_on_as_it_came_but_for_the_edits() -> None:
    request = openai_responses.read_request(BODY)
    edits = Edits(
        "up", {"store": msgspec.Raw(b"false")}, {"top_p": msgspec.Raw(b"1")}, frozenset({"user"}), ask_usage=True
    )
    body, dropped = openai_responses.write_request(request, edits)

    assert body == (
        b'{"top_p":1,"model":"up","of_tomorrow":{"a": 1.0e2},"input":["llmgw.x"],"conversation":"c","store":false}'
    )
    assert dropped == ("user",)


def test_a_cap_that_the_file_sets_has_its_name_here() -> None:
    edits = Edits(
        "up",
        {"max_completion_tokens": msgspec.Raw(b"5")},
        {"max_tokens": msgspec.Raw(b"9")},
        frozenset(),
        ask_usage=True,
    )
    request = openai_responses.read_request(b'{"model":"m","input":"hi","max_output_tokens":7}')
    forwarded, _ = openai_responses.write_request(request, edits)
    translated, _ = openai_responses.write_conversation(openai_responses.read_conversation(request), edits)

    assert json.loads(forwarded) == {"model": "up", "input": "hi", "max_output_tokens": 5}
    assert json.loads(translated)["max_output_tokens"] == 5


def test_what_we_have_sealed_stays_here() -> None:
    thought = {"type": "reasoning", "summary": [], "encrypted_content": "llmgw.."}
    body = json.dumps({"model": "m", "input": [thought, {"role": "user", "content": "hi"}]}).encode()
    written, _ = openai_responses.write_request(openai_responses.read_request(body), NO_EDITS)

    assert json.loads(written)["input"] == [{"role": "user", "content": "hi"}]
    assert (
        openai_responses.write_request(openai_responses.read_request(b'{"model":"m"}'), NO_EDITS)[0]
        == b'{"model":"up"}'
    )


def test_a_broken_stream_ends_in_an_event_of_its_name() -> None:
    event = openai_responses.write_stream_error(ErrorReport(502, "stream_cut", "the stream broke"))

    assert sse.parse(event).name == b"error"
    assert openai_responses.signs()(event).error is not None
    assert openai_responses.may_matter(event)


def test_a_stream_is_read_written_and_looked_at() -> None:
    request = openai_responses.read_request(BODY)
    answer = json.dumps({"output": [message(output_text("Hi"))]}).encode()
    encoder = openai_responses.encoder(request, 5)
    told = openai_responses.read_events(answer)
    stream = encoder.write(told) + encoder.end()
    decoder = openai_responses.decoder()
    again = fold(event for part in sse.split(stream) for event in decoder.read(part))

    assert again.parts == (Text("Hi"),)
    assert (
        fold(openai_responses.read_events(openai_responses.write_answer(again, ChatRequest("m", {}), 5))).parts
        == again.parts
    )
    assert openai_responses.may_matter(ended())
    assert openai_responses.read_answer(answer).usage is None


def test_a_conversation_is_read_and_written() -> None:
    conversation = openai_responses.read_conversation(openai_responses.read_request(b'{"model":"m","input":"hi"}'))
    body, unsaid = openai_responses.write_conversation(conversation, NO_EDITS)

    assert json.loads(body)["input"] == [{"role": "user", "content": "hi"}]
    assert unsaid == ()


def test_models_and_errors_are_as_at_openai() -> None:
    told = openai_responses.read_error(404, openai_responses.write_error(ErrorReport(404, "model_not_found", "no")))

    assert told.failure is FailureClass.NOT_FOUND
    assert json.loads(openai_responses.write_models(["m"], 5))["object"] == "list"
    assert json.loads(openai_responses.write_model("m", 5))["id"] == "m"
