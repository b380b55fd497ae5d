"""What this machine could serve right now: providers whose key is in the environment, and a local Ollama.

What is found becomes a config text like any other: `serve` without a file builds it, `init` writes it down.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from llmgw.cli.ollama import PORT, Ollama, find_ollama
from llmgw.cli.yaml_text import quoted
from llmgw.providers.catalog import SIMULATOR, rows

# Families of models that people ask for by their bare name, and one of each for examples. A chain is in this order.
_FAMILIES: Mapping[str, tuple[str, str]] = {
    "openai": ("gpt-*", "gpt-4o-mini"),
    "anthropic": ("claude-*", "claude-haiku-4-5"),
    "gemini": ("gemini-*", "gemini-2.5-flash"),
    "mistral": ("mistral-*", "mistral-small-latest"),
    "deepseek": ("deepseek-*", "deepseek-chat"),
    "xai": ("grok-*", "grok-4"),
}
# Keys to a whole cloud: that one of them is set is no sign that somebody wants to call models with it.
_KEYS_OF_MORE = frozenset(
    {"DIGITALOCEAN_ACCESS_TOKEN", "GITHUB_TOKEN", "SCW_SECRET_KEY", "VULTR_API_KEY", "WANDB_API_KEY"}
)
# Rows whose base URL is the customer's own, and the variable it is usually in.
_BASE_URL_ENV: Mapping[str, str] = {"azure": "AZURE_OPENAI_ENDPOINT"}
CHAIN = "chat"  # the route over all that was found
_OLLAMA = "ollama"
_SECOND = ("-openai", "-text", "-v1", "-generate")
_OLLAMA_USUAL_URL = f"http://127.0.0.1:{PORT}"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that can be called.

    `by` is the sign of it, `models` are public names and what they lead to, `example` is a name to try, `settings` is
    what its entry under `providers` says beyond the catalogue.
    """

    provider: str
    by: str
    models: Mapping[str, str]
    example: str
    settings: Mapping[str, str]

    @property
    def is_simulator(self) -> bool:
        return self.provider == SIMULATOR


def discover(env: Mapping[str, str]) -> tuple[Found, ...]:
    """Everything found, the families first; the simulator if there is nothing else."""
    found = [*_with_keys(env)]
    ollama = find_ollama(env)
    if ollama is not None:
        found.append(of_ollama(ollama))
    return tuple(found) or (Found(SIMULATOR, "nothing else was found", {"*": f"{SIMULATOR}/*"}, "any-name", {}),)


def _with_keys(env: Mapping[str, str]) -> Iterator[Found]:
    by_name = {row.name: row for row in rows()}
    for name in dict.fromkeys((*_FAMILIES, *by_name)):
        row = by_name[name]
        if row.key_env in _KEYS_OF_MORE or not env.get(row.key_env) or _is_second(name, by_name):
            continue
        base_url_env = _BASE_URL_ENV.get(name, "")
        if not row.base_url and not env.get(base_url_env):
            continue
        settings = {} if row.base_url else {"base_url": f"${{{base_url_env}}}"}
        family, example = _FAMILIES.get(name, ("", ""))
        short = {family: f"{name}/{family}"} if family else {}
        yield Found(name, row.key_env, {f"{name}/*": f"{name}/*"} | short, example or f"{name}/MODEL", settings)


def _is_second(name: str, rows_by_name: Collection[str]) -> bool:
    """Whether it is only the OpenAI-compatible, or the older, API of a provider that is called by its own."""
    return any(name.endswith(end) and name.removesuffix(end) in rows_by_name for end in _SECOND)


def of_ollama(ollama: Ollama) -> Found:
    """A local Ollama: any model, and those it has pulled under their own names, so that clients can list them."""
    pulled = {model: f"{_OLLAMA}/{model}" for model in ollama.models if model != CHAIN}
    settings = {} if ollama.base_url == _OLLAMA_USUAL_URL else {"base_url": ollama.base_url}
    by = f"Ollama at {ollama.base_url}"
    example = next((model for model in pulled if "embed" not in model), f"{_OLLAMA}/MODEL")
    return Found(_OLLAMA, by, {f"{_OLLAMA}/*": f"{_OLLAMA}/*"} | pulled, example, settings)


def config_text(found: Iterable[Found]) -> str:
    """The file that serves all of it, with comments for the one who goes on from there."""
    everything = tuple(found)
    sections = [_HEAD, *_providers(everything), *_models(everything), *_routes(everything)]
    return "\n".join(sections) + "\n"


_HEAD = """\
# llmgw's config: which models there are, and what happens when one fails.
#
#   llmgw validate llmgw.yaml                  finds every mistake, with its place
#   llmgw test-route llmgw.yaml --model NAME   shows what a request would do, and calls nothing
#   llmgw serve llmgw.yaml                     serves it at http://127.0.0.1:4000/v1
"""


def _providers(found: tuple[Found, ...]) -> Iterator[str]:
    differing = [one for one in found if one.settings]
    if differing:
        yield "providers:"
    for one in differing:
        settings = ", ".join(f"{key}: {quoted(value)}" for key, value in one.settings.items())
        yield f"  {one.provider}: {{{settings}}}\n"


def _models(found: tuple[Found, ...]) -> Iterator[str]:
    yield "# The name that clients ask for, and the provider/model that answers. A star stands for any name."
    yield "models:"
    for one in found:
        yield f"  # {_because(one)}"
        for name, target in one.models.items():
            yield f"  {quoted(name)}: {quoted(target)}"


def _because(found: Found) -> str:
    if found.is_simulator:
        return "No provider's key is set and no Ollama runs here: the built-in simulator answers, whatever is asked."
    return found.by if found.provider == _OLLAMA else f"{found.by} is set"


def _routes(found: tuple[Found, ...]) -> Iterator[str]:
    """A chain over all of which we know a model, if it is more than one."""
    chain = [f"{one.provider}/{one.example}" for one in found if one.example in one.models or one.provider in _FAMILIES]
    if len(chain) < 2:
        yield _ROUTES_EXAMPLE
        return
    yield "\n# In order: the next one answers when the one before fails."
    yield "routes:"
    yield f"  {CHAIN}: {{fallback: [{', '.join(quoted(target) for target in chain)}]}}"
    yield "\n# Run by `llmgw validate`: nothing is called."
    yield "tests:"
    outage = f"fail: {{{quoted(chain[0])}: overloaded}}"
    expected = ", ".join(quoted(target) for target in chain[:2])
    yield f"  - {{name: the next one answers, request: {{model: {CHAIN}}}, {outage}, expect: [{expected}]}}"


_ROUTES_EXAMPLE = """
# In order: the next one answers when the one before fails.
# routes:
#   chat: {fallback: [openai/gpt-4o-mini, anthropic/claude-haiku-4-5]}"""
