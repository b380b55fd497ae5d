"""LlamaIndex with its OpenAI model: an agent of its own making, before a provider of another vendor."""

import warnings
from typing import Any

import pytest

from tests.frameworks.agents import ANSWER, PROMPT, framework, gateway_before, ids_of, sent
from tests.partners.aimock import AimockControls

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the framework, not ours
    openai = framework("llama_index.llms.openai")
    workflow = framework("llama_index.core.agent.workflow")
    core_tools = framework("llama_index.core.tools")

pytestmark = pytest.mark.filterwarnings("default")
KNOWN = "gpt-4o-mini"  # it takes no name that it does not know


def get_weather(city: str, unit: str = "celsius") -> str:
    """The weather of a city, now."""
    return f"sunny in {city}, in {unit}"


def agent(url: str) -> Any:
    llm = openai.OpenAI(model=KNOWN, api_base=f"{url}/v1", api_key="any", max_retries=0)
    return workflow.FunctionAgent(tools=[core_tools.FunctionTool.from_defaults(get_weather)], llm=llm, streaming=True)


@pytest.mark.parametrize("column", ["openai_chat", "anthropic_messages", "gemini_generate", "cohere_chat"])
async def test_an_agent_finds_the_weather(aimock: AimockControls, column: str) -> None:
    async with gateway_before(aimock.url, column, name=KNOWN) as gateway:
        handler = agent(gateway.url).run(PROMPT)
        pieces = [event.delta async for event in handler.stream_events() if isinstance(event, workflow.AgentStream)]
        result = await handler
    first, second = await sent(aimock)
    calls, results = ids_of(second)

    assert ANSWER == str(result) == "".join(pieces)
    assert ([tool["function"]["name"] for tool in first.body["tools"]], first.body["stream"]) == (["get_weather"], True)
    assert (calls, 1) == (results, len(calls))
    assert [call.tool_kwargs for call in result.tool_calls] == [{"city": "Paris", "unit": "celsius"}]
