"""Each call goes to the upstream of its target."""

from dataclasses import replace

from llmgw.adapters.config_files import Text, build
from llmgw.adapters.system import SystemClock
from llmgw.adapters.upstreams import Upstreams
from llmgw.ports import UpstreamCall
from tests.partners.behaviours import json_answer
from tests.partners.fault_upstream import FaultUpstream

CONFIG = """
providers:
  real: {{like: openai, base_url: "{url}", auth: none}}
  sim: {{like: simulator}}
models: {{real: real/m, sim: sim/m}}
"""
BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'


async def test_providers_over_http_and_the_simulator_within(upstream: FaultUpstream) -> None:
    graph = build([Text("config.yaml", CONFIG.format(url=upstream.url))], {}, need_secrets=True).checked()
    upstream.script(json_answer({"from": "afar"}))
    upstreams = Upstreams(SystemClock())
    sim, real = graph.targets["sim"], graph.targets["real"]
    call = UpstreamCall(sim, sim.wires[0].url, {}, BODY, 1.0, "0" * 28)
    other = replace(call, target=real, url=real.wires[0].url)
    async with upstreams.open(call) as near, upstreams.open(other) as afar:
        assert await afar.read() == b'{"from":"afar"}'
        assert b"chat.completion" in await near.read()
    await upstreams.retire([graph.targets["sim"].transport])
    await upstream.until(lambda: upstream.connections_open == 0)
    await upstreams.close()
