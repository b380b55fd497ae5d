"""What is said when the port is open."""

import json
import shlex
from collections.abc import Sequence

import pytest

from llmgw.adapters.config_files import Text, build
from llmgw.cli.discover import Found, config_text, discover
from llmgw.cli.paste import (
    ANY_KEY,
    callable_urls,
    client_lines,
    example_model,
    found_lines,
    long_lines,
    short_lines,
    shown_names,
)
from llmgw.cli.render import plain
from llmgw.cli.sources import chain_text
from llmgw.graph.model import Graph
from tests.cli.machine import NOBODY

KEYS = NOBODY | {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"}
URLS = ("http://127.0.0.1:4000", "http://[::1]:4000")


def graph_of(found: Sequence[Found]) -> Graph:
    return graph_of_text(config_text(found))


def graph_of_text(text: str) -> Graph:
    return build([Text("t", text)], KEYS, need_secrets=True).checked()


def test_a_pipe_gets_one_line() -> None:
    lines = [plain(line) for line in short_lines(URLS, graph_of_text("models: {gpt: openai/gpt-4o-mini}"))]

    assert lines == ["llmgw serves gpt on http://127.0.0.1:4000/v1, http://[::1]:4000/v1"]


def test_a_file_is_named_and_a_star_is_a_word() -> None:
    lines = [plain(line) for line in short_lines(URLS[:1], graph_of(discover(NOBODY)), ("a.yaml", "b.yaml"))]

    assert lines == ["llmgw serves any model name on http://127.0.0.1:4000/v1, from a.yaml, b.yaml"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:4000", ["http://127.0.0.1:4000"]),
        ("http://192.0.2.7:4000", ["http://192.0.2.7:4000"]),
        ("http://0.0.0.0:4000", ["http://127.0.0.1:4000", "http://box:4000"]),
        ("https://[::]:4000", ["https://[::1]:4000", "https://box:4000"]),
    ],
)
def test_an_address_is_one_that_can_be_called(url: str, expected: list[str]) -> None:
    assert [*callable_urls([url], "box")] == expected


def test_each_found_thing_is_told_with_a_name_to_try() -> None:
    lines = [plain(line) for line in found_lines(discover(KEYS))]

    assert lines == [
        '  openai        OPENAI_API_KEY   openai/*, gpt-*   as in "gpt-4o-mini"',
        '  anthropic     ANTHROPIC_API_KEY   anthropic/*, claude-*   as in "claude-haiku-4-5"',
        "",
    ]


def test_the_simulator_is_told_loudly() -> None:
    text = "\n".join(plain(line) for line in found_lines(discover(NOBODY)))

    assert "NO PROVIDER WAS FOUND" in text
    assert "llmgw init" in text


def test_the_lines_to_paste_name_the_place_and_a_model() -> None:
    text = "\n".join(plain(line) for line in client_lines("http://127.0.0.1:4000/v1", "chat"))

    assert f"export OPENAI_BASE_URL=http://127.0.0.1:4000/v1 OPENAI_API_KEY={ANY_KEY}" in text
    assert [name for name in ("curl", "LangChain", "Open WebUI", "Cursor") if name not in text] == []


def test_the_curl_line_is_one_that_a_shell_reads() -> None:
    curl = next(plain(line) for line in client_lines("http://h:1/v1", 'it"s') if "curl" in plain(line))
    words = shlex.split(curl)

    assert words[:2] == ["curl", "curl"]
    assert json.loads(words[-1])["model"] == 'it"s'


def test_the_example_is_a_name_that_is_served() -> None:
    found = discover(KEYS)
    graphs = {
        "chat": (graph_of(found), found),
        "gpt": (graph_of_text('models: {"gpt-*": openai/gpt-*, gpt: openai/gpt-4o}'), ()),
        "gpt-4o-mini": (graph_of(found[:1]), found[:1]),
        "any-name": (graph_of_text(chain_text("openai/gpt-4o-mini", ()).text), ()),
    }

    assert {name: example_model(*given) for name, given in graphs.items()} == {name: name for name in graphs}


def test_many_names_are_cut() -> None:
    names = [f"m{number:02}" for number in range(15)]
    text = "models: {" + ", ".join(f"{name}: openai/{name}" for name in names) + "}"

    assert shown_names(graph_of_text(text)) == ", ".join(names[:12]) + " and 3 more"


def test_a_newcomer_sees_all_of_it() -> None:
    found = discover(KEYS)
    text = "\n".join(plain(line) for line in long_lines(URLS, graph_of(found), (), found))

    assert [part for part in ("llmgw serves", "OPENAI_API_KEY   ", "curl", '"chat"') if part not in text] == []


def test_where_keys_are_needed_the_lines_have_a_place_for_one() -> None:
    graph = graph_of_text(f"models: {{gpt: simulator/x}}\nkeys: [{{name: k, sha256: {'a' * 64}}}]\n")
    text = "\n".join(plain(line) for line in long_lines(URLS, graph, (), ()))

    assert "OPENAI_API_KEY=YOUR_KEY" in text
    assert "-H 'authorization: Bearer YOUR_KEY'" in text
    assert f"={ANY_KEY} " not in text
