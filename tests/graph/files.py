"""Config texts through the whole pipe, for tests of what comes out of it."""

from collections.abc import Mapping

from llmgw.config.load import load
from llmgw.config.problems import Severity
from llmgw.graph.compile import Compiled, compile_graph
from llmgw.graph.model import Graph, Node

MODELS = "models: {gpt: simulator/gpt, claude: simulator/claude, local: simulator/local}\n"


def no_file(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


def compiled(text: str, env: Mapping[str, str] | None = None, *, need_secrets: bool = False) -> Compiled:
    return compile_graph(load([("a.yaml", text)], env or {}, no_file), env or {}, need_secrets=need_secrets)


def problems(text: str, env: Mapping[str, str] | None = None, *, need_secrets: bool = False) -> list[str]:
    """What loading and compiling say, without the file's name; what has no price is told in tests of its own."""
    loaded = load([("a.yaml", text)], env or {}, no_file)
    found = [*loaded.problems, *compile_graph(loaded, env or {}, need_secrets=need_secrets).problems]
    return [str(problem).removeprefix("a.yaml:") for problem in found if "no price is known" not in problem.message]


def sound(text: str, env: Mapping[str, str] | None = None) -> Graph:
    """The graph of a text without errors."""
    result = compiled(text, env)
    assert [str(problem) for problem in result.problems if problem.severity is Severity.ERROR] == []
    return result.graph


def node(text: str, name: str) -> Node:
    resolved = sound(text).resolve(name)
    assert resolved is not None
    return resolved.route.node
