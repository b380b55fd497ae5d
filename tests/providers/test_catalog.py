"""Every row of the catalogue is well-formed, and none knows a secret or a price."""

import json
import re
from urllib.parse import urlsplit

import msgspec
import pytest

from llmgw.providers.auth import Auth
from llmgw.providers.catalog import _FILE, DIALECTS, SIMULATOR, Provider, catalog, rows

LOOPBACK = "127.0.0.1"
KEY_SHAPES = re.compile(r"\b(sk|gsk|xai|pplx|hf|nvapi|AIza)[-_]?[A-Za-z0-9]{16,}")

# From the documentation of LiteLLM, models.dev, Portkey and LangChain.
KNOWN = """
openai anthropic gemini google azure azure_openai mistral mistralai mistral-ai codestral groq deepseek openrouter cohere
together_ai together-ai togetherai together fireworks_ai fireworks-ai fireworks xai x-ai grok perplexity perplexity-ai
cerebras sambanova nebius novita novita-ai hyperbolic deepinfra moonshot moonshotai dashscope alibaba qwen huggingface
nvidia nvidia_nim volcengine doubao zai z-ai zhipuai github vercel vercel_ai_gateway siliconflow baseten ollama
azure_ai azure-openai ollama_chat vllm hosted_vllm llamafile lmstudio lm_studio docker_model_runner xinference
"""

each_row = pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)


@each_row
def test_a_row_is_found_by_its_name_and_its_aliases(row: Provider) -> None:
    for name in (row.name, *row.aliases):
        assert row is catalog()[name]


def test_names_and_aliases_are_unique() -> None:
    names = [name for row in rows() for name in (row.name, *row.aliases)]

    assert sorted(set(names)) == sorted(names)
    assert set(names) == set(catalog())


def test_rows_are_sorted_by_name_and_say_only_what_differs() -> None:
    """So that a new one has one place, and one form."""
    lines = _FILE.read_text().splitlines()
    written = [json.loads(line) for line in lines]
    spare = {field.encode_name: field.default for field in msgspec.structs.fields(Provider)}

    assert [row["name"] for row in written] == sorted(row["name"] for row in written)
    assert [row["name"] for row in written if any(spare[key] == value for key, value in row.items())] == []
    assert lines == [json.dumps(row, ensure_ascii=False) for row in written]


def test_providers_are_called_as_people_know_them() -> None:
    assert [name for name in KNOWN.split() if name not in catalog()] == []


def test_there_are_more_than_a_hundred() -> None:
    assert len(rows()) > 100


@each_row
def test_names_are_plain_words(row: Provider) -> None:
    for name in (row.name, *row.aliases):
        assert re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", name)


@each_row
def test_a_remote_row_is_reached_over_https_and_a_local_one_on_this_machine(row: Provider) -> None:
    url = urlsplit(row.base_url)

    assert not row.base_url.endswith("/")
    assert (url.username, url.query, url.fragment) == (None, "", "")
    if row.simulated:
        assert (url.hostname or "").endswith(".invalid")  # nobody is ever called there
    elif row.local:
        assert (url.scheme, url.hostname) == ("http", LOOPBACK)
    elif row.base_url:
        assert url.scheme == "https"
        assert "." in url.netloc


def test_only_azure_leaves_the_host_to_the_file() -> None:
    assert [row.name for row in rows() if not row.base_url] == ["azure", "azure-ai", "azure-anthropic", "azure-v1"]


@each_row
def test_the_placeholders_of_a_row_can_be_filled_in(row: Provider) -> None:
    assert set(re.findall(r"{(\w+)}", row.base_url)) <= {"region", "project"}
    assert set(re.findall(r"{(\w+)}", row.chat_path)) <= {"model", "api_version"}
    assert ("{region}" in row.base_url) == bool(row.region)
    assert ("{api_version}" in row.chat_path) == bool(row.api_version)
    assert row.chat_path.startswith("/")


@each_row
def test_a_row_names_its_documentation(row: Provider) -> None:
    docs = urlsplit(row.docs)

    assert docs.scheme == "https"
    assert docs.hostname


@each_row
def test_a_row_with_a_key_names_the_variable_and_a_local_one_needs_none(row: Provider) -> None:
    assert (row.auth is Auth.NONE) == row.local
    assert (row.key_env == "") == (row.auth in (Auth.NONE, Auth.GCP))  # nobody has a variable for access tokens
    assert re.fullmatch(r"[A-Z][A-Z0-9_]*|", row.key_env)


@each_row
def test_no_row_knows_a_secret_or_a_price(row: Provider) -> None:
    assert not KEY_SHAPES.search(repr(row))
    assert not [name for name in Provider.__struct_fields__ if "price_" in name or "usd" in name]
    assert not {"authorization", "api-key", "x-api-key", "cookie"} & {name.lower() for name in row.headers}


@each_row
def test_what_a_row_cannot_do_is_never_what_the_gateway_needs(row: Provider) -> None:
    assert not row.unsupported & {"model", "messages", "stream", "stream_options"}
    assert {row.dialect, *row.also} <= DIALECTS.keys()


def test_no_dialect_is_spoken_by_nobody() -> None:
    assert {name for row in rows() for name in (row.dialect, *row.also)} == DIALECTS.keys()


@each_row
def test_what_is_spelled_otherwise_leads_to_a_row(row: Provider) -> None:
    for wrong, right in row.not_here.items():
        provider, _, model = right.partition("/")

        assert provider in catalog()
        assert (provider, model) != (row.name, wrong)
        assert (wrong.count("*"), right.count("*")) == (1, 1)


def test_the_simulator_is_the_one_that_is_simulated() -> None:
    assert [row.name for row in rows() if row.simulated] == [SIMULATOR]


def test_the_catalogue_does_not_change() -> None:
    with pytest.raises(TypeError):
        catalog()["x"] = rows()[0]  # type: ignore[index]
    with pytest.raises(AttributeError):
        rows()[0].name = "x"  # type: ignore[misc]
