"""For every class of failure there is something to do, and it fits the provider."""

import pytest

from llmgw.cli.checkup import Finding
from llmgw.cli.remedies import remedy
from llmgw.config.load import load
from llmgw.errors import FailureClass
from llmgw.graph.providers import Providers, UsableProvider
from llmgw.graph.report import Report
from tests.graph.files import no_file, sound

ENV = {"OPENAI_API_KEY": "k", "GOOGLE_CLOUD_PROJECT": "p", "AZURE_OPENAI_API_KEY": "k"}


def provider(name: str, providers: str = "{}") -> UsableProvider:
    loaded = load([("a.yaml", f"providers: {providers}\nmodels: {{m: {name}/y}}")], ENV, no_file)
    found = Providers(loaded, ENV, Report(loaded), need_secrets=False).get(name, ("models", "m"))
    assert found is not None
    return found


def told(failure: str, name: str = "openai", providers: str = "{}", status: int | None = None, *names: str) -> str:
    target = sound(f"providers: {providers}\nmodels: {{m: {name}/y-mini}}", ENV).targets["m"]
    return remedy(Finding(target, failure=failure, status=status), provider(name, providers), names)


@pytest.mark.parametrize("failure", FailureClass)
def test_every_class_has_a_remedy(failure: FailureClass) -> None:
    assert len(told(failure)) > 20
    assert "\n" not in told(failure)


def test_what_ends_otherwise_is_for_the_dry_run() -> None:
    assert told("no_target") == "`llmgw test-route` tells which targets can take a request"


def test_a_key_is_looked_for_where_it_comes_from() -> None:
    own = (
        '{x: {like: openai, base_url: "http://h", api_key: k}, free: {like: openai, base_url: "http://h", auth: none}}'
    )

    assert told("unauthorized").startswith("check OPENAI_API_KEY: ")
    assert told("unauthorized", "x", own).startswith("check api_key of providers.x: ")
    assert told("unauthorized", "free", own).startswith("check providers.free: it may need an api_key")


@pytest.mark.parametrize(
    ("name", "providers", "needs"),
    [
        ("bedrock", "{}", "bedrock:InvokeModel"),
        ("vertex", "{}", "roles/aiplatform.user"),
        ("azure", '{azure: {base_url: "https://h", auth: cloud}}', "Cognitive Services User"),
    ],
)
def test_a_cloud_that_refuses_tells_the_permission_and_one_without_a_login_how_to(
    name: str, providers: str, needs: str
) -> None:
    assert needs in told("unauthorized", name, providers, 403)
    assert needs not in told("unauthorized", name, providers)


def test_whoever_named_a_file_is_told_of_that_file() -> None:
    named = f'{{vertex: {{credentials_file: "{__file__}"}}}}'

    assert told("unauthorized", "vertex", named).startswith(f"check {__file__}: only the credentials in this file")


def test_what_runs_here_can_be_started() -> None:
    assert told("connection", "ollama").startswith("start it: `ollama serve`")
    assert told("connection", "vllm") == "start it; it is looked for at http://127.0.0.1:8000/v1"
    assert told("timeout", "vllm") == "a model may still be loading: try again"


def test_a_name_that_is_not_known_there_may_be_a_slip() -> None:
    assert told("not_found", "openai", "{}", 404, "x-large", "y-mini-2", "y-maxi") == "did you mean y-mini-2 or y-maxi?"
    assert told("not_found", "ollama") == "pull it: `ollama pull y-mini`"
    assert told("not_found", "azure", '{azure: {base_url: "https://h"}}').startswith(
        "the model is the name of your dep"
    )
    assert told("not_found") == (
        "check the name of the model, and the address; https://api.openai.com/v1/chat/completions was called"
    )


def test_an_address_without_a_version_is_asked_about() -> None:
    own = '{x: {like: openai, base_url: "http://h:8000", api_key: k}}'

    assert told("not_found", "x", own).endswith(
        "http://h:8000/chat/completions was called: is /v1 missing from base_url?"
    )
