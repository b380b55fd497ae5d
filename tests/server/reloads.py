"""Reloads of parts of a running gateway."""

from llmgw.adapters.config_files import Text, build
from llmgw.server.running import Running


async def taken(running: Running, config: str) -> None:
    """A reload, as far as the memory has to do with it."""
    graph = build([Text("config.yaml", config)], {}, need_secrets=True).checked()
    await running.memory.take(graph)
    running.take(graph)
