"""`llmgw test-route --graph`: the whole page, and names that could break out of a notation."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.machine import called

CONFIG = """\
models:
  gpt: simulator/gpt
  claude: {target: simulator/claude, retry: {attempts: 1}}
routes:
  chat: {fallback: [gpt, {use: claude, on_failure: [timeout]}], deadline: 2m}
  tiered: {when: [{if: 'metadata.tier == "free"', use: shared}, {use: chat}]}
  shared: {pool: [gpt, {use: claude, weight: 3}]}
  "any-*": {fallback: [simulator/*]}
"""
TREES = """\
defaults  connect 5s, first_token 1m, idle 1m, total 10m · attempts 2 · deadline 10m, max_attempts 6

chat  deadline 2m · fallback
├─ gpt  simulator/gpt
└─ claude  on_failure timeout · attempts 1 · simulator/claude

tiered  when
├─ shared  if metadata.tier == "free" · pool, see shared
└─ chat  else · deadline 2m · fallback, see chat

shared  pool
├─ gpt  weight 1 (25%) · simulator/gpt
└─ claude  weight 3 (75%) · attempts 1 · simulator/claude

any-*  fallback
└─ simulator/*  simulator/*
"""
MERMAID = """\
flowchart LR
  n0{"tiered<br/>when"}
  n1(["shared<br/>pool"])
  n2("gpt<br/>simulator/gpt")
  n3("claude<br/>simulator/claude")
  n4["chat<br/>fallback"]
  n0 -->|"1 · if metadata.tier == #quot;free#quot;"| n1
  n0 -->|"2 · else<br/>deadline 2m"| n4
  n1 -->|"weight 1 (25%)"| n2
  n1 -->|"weight 3 (75%)<br/>attempts 1"| n3
  n4 -->|"1"| n2
  n4 -->|"2 · on_failure timeout<br/>attempts 1"| n3
  r0>"tiered"] --> n0
"""
DOT = """\
digraph llmgw {
  rankdir=LR;
  n0 [shape=ellipse, label="shared\\npool"];
  n1 [shape=cylinder, label="gpt\\nsimulator/gpt"];
  n2 [shape=cylinder, label="claude\\nsimulator/claude"];
  n0 -> n1 [label="weight 1 (25%)"];
  n0 -> n2 [label="weight 3 (75%)\\nattempts 1"];
  r0 [shape=cds, label="shared"];
  r0 -> n0;
}
"""
ODD = """\
models:
  'a"];b<i>&#c`\\': simulator/a
routes:
  'r"x"\\': {when: [{if: 'metadata.a == "\\"]" || model < "&"', use: 'a"];b<i>&#c`\\'}, {use: simulator/b}]}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "llmgw.yaml"
    file.write_text(CONFIG)
    return str(file)


def drawn(config: str, *args: str) -> str:
    result = called("test-route", config, *args)

    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.parametrize("flag", [["--graph"], ["--graph", "text"], ["--graph=text"]])
def test_every_name_has_its_tree_and_what_is_shared_is_told_once(config: str, flag: list[str]) -> None:
    assert drawn(config, *flag) == TREES


def test_the_file_may_follow_the_flag(config: str) -> None:
    assert called("test-route", "--graph", config).stdout == TREES


def test_what_one_name_leads_to_is_unfolded_where_it_stands(config: str) -> None:
    assert drawn(config, "--graph", "--model", "tiered").splitlines()[2:] == [
        "tiered  when",
        '├─ shared  if metadata.tier == "free" · pool',
        "│  ├─ gpt  weight 1 (25%) · simulator/gpt",
        "│  └─ claude  weight 3 (75%) · attempts 1 · simulator/claude",
        "└─ chat  else · deadline 2m · fallback",
        "   ├─ gpt  simulator/gpt",
        "   └─ claude  on_failure timeout · attempts 1 · simulator/claude",
    ]


def test_a_name_is_drawn_by_its_pattern(config: str) -> None:
    assert drawn(config, "--graph", "-m", "any-7").splitlines()[2] == "any-*  fallback"


def test_what_stands_in_a_tree_twice_is_named_the_second_time(tmp_path: Path) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text(CONFIG + "  twice: {when: [{if: request.tools, use: shared}, {use: shared}]}\n")

    assert drawn(str(file), "--graph", "-m", "twice").splitlines()[3:] == [
        "├─ shared  if request.tools · pool",
        "│  ├─ gpt  weight 1 (25%) · simulator/gpt",
        "│  └─ claude  weight 3 (75%) · attempts 1 · simulator/claude",
        "└─ shared  else · pool, see shared",
    ]


def test_mermaid(config: str) -> None:
    assert drawn(config, "--graph", "mermaid", "--model", "tiered") == MERMAID


def test_dot(config: str) -> None:
    assert drawn(config, "--graph", "dot", "--model", "shared") == DOT


def test_no_name_breaks_out_of_mermaid(tmp_path: Path) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text(ODD)
    told = drawn(str(file), "--graph", "mermaid")

    assert '  n1("a#quot;];b#lt;i#gt;#amp;#35;c#96;#92;<br/>simulator/a")\n' in told
    assert {line.count('"') for line in told.splitlines()[1:]} == {2}


def test_graphviz_reads_what_is_drawn_for_it(config: str, tmp_path: Path) -> None:
    odd = tmp_path / "odd.yaml"
    odd.write_text(ODD)
    graphs = [drawn(config, "--graph", "dot"), drawn(str(odd), "--graph", "dot")]
    if shutil.which("dot") is None:
        pytest.skip("NO GRAPHVIZ: what --graph dot draws is NOT read by dot")

    for graph in graphs:
        subprocess.run(["dot", "-Tsvg"], input=graph, text=True, check=True, capture_output=True, timeout=30)


def test_what_has_left_the_graph_is_told_and_can_be_assumed(tmp_path: Path) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text(CONFIG + "  more: {fallback: [gpt, openai/gpt-4o]}\nproviders: {openai: {optional: true}}\n")
    gone = "openai/gpt-4o  left the graph: "

    assert gone in called("test-route", str(file), "--graph").stdout
    assert gone not in called("test-route", str(file), "--graph", "--assume-keys").stdout


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--graph=png"], "is text, mermaid or dot"),
        (["--graph", "--all"], "leave out --all"),
        (["--graph", "--json"], "leave out --all"),
        (["--graph", "--fail", "gpt=timeout"], "leave out --all"),
        (["--graph", "--model", "nope"], "nobody may ask for nope"),
    ],
)
def test_wrong_usage_says_what_is_wrong(config: str, args: list[str], expected: str) -> None:
    result = called("test-route", config, *args)

    assert result.returncode == 2
    assert expected in result.stderr
