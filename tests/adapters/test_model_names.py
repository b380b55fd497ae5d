"""Lists of models in the shapes that they come in, and nothing where there is none."""

from dataclasses import replace

import pytest

from llmgw.adapters.model_names import model_names
from llmgw.graph.model import Target, Transport
from tests.graph.files import sound
from tests.partners.behaviours import garbage_json, html_answer, json_answer
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.steps import CLOSE


def target(url: str) -> Target:
    return sound(f'providers: {{p: {{like: openai, base_url: "{url}", api_key: k}}}}\nmodels: {{m: p/y}}').targets["m"]


@pytest.mark.parametrize(
    "body",
    [
        {"object": "list", "data": [{"id": "a"}, {"id": "b"}]},
        {"models": [{"name": "models/a"}, {"name": "b"}]},
        [{"id": "a"}, "b", 7, {"id": None}],
    ],
)
async def test_names_are_read_as_each_provider_lists_them(body: object, upstream: FaultUpstream) -> None:
    upstream.script(json_answer(body))

    assert await model_names(f"{upstream.url}/models", target(upstream.url)) == ("a", "b")
    assert upstream.requests[0].header("authorization") == "Bearer k"


async def test_who_has_no_list_has_said_nothing(upstream: FaultUpstream) -> None:
    behaviours = (html_answer(), garbage_json(), json_answer({"data": 7}), json_answer("x"), CLOSE)
    upstream.script(*behaviours)
    told = [await model_names(f"{upstream.url}/models", target(upstream.url)) for _ in behaviours]

    assert told == [()] * len(behaviours)


async def test_a_certificate_file_that_is_not_there_is_no_list_either(upstream: FaultUpstream) -> None:
    broken = replace(target(upstream.url), transport=Transport(ca_file="/nonexistent.pem"))

    assert await model_names(f"{upstream.url}/models", broken) == ()
