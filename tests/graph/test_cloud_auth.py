"""Regions, projects and credentials of the clouds: as the file says, else as the cloud's variables do."""

import sys
from collections.abc import Mapping

import pytest

from llmgw.graph.model import CloudAuth, Target
from llmgw.providers.auth import Auth
from tests.graph.files import compiled, problems, sound

KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "aws-secret-1"}
PROJECT = {"GOOGLE_CLOUD_PROJECT": "proj"}


def target(providers: str, env: Mapping[str, str] | None = None) -> Target:
    return sound(f"providers: {providers}\nmodels: {{m: x/y}}", env).targets["m"]


def cloud(providers: str, env: Mapping[str, str] | None = None) -> CloudAuth:
    found = target(providers, env).cloud
    assert found is not None
    return found


def told(providers: str, env: Mapping[str, str] | None = None, *, need_secrets: bool = False) -> list[str]:
    return problems(f"providers: {providers}\nmodels: {{m: x/y}}", env, need_secrets=need_secrets)


# AWS.


def test_aws_signs_where_there_is_no_key() -> None:
    found = target("{x: {like: bedrock-mantle}}")

    assert found.cloud == CloudAuth(Auth.AWS, region="us-east-1", service="bedrock-mantle")
    assert (dict(found.headers), found.secrets) == ({}, ())


@pytest.mark.parametrize(
    ("providers", "env"),
    [
        ("{x: {like: bedrock-mantle, api_key: k}}", {}),
        ("{x: {like: bedrock-mantle}}", {"AWS_BEARER_TOKEN_BEDROCK": "k"}),
    ],
)
def test_a_key_of_bedrock_goes_as_it_is(providers: str, env: dict[str, str]) -> None:
    found = target(providers, {**env, **KEYS})

    assert found.cloud is None
    assert {name: value.reveal() for name, value in found.headers.items()} == {"authorization": "Bearer k"}


@pytest.mark.parametrize("setting", ["auth: cloud", "profile: prod"])
def test_who_wants_the_clouds_own_gets_it_whatever_keys_there_are(setting: str) -> None:
    found = target(f"{{x: {{like: bedrock-mantle, {setting}}}}}", {"AWS_BEARER_TOKEN_BEDROCK": "k"})

    assert (found.cloud is not None, dict(found.headers)) == (True, {})


@pytest.mark.parametrize(
    ("settings", "env", "region"),
    [
        ("", {}, "us-east-1"),
        ("", {"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ("", {"AWS_DEFAULT_REGION": "eu-west-2", "AWS_REGION": "eu-west-3"}, "eu-west-3"),
        (", region: ap-south-1", {"AWS_REGION": "eu-west-3"}, "ap-south-1"),
    ],
)
def test_the_region_is_in_the_address_and_in_the_signature(settings: str, env: dict[str, str], region: str) -> None:
    found = target(f"{{x: {{like: bedrock-mantle{settings}}}}}", env)

    assert found.wires[0].url == f"https://bedrock-mantle.{region}.api.aws/v1/chat/completions"
    assert found.cloud is not None
    assert found.cloud.region == region


@pytest.mark.parametrize(
    ("settings", "region"),
    [
        ('base_url: "https://bedrock-mantle.eu-north-1.api.aws/v1"', "eu-north-1"),
        ('base_url: "https://vpce-1a.bedrock-runtime.us-gov-west-1.vpce.amazonaws.com"', "us-gov-west-1"),
        ('base_url: "https://bedrock.example/v1", region: eu-west-1', "eu-west-1"),
        ('base_url: "https://bedrock.example/v1"', "eu-west-3"),
        ('base_url: "${NONE}"', "eu-west-3"),
    ],
)
def test_an_address_of_ones_own_may_tell_its_region(settings: str, region: str) -> None:
    text = f"{{x: {{like: bedrock-mantle, auth: cloud, {settings}}}}}"

    assert cloud(text, {"AWS_REGION": "eu-west-3"}).region == region


def test_keys_of_aws_that_are_set_go_along_and_are_secret() -> None:
    session = {**KEYS, "AWS_SESSION_TOKEN": "aws-session-1", "AWS_PROFILE": "dev"}
    found = target("{x: {like: bedrock-mantle}}", session)

    assert found.cloud is not None
    assert {name: value.reveal() for name, value in found.cloud.variables} == {
        name: session[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    }
    assert {secret.reveal() for secret in found.secrets} == {"aws-secret-1", "aws-session-1"}
    assert "secret-1" not in repr(found)


def test_a_profile_comes_before_keys_and_a_variable_of_one_after_them() -> None:
    written = cloud("{x: {like: bedrock-mantle, profile: prod}}", {**KEYS, "AWS_PROFILE": "dev"})
    variable = cloud("{x: {like: bedrock-mantle}}", {"AWS_PROFILE": "dev"})

    assert (written.profile, written.variables) == ("prod", ())
    assert (variable.profile, variable.variables) == ("dev", ())
    assert cloud("{x: {like: bedrock-mantle}}", {**KEYS, "AWS_PROFILE": "dev"}).profile == ""


# Google Cloud.


def test_vertex_has_a_project_and_a_location() -> None:
    found = target("{x: {like: vertex-openai, project: mine, region: europe-west4}}", PROJECT)

    assert found.cloud == CloudAuth(Auth.GCP, region="europe-west4")
    assert found.wires[0].url == (
        "https://europe-west4-aiplatform.googleapis.com/v1/projects/mine/locations/europe-west4"
        "/endpoints/openapi/chat/completions"
    )


def test_vertex_is_found_in_googles_variables() -> None:
    env = {**PROJECT, "GOOGLE_CLOUD_LOCATION": "us-east5", "GOOGLE_APPLICATION_CREDENTIALS": "/run/vertex.json"}

    assert (
        target("{x: {like: vertex-openai}}", env)
        .wires[0]
        .url.startswith("https://us-east5-aiplatform.googleapis.com/v1/projects/proj/locations/us-east5/")
    )
    assert cloud("{x: {like: vertex-openai}}", env).credentials_file == "/run/vertex.json"
    assert (
        target("{x: {like: vertex-openai}}", PROJECT)
        .wires[0]
        .url.startswith("https://aiplatform.googleapis.com/v1/projects/proj/locations/global/")
    )


@pytest.mark.parametrize(
    ("row", "model", "url", "stream_url"),
    [
        (
            "vertex",
            "gemini-2.5-flash",
            "/publishers/google/models/gemini-2.5-flash:generateContent",
            "/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        ),
        (
            "vertex-anthropic",
            "claude-haiku-4-5@20251001",
            "/publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict",
            "/publishers/anthropic/models/claude-haiku-4-5@20251001:streamRawPredict",
        ),
    ],
)
def test_models_of_vertex_are_in_the_path(row: str, model: str, url: str, stream_url: str) -> None:
    found = sound(f"models: {{m: {row}/{model}}}", PROJECT).targets["m"].wires[0]
    base = "https://aiplatform.googleapis.com/v1/projects/proj/locations/global"

    assert (found.url, found.stream_url) == (base + url, base + stream_url)


def test_an_access_token_is_a_key() -> None:
    found = target("{x: {like: vertex-openai, api_key: ya29.token}}", PROJECT)

    assert found.cloud is None
    assert found.headers["authorization"].reveal() == "Bearer ya29.token"


@pytest.mark.parametrize(("need_secrets", "severity"), [(False, "warning: "), (True, "")])
def test_a_project_that_is_not_set_is_told(severity: str, *, need_secrets: bool) -> None:
    hint = "export GOOGLE_CLOUD_PROJECT=…, or write `project: …`"

    assert told("{x: {like: vertex-openai}}", need_secrets=need_secrets) == [
        f"1:13: providers.x: {severity}GOOGLE_CLOUD_PROJECT is not set ({hint})"
    ]
    assert "/projects/not-set/" in target("{x: {like: vertex-openai}}").wires[0].url


def test_without_its_project_an_optional_provider_leaves() -> None:
    found = compiled("providers: {x: {like: vertex-openai, optional: true}}\nmodels: {m: x/y}")

    assert found.graph.absent == {"m": "GOOGLE_CLOUD_PROJECT is not set"}


def test_an_address_of_ones_own_needs_no_project() -> None:
    text = '{x: {like: vertex-openai, auth: cloud, base_url: "https://psc.example/v1"}}'

    assert told(text, need_secrets=True) == []
    assert target(text).wires[0].url == "https://psc.example/v1/chat/completions"


# Azure.

AZURE = 'like: azure, base_url: "https://r.openai.azure.com"'


def test_azure_takes_its_key_unless_the_file_says_otherwise() -> None:
    env = {"AZURE_OPENAI_API_KEY": "k", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "az-1"}
    by_key = target(f"{{x: {{{AZURE}}}}}", env)
    own = target(f"{{x: {{{AZURE}, auth: cloud}}}}", env)

    assert (by_key.cloud, by_key.headers["api-key"].reveal()) == (None, "k")
    assert own.cloud is not None
    assert (own.cloud.kind, dict(own.headers)) == (Auth.AZURE, {})
    assert [name for name, _ in own.cloud.variables] == ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]
    assert [secret.reveal() for secret in own.secrets] == ["az-1"]


@pytest.mark.parametrize(
    ("row", "base_url", "url"),
    [
        (
            "azure",
            "https://r.openai.azure.com/openai/",
            "https://r.openai.azure.com/openai/deployments/y/chat/completions?api-version=2024-10-21",
        ),
        ("azure-v1", "https://r.openai.azure.com", "https://r.openai.azure.com/openai/v1/chat/completions"),
        ("azure-v1", "https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com/openai/v1/chat/completions"),
        (
            "azure-ai",
            "https://r.services.ai.azure.com/models",
            "https://r.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
        ),
        (
            "azure-anthropic",
            "https://r.services.ai.azure.com/anthropic",
            "https://r.services.ai.azure.com/anthropic/v1/messages",
        ),
    ],
)
def test_azure_has_many_apis_and_their_addresses_may_be_pasted(row: str, base_url: str, url: str) -> None:
    assert target(f'{{x: {{like: {row}, api_key: k, base_url: "{base_url}"}}}}').wires[0].url == url


def test_an_address_of_azure_for_another_api_says_which() -> None:
    assert told('{x: {like: azure, api_key: k, base_url: "https://r.openai.azure.com/openai/v1"}}') == [
        (
            "1:52: providers.x.base_url: this is the address of Azure's v1 API "
            "(write like: azure-v1, or end it before /openai)"
        )
    ]


def test_without_a_key_azure_says_that_there_is_another_way() -> None:
    assert told(f"{{x: {{{AZURE}}}}}") == [
        (
            "1:13: providers.x: warning: AZURE_OPENAI_API_KEY is not set "
            "(export AZURE_OPENAI_API_KEY=…, `auth: cloud`, or mark the provider `optional: true`)"
        )
    ]


# What makes no sense, and what is missing.


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            "like: openai, api_key: k, auth: cloud",
            'providers.x.auth: "openai" takes no credentials of a cloud (leave it out; a key goes into api_key)',
        ),
        (
            "like: bedrock-mantle, auth: cloud, api_key: k",
            (
                "providers.x.api_key: the cloud's own credentials and a key exclude each other "
                "(leave one of the two out)"
            ),
        ),
        (
            "like: openai, api_key: k, project: p",
            'providers.x.project: "openai" has no projects (leave it out, or set base_url)',
        ),
        (
            'like: vertex, api_key: k, base_url: "https://h", project: p',
            (
                "providers.x.project: `base_url` is all of the address, and tells the project itself "
                "(leave out one of the two)"
            ),
        ),
        (
            "like: openai, api_key: k, profile: p",
            'providers.x.profile: "openai" is not called with a profile of AWS (leave it out)',
        ),
        (
            f"{AZURE}, auth: cloud, region: eu",
            'providers.x.region: "azure" has no regions (leave it out, or set base_url)',
        ),
    ],
)
def test_settings_that_mean_nothing_are_told(settings: str, line: str) -> None:
    assert [fault.partition(": ")[2] for fault in told(f"{{x: {{{settings}}}}}")] == [line]


def test_what_is_like_a_cloud_elsewhere_must_say_who_pays() -> None:
    text = '{x: {like: bedrock-mantle, base_url: "https://elsewhere.example/v1"%s}}'

    assert told(text % "", need_secrets=True) == [
        (
            "1:13: providers.x: api_key is not set "
            '(say which key goes to this base_url: api_key: "${NAME}", `auth: cloud`, or auth: none)'
        )
    ]
    assert cloud(text % ", auth: cloud").kind is Auth.AWS
    assert target(text % ", auth: none").cloud is None


def test_a_key_that_is_meant_is_not_replaced_by_the_clouds_own() -> None:
    text = '{x: {like: bedrock-mantle, api_key: "${UNSET}"}}'

    assert target(text).cloud is None
    assert len(told(text)) == 1


def test_the_clouds_own_is_inherited_but_for_those_with_a_key() -> None:
    parent = f"a: {{{AZURE}, auth: cloud}}"

    assert cloud(f"{{{parent}, x: {{like: a}}}}").kind is Auth.AZURE
    assert target(f"{{{parent}, x: {{like: a, api_key: k}}}}").headers["api-key"].reveal() == "k"
    assert cloud("{a: {like: bedrock-mantle, profile: p}, x: {like: a}}").profile == "p"


def test_a_library_that_is_not_installed_is_told_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    text = "{x: {like: bedrock-mantle%s}}"

    assert told(text % "") == [
        (
            "1:13: providers.x: the library for credentials of AWS is not installed "
            "(pip install 'llmgw[aws]', or export AWS_BEARER_TOKEN_BEDROCK=…)"
        )
    ]
    assert told(text % ", profile: p") == [
        "1:13: providers.x: the library for credentials of AWS is not installed (pip install 'llmgw[aws]')"
    ]
    assert told(text % ", api_key: k") == []
    assert told(text % ", optional: true") == [
        (
            "1:13: providers.x: warning: the library for credentials of AWS is not installed "
            "(pip install 'llmgw[aws]'): models of \"x\" leave the graph"
        ),
        "2:1: models: warning: every model has left the graph: nothing would be served (set what is missing)",
    ]
    assert problems("models: {m: bedrock-mantle/y}") == [
        (
            "1:13: models.m: the library for credentials of AWS is not installed "
            "(pip install 'llmgw[aws]', or export AWS_BEARER_TOKEN_BEDROCK=…)"
        )
    ]
