"""LangChain's ChatOpenAI and ChatAnthropic, streaming with tools, each before providers of the other vendor."""

from typing import Any

import pytest

from tests.frameworks.agents import ANSWER, CALL_ID, PROMPT, framework, gateway_before, ids_of, sent
from tests.matrix.columns import COLUMNS
from tests.matrix.features import HELLO, PARIS, SIGNATURE, THOUGHTS
from tests.matrix.words import TOOLS, Reply
from tests.partners.aimock import AimockControls
from tests.partners.fault_upstream import FaultUpstream

langchain_openai = framework("langchain_openai")
langchain_anthropic = framework("langchain_anthropic")
messages = framework("langchain_core.messages")
tools = framework("langchain_core.tools")

pytestmark = pytest.mark.filterwarnings("default")  # of the frameworks, not ours


def weather(city: str, unit: str = "celsius") -> str:
    """The weather of a city, now."""
    return f"sunny in {city}, in {unit}"


get_weather = tools.tool("get_weather")(weather)


def chat_openai(url: str, model: str, **options: Any) -> Any:
    return langchain_openai.ChatOpenAI(base_url=f"{url}/v1", api_key="any", model=model, max_retries=0, **options)


def chat_anthropic(url: str, model: str, **options: Any) -> Any:
    return langchain_anthropic.ChatAnthropic(
        base_url=url, api_key="any", model=model, max_retries=0, **{"max_tokens": 4000, **options}
    )


def responses(url: str, model: str, **options: Any) -> Any:
    return chat_openai(url, model, use_responses_api=True, store=False, **options)


FRONTS = {"ChatOpenAI": chat_openai, "ChatOpenAI-responses": responses, "ChatAnthropic": chat_anthropic}


async def loop(model: Any, turns: list[Any]) -> Any:
    """Until the model calls no more tools; each turn streamed and put together as LangChain does it."""
    bound = model.bind_tools([get_weather])
    for _ in range(4):
        pieces = [piece async for piece in bound.astream(turns)]
        whole = sum(pieces[1:], pieces[0])
        turns.append(whole)
        if not whole.tool_calls:
            return whole
        turns += [
            messages.ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in whole.tool_calls
        ]
    raise AssertionError("the model calls tools without end")


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("column", ["openai_chat", "anthropic_messages", "gemini_generate", "cohere_chat"])
async def test_an_agent_finds_the_weather(aimock: AimockControls, front: str, column: str) -> None:
    async with gateway_before(aimock.url, column) as gateway:
        turns = [messages.HumanMessage(PROMPT)]
        whole = await loop(FRONTS[front](gateway.url, column), turns)
    first, second = await sent(aimock)

    assert (whole.text, len(turns)) == (ANSWER, 4)
    assert turns[1].tool_calls[0]["args"] == {"city": "Paris", "unit": "celsius"}
    assert [tool["function"]["name"] for tool in first.body["tools"]] == ["get_weather"]
    assert ids_of(second) in (([CALL_ID], [CALL_ID]), *([(calls, calls)] if (calls := ids_of(second)[0]) else []))


@pytest.mark.parametrize("column", ["anthropic_messages", "bedrock_converse", "bedrock_invoke", "vertex_anthropic"])
@pytest.mark.parametrize("front", ["ChatOpenAI-responses", "ChatAnthropic"])
async def test_what_claude_has_signed_comes_back_to_it(upstream: FaultUpstream, front: str, column: str) -> None:
    told = COLUMNS[column]
    thinking = Reply(thoughts=THOUGHTS, signature=SIGNATURE, calls=(PARIS,), finish=TOOLS)
    upstream.script(told.answers(thinking), told.answers(HELLO))
    wish: dict[str, dict[str, Any]] = {
        "ChatAnthropic": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        "ChatOpenAI-responses": {
            "reasoning": {"effort": "low", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
        },
    }
    async with gateway_before(upstream.url, column) as gateway:
        whole = await loop(FRONTS[front](gateway.url, column, **wish[front]), [messages.HumanMessage(PROMPT)])
    asked, again = (told.speech.read(request.json) for request in upstream.requests)

    assert (HELLO.text, True) == (whole.text, asked.thinks)
    assert again.signatures == [SIGNATURE]
    assert (again.calls, again.results[0][0]) == ([("call_1", "get_weather")], "call_1")


@pytest.mark.parametrize("column", ["openai_chat", "cohere_chat", "ollama_chat"])
async def test_it_is_left_out_elsewhere(upstream: FaultUpstream, second_upstream: FaultUpstream, column: str) -> None:
    """The first turn from Claude, the second one from somebody else."""
    claude, other = COLUMNS["anthropic_messages"], COLUMNS[column]
    upstream.script(claude.answers(Reply(thoughts=THOUGHTS, signature=SIGNATURE, calls=(PARIS,), finish=TOOLS)))
    second_upstream.script(other.answers(HELLO))
    thinking = {"type": "enabled", "budget_tokens": 1024}
    turns = [messages.HumanMessage(PROMPT)]
    async with gateway_before(upstream.url, "anthropic_messages") as gateway:
        bound = chat_anthropic(gateway.url, "anthropic_messages", thinking=thinking).bind_tools([get_weather])
        pieces = [piece async for piece in bound.astream(turns)]
    turns += [sum(pieces[1:], pieces[0]), messages.ToolMessage("sunny", tool_call_id="call_1")]
    async with gateway_before(second_upstream.url, column) as gateway:
        whole = await loop(chat_anthropic(gateway.url, column), turns)

    assert HELLO.text == whole.text
    assert SIGNATURE not in second_upstream.requests[0].body.decode()


MARK = {"cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize("column", ["anthropic_messages", "bedrock_converse", "bedrock_invoke", "vertex_anthropic"])
@pytest.mark.parametrize("front", ["ChatOpenAI", "ChatAnthropic"])
async def test_marks_of_the_cache_reach_claude(upstream: FaultUpstream, front: str, column: str) -> None:
    upstream.script(COLUMNS[column].answers(HELLO))
    turns = [
        messages.SystemMessage([{"type": "text", "text": "Be brief.", **MARK}]),
        messages.HumanMessage([{"type": "text", "text": "A long document", **MARK}, {"type": "text", "text": "Go on"}]),
    ]
    async with gateway_before(upstream.url, column) as gateway:
        answer = await FRONTS[front](gateway.url, column).ainvoke(turns)
    body = upstream.requests[0].json
    blocks = [*body["system"], *body["messages"][0]["content"]]
    marked = [number for number, block in enumerate(blocks) if "cache_control" in block or "cachePoint" in block]

    assert HELLO.text == answer.text
    assert ([1, 3] if column == "bedrock_converse" else [0, 1]) == marked
