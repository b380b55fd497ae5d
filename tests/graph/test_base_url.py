import pytest

from llmgw.graph.base_url import syntax_fault, url_fault

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
