"""One call with fakes at the gateway's ports: what is found when it answers, fails, or cannot be asked at all."""

import pytest

from llmgw.cli.checkup import Finding, check
from llmgw.errors import UpstreamConnectError
from llmgw.graph.model import Target
from tests.fakes import FakeClock, FakeUpstream, json_stream
from tests.graph.files import sound
from tests.partners.bodies import chat_answer


def target(entry: str = "{target: p/up}") -> Target:
    text = f'providers: {{p: {{like: openai, base_url: "http://h", api_key: k}}}}\nmodels: {{m: {entry}}}'
    return sound(text).targets["m"]


async def test_an_answer_is_found_with_the_name_that_it_gives() -> None:
    found = await check(target(), FakeUpstream(json_stream({**chat_answer(), "model": "up-2025"})), FakeClock())

    assert found == Finding(target(), 0.0, "up-2025", "", 200, "")


@pytest.mark.parametrize("body", [{"no": "model"}, {"model": 7}])
async def test_an_answer_need_not_give_a_name(body: dict[str, object]) -> None:
    answer = {name: value for name, value in chat_answer().items() if name != "model"} | body
    found = await check(target(), FakeUpstream(json_stream(answer)), FakeClock())

    assert (found.model, found.failure) == ("", "")


async def test_a_failure_is_found_with_its_class_its_status_and_its_words() -> None:
    upstream = FakeUpstream(json_stream({"error": {"message": "no such model", "code": "model_not_found"}}, 404))
    found = await check(target(), upstream, FakeClock())
    refused = await check(target(), FakeUpstream(UpstreamConnectError("nobody there")), FakeClock())

    assert (found.failure, found.status, found.message) == ("not_found", 404, "no such model")
    assert (refused.failure, refused.status, refused.message) == ("connection", None, "nobody there")


async def test_it_is_tried_once_and_within_limits_of_its_own() -> None:
    upstream = FakeUpstream(UpstreamConnectError("nobody there"))
    await check(target("{target: p/up, retry: {attempts: 5}, timeout: {connect: 1s}}"), upstream, FakeClock())

    assert [call.connect_s for call in upstream.calls] == [30.0]


async def test_the_cap_is_not_over_what_the_model_can_do() -> None:
    upstream = FakeUpstream(json_stream(chat_answer()))
    await check(target("{target: p/up, max_output: 4}"), upstream, FakeClock())

    assert b'"max_tokens":4' in upstream.calls[0].body
