"""Vercel's AI SDK, in Node: its OpenAI models (both kinds) and its Anthropic model, streaming with tools."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.frameworks.agents import ANSWER, PROMPT, gateway_before, ids_of, sent
from tests.matrix.columns import COLUMNS
from tests.matrix.features import HELLO, PARIS, SIGNATURE, THOUGHTS
from tests.matrix.words import TOOLS, Reply
from tests.partners.aimock import AimockControls
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.node import NodeUnavailableError, install, is_up_to_date, node_executable

HERE = Path(__file__).with_name("node")
RUN_S_MAX = 60.0
FRONTS = ["openai.chat", "openai.responses", "anthropic"]


@pytest.fixture(scope="module", autouse=True)
def ai_sdk() -> None:
    """Its packages, if `make frameworks` has put them there."""
    if not is_up_to_date(HERE):
        pytest.skip("NOT TESTED: the AI SDK of Vercel is not installed; run `make frameworks`")
    try:
        install(HERE)
    except NodeUnavailableError as error:
        pytest.skip(f"NOT TESTED, for want of Node: {error}")


async def play(url: str, front: str, model: str, **more: Any) -> Any:
    """What the script printed. A process that does not end in time is killed."""
    settings = {"provider": front, "baseURL": f"{url}/v1", "model": model, "prompt": PROMPT, **more}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        str(node_executable()), "ai_sdk.mjs", json.dumps(settings), cwd=HERE, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(RUN_S_MAX):
            printed, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complaints.decode()
    return json.loads(printed)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("column", ["openai_chat", "anthropic_messages", "gemini_generate", "cohere_chat"])
async def test_an_agent_finds_the_weather(aimock: AimockControls, front: str, column: str) -> None:
    # Its Responses model refers to thoughts by their id, unless it is told that nothing is stored; this one has some.
    options = {"openai": {"store": False}} if column == "cohere_chat" else {}
    async with gateway_before(aimock.url, column) as gateway:
        told = await play(gateway.url, front, column, providerOptions=options)
    _, second = await sent(aimock)
    calls, results = ids_of(second)
    first_step, last_step = told["steps"]

    assert (told["error"], told["text"]) == (None, ANSWER)
    assert (first_step["finishReason"], last_step["finishReason"]) == ("tool-calls", "stop")
    assert [call["input"] for call in first_step["calls"]] == [{"city": "Paris", "unit": "celsius"}]
    assert (calls, 1) == (results, len(calls))
    assert "tool-input-delta" in told["kinds"] or column == "gemini_generate"


@pytest.mark.parametrize("column", ["anthropic_messages", "bedrock_converse", "gemini_generate", "vertex_anthropic"])
@pytest.mark.parametrize("front", ["openai.responses", "anthropic"])
async def test_what_was_signed_comes_back_to_who_signed(upstream: FaultUpstream, front: str, column: str) -> None:
    told = COLUMNS[column]
    thinking = Reply(thoughts=THOUGHTS, signature=SIGNATURE, calls=(PARIS,), finish=TOOLS)
    upstream.script(told.answers(thinking), told.answers(HELLO))
    options = {
        "openai": {"reasoningEffort": "low", "reasoningSummary": "auto", "store": False, "forceReasoning": True},
        "anthropic": {"thinking": {"type": "enabled", "budgetTokens": 1024}},
    }
    async with gateway_before(upstream.url, column) as gateway:
        outcome = await play(gateway.url, front, column, providerOptions=options)
    asked, again = (told.speech.read(request.json) for request in upstream.requests)

    assert (None, HELLO.text) == (outcome["error"], outcome["text"])
    assert outcome["steps"][0]["reasoning"] == THOUGHTS
    assert (asked.thinks, again.signatures) == (True, [SIGNATURE])
