"""The dialect as the gateway sees it."""

import json

from llmgw.chat.dialect import Dialect, ErrorReport
from llmgw.dialects.gemini_generate.dialect import gemini_generate
from llmgw.providers.catalog import catalog
from llmgw.wire import sse
from tests.dialects.gemini_generate.wire import ERROR, NO_EDITS, USAGE, answer, body, chunk, text


def test_it_is_known_by_its_name() -> None:
    dialect: Dialect = gemini_generate

    assert dialect.name == catalog()["gemini"].dialect == catalog()["google"].dialect == "gemini_generate"
    assert dialect.framing is sse.SERVER_SENT_EVENTS


def test_requests_and_answers_pass_through_it_both_ways() -> None:
    request = gemini_generate.read_request(body(), "ours", stream=True)
    told = json.dumps(answer(text("Hi"), usageMetadata=USAGE)).encode()

    assert json.loads(gemini_generate.write_request(request, NO_EDITS)[0]) == json.loads(body())
    assert gemini_generate.read_conversation(request).stream
    assert json.loads(gemini_generate.write_conversation(gemini_generate.read_conversation(request), NO_EDITS)[0])
    assert gemini_generate.read_answer(told).finish == "STOP"
    assert len(gemini_generate.read_events(told)) == 4
    assert len(gemini_generate.decoder().read(chunk(text("Hi")))) == 2
    assert gemini_generate.signs()(chunk(text("Hi"))).content
    assert not gemini_generate.may_matter(b": comment")
    assert gemini_generate.encoder(request).end().startswith(b'data: {"candidates"')


def test_models_in_googles_shape() -> None:
    (one,) = json.loads(gemini_generate.write_models(["org/a"], 5))["models"]

    assert one == json.loads(gemini_generate.write_model("org/a", 5))
    assert (one["name"], one["displayName"]) == ("models/org/a", "org/a")


def test_errors_in_googles_shape() -> None:
    report = ErrorReport(404, "unknown_model", "no model")
    told = gemini_generate.write_error(report)

    assert gemini_generate.read_error(503, json.dumps(ERROR).encode()).plain
    assert json.loads(told)["error"]["status"] == "NOT_FOUND"
    assert gemini_generate.write_stream_error(report) == b"data: " + told + b"\n\n"
