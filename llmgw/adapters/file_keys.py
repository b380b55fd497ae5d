"""The keys of the file behind the `Keys` port: they are in the graph, and change with it."""

from collections.abc import Mapping

from llmgw.graph.model import Graph
from llmgw.graph.principal import Principal
from llmgw.ports import Keys


class FileKeys:
    """Those of one graph."""

    def __init__(self, graph: Graph) -> None:
        self._by_digest: Mapping[str, Principal] = graph.digests
        self.needed = bool(graph.principals)

    async def find(self, digest: str) -> Principal | None:
        return self._by_digest.get(digest)


_: type[Keys] = FileKeys
