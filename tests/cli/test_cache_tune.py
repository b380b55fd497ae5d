"""`llmgw cache tune`: pairs of a file, vectors of a real (local) upstream, and what each threshold makes of them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import typer

from llmgw.cli import cache_tune
from llmgw.cli.cache_tune import Pair, Quality, Scored, qualities, read_pairs, recommended
from llmgw.errors import ConfigError
from tests.partners.embeddings_upstream import KEY, embedding

LINES = [
    {"a": "How do I reset my password?", "b": "How can I reset my password?", "same": True},
    {"a": "weather in Paris on 3 May", "b": "weather in Paris on 3 May please", "same": True},
    {"a": "weather in Paris on 3 May", "b": "weather in Paris on 4 May", "same": False, "kind": "date"},
    {"a": "flights from Paris to Rome", "b": "flights from Rome to Paris", "same": False},
]


def written(tmp_path: Path, lines: list[Any] = LINES) -> Path:
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


async def tuned(
    tmp_path: Path, embed: str = "words", *, check_slots: bool = True, as_json: bool = False, status: int = 200
) -> int:
    async with embedding() as upstream:
        upstream.status = status
        config = tmp_path / "llmgw.yaml"
        config.write_text(
            f'providers: {{p: {{like: openai, base_url: "{upstream.url}", api_key: {KEY}}}}}\n'
            "models: {words: p/bag}\n"
        )
        file = written(tmp_path)
        return await asyncio.to_thread(
            cache_tune.tune, file, [str(config)], None, embed, check_slots=check_slots, as_json=as_json
        )


@pytest.mark.parametrize("embed", ["words", "p/bag"])
async def test_it_recommends_a_threshold(tmp_path: Path, capsys: pytest.CaptureFixture[str], embed: str) -> None:
    code = await tuned(tmp_path, embed)
    told = capsys.readouterr().out.splitlines()

    assert code == 0
    assert told[0].split() == ["threshold", "precision", "recall", "wrong"]
    assert told[-2:] == ["4 pairs, 2 of them the same", "recommended: threshold: 0.83"]


async def test_without_slots_the_order_of_words_is_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = await tuned(tmp_path, check_slots=False, as_json=True)
    told = json.loads(capsys.readouterr().out)

    assert (code, told["recommended"], told["pairs"], told["same"], told["slots"]) == (1, None, 4, 2, False)
    assert told["thresholds"][-1] == {"threshold": 0.99, "precision": 0.0, "recall": 0.0, "found": 1, "wrong": 1}


async def test_an_upstream_that_fails_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = await tuned(tmp_path, status=500)

    assert code == 1
    assert capsys.readouterr().err.startswith("words: 500 ")


async def test_an_unknown_model_is_a_problem_of_the_flag(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--embed"):
        await tuned(tmp_path, "nobody/bag")


def test_a_table_may_be_csv(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text('a,b,same\n"x, y",z,true\nu,v,no\n')

    assert read_pairs(file) == [Pair("x, y", "z", same=True), Pair("u", "v", same=False)]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("p.jsonl", b'{"a":"x"}\n', "line 1: Object missing required field"),
        ("p.jsonl", b'\n{"a":"x","b":"y","same":1}\n', "line 2: Expected `bool`"),
        ("p.csv", b"a,b,same\nx,y,perhaps\n", "line 2: its columns are a, b and same"),
        ("p.csv", b"\xff", "is not UTF-8"),
        ("p.jsonl", b'{"a":"x","b":"y","same":true}\n', "needs pairs that are the same, and pairs that are not"),
        ("p.jsonl", b"", "needs pairs"),
    ],
)
def test_what_is_no_pair_is_told_with_its_place(tmp_path: Path, name: str, text: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(text)

    with pytest.raises(typer.BadParameter, match=expected):
        read_pairs(tmp_path / name)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="No such file"):
        read_pairs(tmp_path / "none.jsonl")


def test_precision_and_recall_are_of_what_is_found() -> None:
    pairs = [Scored(True, 0.9, True), Scored(True, 0.8, True), Scored(False, 0.9, True), Scored(False, 0.9, False)]
    low, high = qualities(pairs, [0.8, 0.95])

    assert (low.found, low.wrong, low.recall) == (3, 1, 1.0)
    assert low.precision == pytest.approx(2 / 3)
    assert (high.found, high.precision, high.recall) == (0, None, 0.0)


def test_of_nearly_equal_thresholds_the_safest_is_recommended() -> None:
    table = [
        Quality(0.80, found=1000, wrong=50, same=1000),
        Quality(0.85, found=900, wrong=5, same=1000),
        Quality(0.90, found=890, wrong=0, same=1000),
        Quality(0.95, found=500, wrong=0, same=1000),
    ]

    assert recommended(table) == table[2]
    assert recommended(table[:1]) is None
