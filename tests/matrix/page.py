"""docs/matrix.md: a mark per cell, a reason per gap, written from the declared table and from what a run came to."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from tests.matrix.bench import CLIENTS
from tests.matrix.columns import COLUMNS
from tests.matrix.features import FEATURES
from tests.matrix.gaps import GAPS, Gap, Kind, gap_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "matrix.md"
BEGIN = "<!-- from here on written by `UPDATE_GOLDEN=1 make matrix` -->\n"
WORKS, FAILS = "✓", "**fails**"
TITLES: Mapping[str, str] = {
    "openai_chat": "OpenAI Chat Completions",
    "openai_responses": "OpenAI Responses",
    "openai_completions": "OpenAI Completions (legacy)",
    "anthropic_messages": "Anthropic Messages",
    "gemini_generate": "Gemini generateContent",
    "bedrock_converse": "Bedrock Converse",
    "bedrock_invoke": "Bedrock Invoke (Claude)",
    "cohere_chat": "Cohere v2",
    "ollama_chat": "Ollama",
    "azure": "Azure OpenAI",
    "vertex": "Vertex AI (Gemini)",
    "vertex_anthropic": "Vertex AI (Claude)",
}


def write(failed: Collection[tuple[str, str, str]] = ()) -> None:
    prose = PAGE.read_text().partition(BEGIN)[0]
    PAGE.write_text(prose + BEGIN + tables(failed))


def tables(failed: Collection[tuple[str, str, str]] = ()) -> str:
    """One per client: a row per feature, a column per upstream; and the reasons by their numbers."""
    return "\n".join([*(line for client in CLIENTS for line in _table(client, failed)), *_reasons()]) + "\n"


def _table(client: str, failed: Collection[tuple[str, str, str]]) -> Iterator[str]:
    yield f"\n## {TITLES[client]} in front\n"
    yield f"| | {' | '.join(TITLES[column] for column in COLUMNS)} |"
    yield f"|---|{':-:|' * len(COLUMNS)}"
    for feature in FEATURES:
        marks = [_mark(gap_of(client, name, feature), (client, name, feature) in failed) for name in COLUMNS]
        yield f"| {feature} | {' | '.join(marks)} |"


def _mark(gap: Gap | None, has_failed: bool) -> str:
    if has_failed:
        return FAILS
    return WORKS if gap is None else f"{gap.kind.value} [{_numbers()[gap.kind, gap.reason, gap.names]}]"


def _numbers() -> dict[tuple[Kind, str, tuple[str, ...]], int]:
    told = dict.fromkeys((gap.kind, gap.reason, gap.names) for gap in GAPS)
    return {reason: number for number, reason in enumerate(told, 1)}


def _reasons() -> Iterator[str]:
    yield "\n## Reasons\n"
    for (kind, reason, names), number in _numbers().items():
        told = f" (named: {', '.join(f'`{name}`' for name in names)})" if names else ""
        yield f"{number}. {kind.value} {reason}{told}"
