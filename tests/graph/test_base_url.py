import pytest

from llmgw.adapters.config_files import Text, build
from llmgw.graph.base_url import (
    azure_fault,
    rooted_fault,
    syntax_fault,
    url_fault,
    whole_form,
    without_overlap,
)

AZURE = "/openai/deployments/{model}/chat/completions?api-version={api_version}"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://api.example.com/v1", None),
        ("http://[::1]:8000", None),
        ("http://[::1", "not a URL: Invalid IPv6 URL"),
        ("http://a:99999", "not a URL: Port out of range 0-65535"),
        ("http://a:b", "not a URL: Port could not be cast to integer value"),
        ("http://a:0", "not a URL: it needs a host, and no port 0"),
        ("http://:80", "not a URL: it needs a host, and no port 0"),
        ("http://my_service:80", None),
        ("http://api.example.com./v1", None),
        ("http://bücher.example", None),
        ("http://[fe80::1%25eth0]:80", None),
        ("http://a..b/v1", "`a..b` is not a host"),
        ("http://.a/v1", "`.a` is not a host"),
        ("http://a,b/v1", "`a,b` is not a host"),
        (f"http://{'a' * 64}/v1", f"`{'a' * 59}…` is not a host"),
        (f"http://{'a.' * 130}b", f"`{'a.' * 29}a…` is not a host"),
    ],
)
def test_a_url_has_a_host_and_a_port_that_exists(url: str, fault: str | None) -> None:
    assert syntax_fault(url) == fault


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://api.example.com/v1", None),
        ("http://[::1", "not a URL: Invalid IPv6 URL"),
        ("https://user:pass@a.example", "a base URL holds no credentials"),
        ("https://{resource}.example", "has a placeholder in braces"),
        (
            "https://a.example/v1/chat/completions",
            "`/chat/completions` is added to a base URL, and this has it already",
        ),
    ],
)
def test_a_base_url_holds_no_key_no_placeholder_and_not_what_is_added_to_it(url: str, fault: str | None) -> None:
    told = url_fault(url, "/chat/completions")

    assert (told[0] if told else None) == fault


def test_what_is_added_counts_without_its_question() -> None:
    assert url_fault("https://a.example/openai/deployments/{model}/chat/completions", AZURE) is not None
    assert url_fault("https://a.example", AZURE) is None


@pytest.mark.parametrize(
    ("url", "chat_path", "remedy"),
    [
        ("http://gpu.example:11434/v1", "/api/chat", "leave that out, or write like: x-openai"),
        ("http://gpu.example:11434/api", "/api/chat", "leave that out, or write like: x-openai"),
        ("https://api.example.com/v2", "/v2/chat", "leave that out, or write like: x-openai"),
        ("http://gpu.example:11434", "/api/chat", None),
        ("https://api.example.com/v1", "/chat/completions", None),
    ],
)
def test_an_api_that_begins_at_the_root_is_not_below_the_one_of_openai(
    url: str, chat_path: str, remedy: str | None
) -> None:
    told = rooted_fault(url, chat_path, "x-openai")

    assert (told[1] if told else None) == remedy


def test_where_there_is_no_other_row_none_is_named() -> None:
    assert rooted_fault("https://a.example/v1", "/api/chat", "") == (
        "`/api/chat` is added to a base URL, and it is not below `/v1`",
        "leave that out",
    )


@pytest.mark.parametrize(
    ("written", "chat_path", "base_url"),
    [
        ("https://r.example/", "/chat/completions", "https://r.example"),
        ("https://r.openai.azure.com", AZURE, "https://r.openai.azure.com"),
        ("https://r.openai.azure.com/openai", AZURE, "https://r.openai.azure.com"),
        ("https://r.openai.azure.com/openai/deployments/", AZURE, "https://r.openai.azure.com"),
        ("https://r.openai.azure.com/openai/v1/", "/openai/v1/chat/completions", "https://r.openai.azure.com"),
        ("https://r.services.ai.azure.com/models", "/models/chat/completions?v=1", "https://r.services.ai.azure.com"),
        ("https://r.services.ai.azure.com/anthropic", "/anthropic/v1/messages", "https://r.services.ai.azure.com"),
        ("https://api.openai.com", "/openai/v1/chat/completions", "https://api.openai.com"),
        ("https://proxy.example/eu/openai/v1", "/openai/v1/chat/completions", "https://proxy.example/eu"),
        ("https://r.example/v1", "", "https://r.example/v1"),
    ],
)
def test_what_is_added_may_have_begun_already(written: str, chat_path: str, base_url: str) -> None:
    assert without_overlap(written, chat_path) == base_url


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("", None),
        ("/api/projects/p", None),
        ("/openai/v1", "write like: azure-v1, or end it before /openai"),
        ("/openai/deployments/prod", "end it before /openai"),
        ("/anthropic/v1", "write like: azure-anthropic"),
        ("/models", "write like: azure-ai"),
    ],
)
def test_an_address_of_another_of_azures_apis_is_told(path: str, hint: str | None) -> None:
    fault = azure_fault(f"https://r.openai.azure.com{path}")

    assert (fault[1] if fault else None) == hint


@pytest.mark.parametrize(
    ("provider", "remedy"),
    [
        ('ollama: {base_url: "http://10.0.0.1:11434/v1"}', "leave that out, or write like: ollama-openai"),
        ('x: {like: cohere, base_url: "https://a.example/v2", api_key: k}', "write like: cohere-openai"),
    ],
)
def test_the_address_of_the_openai_compatible_api_is_told_with_its_row(provider: str, remedy: str) -> None:
    built = build([Text("config.yaml", f"providers: {{{provider}}}\nmodels: {{m: openai/m}}")], {}, need_secrets=False)

    assert [problem.hint for problem in built.errors if remedy in (problem.hint or "")]


@pytest.mark.parametrize(
    ("base_url", "row_url", "expected"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com/v1", "https://api.anthropic.com/v1"),
        ("https://g.example", "https://g.example/v1beta", "https://g.example/v1beta"),
        ("https://g.example/v1", "https://g.example/openai/v1", "https://g.example/openai/v1"),
        ("http://localhost:9000", "http://127.0.0.1:8000/v1", "http://localhost:9000/v1"),
        ("https://g.example/v1", "https://g.example/v1beta", None),
        ("https://other.example", "https://g.example/v1", None),
        ("https://g.example/beta", "https://g.example", None),
        ("https://eu-api.example", "https://{region}-api.example/v1", None),
    ],
)
def test_an_address_that_ends_before_the_api_begins_has_a_whole_form(
    base_url: str, row_url: str, expected: str | None
) -> None:
    assert whole_form(base_url, row_url) == expected
