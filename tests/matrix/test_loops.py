"""One agent's loop over several providers: what one has signed goes back to nobody but him, untouched; ids survive."""

from itertools import permutations
from random import Random
from typing import Any

import pytest

from tests.matrix.bench import CLIENTS
from tests.matrix.columns import COLUMNS
from tests.matrix.features import HELLO, PARIS, SIGNATURE, THOUGHTS
from tests.matrix.test_matrix import Bench, Scripted, bench
from tests.matrix.words import TOOLS, Ask, Reply

__all__ = ["bench"]

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
]

# Who signs, and for whom his word counts: Claude is the same wherever it runs, and so is Gemini.
FAMILIES = {
    "openai_responses": "openai",
    "anthropic_messages": "anthropic",
    "bedrock_converse": "anthropic",
    "bedrock_invoke": "anthropic",
    "vertex_anthropic": "anthropic",
    "gemini_generate": "google",
    "vertex": "google",
}
OTHERS = ["openai_chat", "cohere_chat", "ollama_chat", "azure"]
THINKS = Ask(tools=True, thinks=True)
SIGNED = Reply(thoughts=THOUGHTS, signature=SIGNATURE, calls=(PARIS,), finish=TOOLS)
QUICK = 14
SEED = 11


def loops() -> list[Any]:
    """From whoever signs to whoever goes on: all of them, of which some are quick."""
    ways = [*permutations(FAMILIES, 2), *((signs, goes_on) for signs in FAMILIES for goes_on in OTHERS)]
    told = [(client, *way) for client in CLIENTS if client != "openai_completions" for way in ways]
    quick = set(Random(SEED).sample(told, QUICK))
    return [
        pytest.param(*one, id="-".join(one), marks=() if one in quick else pytest.mark.slow)
        for one in told
    ]  # fmt: skip


@pytest.mark.parametrize(("client", "issuer", "other"), loops())
@pytest.mark.parametrize("streamed", [False, True], ids=["at_once", "streamed"])
async def test_a_signature_goes_back_to_its_issuer_alone(
    bench: Bench, client: str, issuer: str, other: str, streamed: bool
) -> None:
    """The same history goes to another provider, and then to the issuer once more."""
    first, second = Scripted(client, issuer, bench), Scripted(client, other, bench)
    told = await first.ask(Ask(tools=True, thinks=True, stream=streamed), SIGNED)
    history = Ask(tools=True, thinks=True, stream=streamed, after=told, results=("sunny",))
    elsewhere = await second.ask(history, HELLO)
    again = await first.ask(history, HELLO)
    is_kin = FAMILIES[issuer] == family_of(client, other)

    assert (elsewhere.failure, again.failure) == (None, None)
    assert first.got().signatures == [SIGNATURE]
    assert ([SIGNATURE] if is_kin else []) == own_signatures(second)
    assert "llmgw." not in str(second.body())
    assert is_kin or SIGNATURE not in str(second.body())
    assert (
        [id_ for id_, _ in first.got().calls],
        [id_ for id_, _ in first.got().results],
    ) == (["call_1"], ["call_1"])
    assert [id_ for id_, _ in second.got().calls] in (["call_1"], [""])


def family_of(client: str, column: str) -> str:
    """Who is asked in Responses, by callers who speak it, is taken for one who can read what OpenAI has signed."""
    is_forwarded = client == "openai_responses" and "/responses" in COLUMNS[column].beside
    return "openai" if is_forwarded else FAMILIES.get(column, "")


def own_signatures(cell: Scripted) -> list[str]:
    return [one for one in cell.got().signatures if one != PASS_FOR_GEMINI]


PASS_FOR_GEMINI = "skip_thought_signature_validator"  # Google's word for a call that it has not signed
