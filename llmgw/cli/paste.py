"""What `serve` says when it is ready: where, which names, and the lines to paste into a client.

On standard error, so that the log on standard output stays what it is.
"""

import json
import shlex
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from llmgw.cli.discover import CHAIN, Found
from llmgw.cli.render import Line, Piece
from llmgw.graph.model import STAR, Graph

NAMES_SHOWN_MAX = 12
# Without `keys` in the file any key will do, but SDKs insist on one.
ANY_KEY = "llmgw"
OWN_KEY = "YOUR_KEY"
ANY = "any model name"
_WIDTH = 14


def base_url(url: str) -> str:
    """What clients call the base URL."""
    return f"{url.rstrip('/')}/v1"


def callable_urls(urls: Sequence[str], machine: str) -> tuple[str, ...]:
    """Addresses that can be called: `0.0.0.0` is loopback to this machine, and a name to the others."""
    return tuple(url for listening in urls for url in _callable(listening, machine))


def _callable(url: str, machine: str) -> Iterator[str]:
    parts = urlsplit(url)
    address = ip_address(parts.hostname or "")
    if address.is_unspecified:
        yield f"{parts.scheme}://{'127.0.0.1' if address.version == 4 else '[::1]'}:{parts.port}"
        yield f"{parts.scheme}://{machine}:{parts.port}"
    else:
        yield url


def short_lines(urls: Sequence[str], graph: Graph, files: Sequence[str] = ()) -> Iterator[Line]:
    """Where, which names, and by which file: for a pipe."""
    at = (", ".join(base_url(url) for url in urls), "bold")
    yield ("llmgw serves ", (shown_names(graph), "cyan"), " on ", at, f", from {', '.join(files)}" if files else "")


def long_lines(urls: Sequence[str], graph: Graph, files: Sequence[str], found: Sequence[Found]) -> Iterator[Line]:
    """The same, what was found, and what to paste: for whoever has just typed `llmgw serve`."""
    yield ()
    yield from short_lines(urls, graph, files)
    yield ()
    yield from found_lines(found)
    key = OWN_KEY if graph.principals else ANY_KEY
    yield from client_lines(base_url(urls[0]), example_model(graph, found), key)
    yield ()


def shown_names(graph: Graph) -> str:
    """The names that clients may ask for, as many as fit on a line."""
    names = [ANY if name == STAR else name for name in graph.names_and_patterns()]
    more = len(names) - NAMES_SHOWN_MAX
    return ", ".join(names[:NAMES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def example_model(graph: Graph, found: Sequence[Found]) -> str:
    """A name that works in an example: the chain if there is one, else the first exact name, else one that fits."""
    if CHAIN in graph.routes or not graph.names_and_patterns():
        return CHAIN
    examples = [one.example for one in found if graph.resolve(one.example)]
    exact = next(iter(graph.routes), None)
    return exact or next(iter(examples), None) or graph.patterns[0].route.name.replace(STAR, "any-name")


def found_lines(found: Sequence[Found]) -> Iterator[Line]:
    """One line for each thing that was found, and a loud one if it was nothing."""
    for one in found:
        if one.is_simulator:
            yield from _SIMULATED
        else:
            told = f"{', '.join(list(one.models)[:4])}   as in "
            yield (_label(one.provider), (one.by, "green"), "   ", told, (json.dumps(one.example), "cyan"))
    if found:
        yield ()


_SIMULATED: tuple[Line, ...] = (
    (("NO PROVIDER WAS FOUND: the built-in simulator answers, with made-up text.", "bold yellow"),),
    ("For real answers set OPENAI_API_KEY, ANTHROPIC_API_KEY, … or start Ollama, and serve again; or write a file:",),
    (("llmgw init", "bold"),),
)


def client_lines(base: str, model: str, key: str = ANY_KEY) -> Iterator[Line]:
    """The lines for each client, ready to copy."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
    exports = f"export OPENAI_BASE_URL={base} OPENAI_API_KEY={key}"
    yield (_label("OpenAI SDKs"), exports, ("   # Python and Node read both", "dim"))
    yield (_label(""), f"client.chat.completions.create(model={json.dumps(model)}, messages=[…])")
    anthropic = base.removesuffix("/v1")
    yield (_label("Anthropic"), f"export ANTHROPIC_BASE_URL={anthropic} ANTHROPIC_API_KEY={key}")
    shown = "" if key == ANY_KEY else f" -H 'authorization: Bearer {key}'"
    curl = f"curl {base}/chat/completions -H 'content-type: application/json'{shown} -d {shlex.quote(body)}"
    yield (_label("curl"), curl)
    yield (_label("LangChain"), f'ChatOpenAI(model={json.dumps(model)}, base_url="{base}", api_key="{key}")')
    yield (_label("Open WebUI"), f"OPENAI_API_BASE_URL={base} OPENAI_API_KEY={key} open-webui serve")
    yield (
        _label("Cursor"),
        f"Settings, Models: OpenAI API key {key}, override OpenAI base URL {base}, add model {model}",
    )
    yield (_label(""), ("(Cursor calls from its own servers: it needs a URL that they can reach)", "dim"))


def _label(text: str) -> Piece:
    return (f"  {text:<{_WIDTH}}", "bold")
