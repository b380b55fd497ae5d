"""What only tunes an answer may be left out; what changes its meaning may not, unless the file says so."""

import pytest

from llmgw.chat.crossing import between
from llmgw.chat.request import Edits
from llmgw.chat.unsupported import MEANING, Policy, refused, remedy
from llmgw.errors import InvalidRequestError
from llmgw.providers.catalog import dialect
from llmgw.server.spoken import CLIENT_DIALECTS

EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)

NAMES = ("seed", "tools.web_search", "messages.image", "temperature", "response_format", "messages.name")


def test_by_default_only_what_changes_the_meaning_is_refused() -> None:
    assert refused(NAMES, Policy.USUAL) == ["messages.image", "response_format", "tools.web_search"]


def test_the_file_may_say_that_all_is_dropped_or_nothing() -> None:
    assert refused(NAMES, Policy.DROP) == []
    assert refused([*NAMES, "seed"], Policy.ERROR) == sorted(NAMES)


def test_what_is_inside_of_something_means_as_much() -> None:
    names = ["tools.web_search.filters", "toolset", "tool"]

    assert refused(names, Policy.USUAL) == ["tools.web_search.filters"]


def test_a_callers_dialect_has_words_of_its_own_beside_the_hubs() -> None:
    names = ["text.format.schema", "text.verbosity", "textual", "stop"]

    assert refused(names, Policy.USUAL) == ["stop"]
    assert refused(names, Policy.USUAL, frozenset({"text.format"})) == ["stop", "text.format.schema"]


def test_the_hub_has_the_words_of_no_dialect() -> None:
    """Whoever adds a dialect says there what its words mean, and cannot forget it here."""
    own = [dialect.meaning for dialect in CLIENT_DIALECTS.values()]

    assert all(own)
    assert frozenset().union(*own) & MEANING == frozenset()


@pytest.mark.parametrize(
    ("name", "body", "lost"),
    [
        ("openai_chat", b'{"messages":[%s],"modalities":["text","audio"],"seed":1}', "modalities"),
        ("openai_completions", b'{"prompt":"Hi","suffix":"end","seed":1}', "suffix"),
        ("openai_responses", b'{"input":[%s],"previous_response_id":"r"}', "previous_response_id"),
        ("anthropic_messages", b'{"messages":[%s],"max_tokens":9,"mcp_servers":[{}]}', "mcp_servers"),
        ("gemini_generate", b'{"contents":[{"parts":[{"text":"Hi"}]}],"cachedContent":"c"}', "cachedContent"),
    ],
)
def test_what_a_caller_means_in_any_dialect_is_refused_where_it_cannot_be_said(
    name: str, body: bytes, lost: str
) -> None:
    said = body.replace(b"%s", b'{"role":"user","content":"Hi"}')
    client, provider = CLIENT_DIALECTS[name], dialect("replicate_predictions")
    request = client.read_request(said, "m")

    with pytest.raises(InvalidRequestError, match=lost):
        between(client, provider, 0).request(request, EDITS)


def test_it_says_what_would_do() -> None:
    assert remedy("messages.image.url") == " (as data it would do)"
    assert remedy("messages.image") == ""
