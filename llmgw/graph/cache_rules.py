"""The cache rules of the file as decisions see them: which requests, for whom, how alike, and for how long."""

from dataclasses import dataclass
from enum import StrEnum

from llmgw.graph.condition import Condition
from llmgw.graph.route import Target


class Mode(StrEnum):
    """How alike two requests have to be."""

    EXACT = "exact"
    SEMANTIC = "semantic"  # their last question may be said in other words


@dataclass(frozen=True, slots=True)
class Embedding:
    """What turns a question into a vector: a target, or a model that runs in this process (`local/NAME`)."""

    name: str  # as the file says it
    target: Target | None = None  # None: local


@dataclass(frozen=True, slots=True)
class CacheRule:
    """The first one that is about a request decides.

    `each` are the names of the vocabulary whose values are a scope: nobody gets what was answered in another one.
    Without any it is for everyone.
    """

    name: str
    ttl_s: float
    each: tuple[str, ...] = ("key",)
    models: tuple[str, ...] | None = None  # globs on the name asked for
    match: Condition | None = None
    mode: Mode = Mode.EXACT
    threshold: float = 0.90  # cosine: at least so alike; what is nearly the same is for the slots to tell
    embedding: Embedding | None = None
    slots: bool = True  # numbers, names and dates in the question must agree
    keep_fallback: bool = False  # also what was reached by fallback or `on_exceeded`
    keep_tool_calls: bool = False  # also answers that call tools
    keep_variety: bool = False  # also what asks for more than one answer, or for unusual ones


@dataclass(frozen=True, slots=True)
class CacheRules:
    """All of a file, in its order. `store` None: memory; else the path of a SQLite file."""

    rules: tuple[CacheRule, ...] = ()
    max_bytes: int = 256 * 1024 * 1024
    store: str | None = None


NO_CACHE = CacheRules()
