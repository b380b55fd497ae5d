"""`llmgw cache tune`: pairs of questions labelled same or different, and what each threshold would make of them."""

import asyncio
import csv
import io
import math
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import typer

from llmgw.adapters.config_files import Text, build
from llmgw.adapters.local_embedder import LocalEmbedder, fault
from llmgw.adapters.system import SystemClock
from llmgw.adapters.target_embedder import TargetEmbedder
from llmgw.adapters.upstreams import Upstreams
from llmgw.cli.env_file import environment
from llmgw.cli.render import Line, count, show, show_json, show_table
from llmgw.cli.sources import named, sources
from llmgw.errors import EmbeddingError
from llmgw.graph.model import Target
from llmgw.policy import slots
from llmgw.ports import Embedder
from llmgw.providers.embedding_libraries import LOCAL

PAIRS_MAX = 20_000
FILE_BYTES_MAX = 64 * 1024 * 1024
AT_ONCE_MAX = 8
EMBED_S_MAX = 30.0  # nobody waits for an answer here
THRESHOLDS = tuple(hundredths / 100 for hundredths in range(80, 100))
PRECISION_MIN = 0.99
RECALL_SPARED = 0.01  # so much of it a higher threshold, which is on the safe side, may cost
_TUNED = "llmgw-tune"  # the model that --embed becomes
_YES, _NO = frozenset({"true", "1", "yes", "same"}), frozenset({"false", "0", "no", "different"})


class Pair(msgspec.Struct, frozen=True):
    """`same`: an answer to the one is an answer to the other."""

    a: str
    b: str
    same: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """`likeness` is the cosine; `agrees`: the slot check found no difference, or was not asked."""

    same: bool
    likeness: float
    agrees: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one threshold: how many pairs would count as the same, how many of them wrongly, and how many should."""

    threshold: float
    found: int
    wrong: int
    same: int

    @property
    def precision(self) -> float | None:
        return (self.found - self.wrong) / self.found if self.found else None

    @property
    def recall(self) -> float:
        return (self.found - self.wrong) / self.same if self.same else 0.0


def tune(
    file: Path, configs: Sequence[str] | None, env_file: Path | None, embed: str, *, check_slots: bool, as_json: bool
) -> int:
    """0 if there is a threshold to recommend. Raises ConfigError, and BadParameter for what cannot be read."""
    pairs = read_pairs(file)
    vectors = asyncio.run(_vectors(pairs, embed, configs, env_file))
    if isinstance(vectors, str):
        show([((vectors, "bold red"),)], sys.stderr)
        return 1
    table = qualities(scored(pairs, vectors, check_slots=check_slots))
    best = recommended(table)
    if as_json:
        show_json(_json(embed, pairs, table, best, check_slots=check_slots), sys.stdout)
    else:
        show_table(["threshold", "precision", "recall", "wrong"], [_row(one, best) for one in table], sys.stdout)
        show(_end_lines(pairs, table, best), sys.stdout)
    return 0 if best is not None else 1


# The pairs.


def read_pairs(file: Path) -> list[Pair]:
    """JSON lines, or CSV with a head. Raises BadParameter."""
    try:
        with file.open("rb") as opened:
            text = opened.read(FILE_BYTES_MAX + 1)
        pairs = list(_of_csv(text.decode()) if file.suffix.lower() == ".csv" else _of_lines(text))
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(f"{file}: {getattr(error, 'strerror', None) or 'is not UTF-8'}") from None
    if len(text) > FILE_BYTES_MAX or len(pairs) > PAIRS_MAX:
        raise _unreadable(f"{file} has more than {PAIRS_MAX} pairs, or than {FILE_BYTES_MAX} bytes")
    if not any(pair.same for pair in pairs) or all(pair.same for pair in pairs):
        raise _unreadable(f"{file} needs pairs that are the same, and pairs that are not")
    return pairs


def _of_lines(text: bytes) -> Iterator[Pair]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield msgspec.json.decode(line, type=Pair)
            except msgspec.DecodeError as error:
                message = f'line {number}: {error}; one is {{"a": "…", "b": "…", "same": true}}'
                raise _unreadable(message) from None


def _of_csv(text: str) -> Iterator[Pair]:
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        word = (row.get("same") or "").strip().lower()
        a, b = row.get("a"), row.get("b")
        if a is None or b is None or word not in _YES | _NO:
            raise _unreadable(f"line {number}: its columns are a, b and same (true or false)")
        yield Pair(a, b, word in _YES)


def _unreadable(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="FILE")


# Their vectors.


async def _vectors(
    pairs: Sequence[Pair], embed: str, configs: Sequence[str] | None, env_file: Path | None
) -> Mapping[str, bytes] | str:
    """By text; or why there are none."""
    texts = sorted({text for pair in pairs for text in (pair.a, pair.b)})
    why = fault(embed)
    if why is not None:
        return why
    try:
        if embed.startswith(LOCAL):
            return await _by_model(texts, embed)
        return await _by_target(texts, _target(embed, configs, env_file))
    except EmbeddingError as error:
        return error.message


def _target(embed: str, configs: Sequence[str] | None, env_file: Path | None) -> Target:
    """A model of the file, or a provider and its model. Raises ConfigError."""
    env = environment(env_file)
    files = sources(named(configs))
    known = build(files, env, need_secrets=False).graph.targets.get(embed) if files else None
    if known is not None:
        return build(files, env, need_secrets=True).checked().targets[embed]
    asked = Text("--embed", f"models: {{{_TUNED}: {msgspec.json.encode(embed).decode()}}}")
    return build([*files, asked], env, need_secrets=True).checked().targets[_TUNED]


async def _by_model(texts: Sequence[str], name: str) -> Mapping[str, bytes]:
    embedder = LocalEmbedder(name, EMBED_S_MAX)
    try:
        await embedder.load()
        return {text: (await embedder.embed(text)).vector for text in texts}
    finally:
        await embedder.close()


async def _by_target(texts: Sequence[str], target: Target) -> Mapping[str, bytes]:
    upstreams = Upstreams(SystemClock())
    embedder = TargetEmbedder(target, upstreams, EMBED_S_MAX)
    turns = asyncio.Semaphore(AT_ONCE_MAX)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = {text: group.create_task(_one(embedder, text, turns)) for text in texts}
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    finally:
        await upstreams.close()
    return {text: task.result() for text, task in tasks.items()}


async def _one(embedder: Embedder, text: str, turns: asyncio.Semaphore) -> bytes:
    async with turns:
        return (await embedder.embed(text)).vector


# What they come to.


def scored(pairs: Sequence[Pair], vectors: Mapping[str, bytes], *, check_slots: bool) -> list[Scored]:
    """Each pair as the cache would see it."""
    return [
        Scored(
            pair.same,
            cosine(vectors[pair.a], vectors[pair.b]),
            not check_slots or slots.difference(pair.a, pair.b) is None,
        )
        for pair in pairs
    ]


def cosine(one: bytes, other: bytes) -> float:
    """Of vectors of length 1."""
    return math.fsum(x * y for x, y in zip(array("f", one), array("f", other), strict=True))


def qualities(pairs: Sequence[Scored], thresholds: Sequence[float] = THRESHOLDS) -> list[Quality]:
    """Of every threshold, the lowest first."""
    return [_quality(pairs, threshold) for threshold in thresholds]


def _quality(pairs: Sequence[Scored], threshold: float) -> Quality:
    found = [pair for pair in pairs if pair.agrees and pair.likeness >= threshold]
    return Quality(
        threshold,
        found=len(found),
        wrong=sum(not pair.same for pair in found),
        same=sum(pair.same for pair in pairs),
    )


def recommended(table: Sequence[Quality]) -> Quality | None:
    """Precise enough, with the most recall; of those with nearly as much of it the highest."""
    precise = [one for one in table if one.precision is not None and one.precision >= PRECISION_MIN]
    most = max((one.recall for one in precise), default=0.0)
    return next((one for one in reversed(precise) if one.recall >= most - RECALL_SPARED and one.recall), None)


# Telling.


def _row(one: Quality, best: Quality | None) -> list[str | tuple[str, str]]:
    cells = [f"{one.threshold:.2f}", "-" if one.precision is None else f"{one.precision:.3f}", f"{one.recall:.3f}"]
    return [(cell, "bold green" if one is best else "") for cell in [*cells, f"{one.wrong} of {one.found}"]]


def _end_lines(pairs: Sequence[Pair], table: Sequence[Quality], best: Quality | None) -> Iterator[Line]:
    yield (f"{count(len(pairs), 'pair')}, {table[0].same} of them the same",)
    if best is None:
        yield ((f"no threshold has a precision of {PRECISION_MIN:g}", "bold red"),)
        return
    yield (("recommended", "bold green"), f": threshold: {best.threshold:g}")


def _json(
    embed: str, pairs: Sequence[Pair], table: Sequence[Quality], best: Quality | None, *, check_slots: bool
) -> dict[str, object]:
    """The stable shape for programs; the command's help names its fields."""
    return {
        "embed": embed,
        "slots": check_slots,
        "pairs": len(pairs),
        "same": table[0].same,
        "recommended": None if best is None else best.threshold,
        "thresholds": [
            {
                "threshold": one.threshold,
                "precision": one.precision,
                "recall": one.recall,
                "found": one.found,
                "wrong": one.wrong,
            }
            for one in table
        ],
    }
