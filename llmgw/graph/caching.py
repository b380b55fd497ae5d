"""The cache rules of the file become rules as decisions see them; what is wrong with them, or of no use, is told."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from llmgw.config.files import cache_file, ledger_file
from llmgw.config.load import Loaded
from llmgw.config.model import CacheEntry, ConfigFile
from llmgw.config.problems import KeyPath, quoted
from llmgw.config.units import LONGEST, LONGEST_S
from llmgw.graph import globs
from llmgw.graph.cache_rules import CacheRule, CacheRules, Embedding, Mode
from llmgw.graph.condition import Condition, ConditionError, compile_condition
from llmgw.graph.limiting import EACH_WORDS
from llmgw.graph.names import Meaning
from llmgw.graph.patterns import STAR
from llmgw.graph.report import Report, did_you_mean
from llmgw.graph.route import Leaf, Node, Route, Target, children
from llmgw.graph.vocabulary import CHOSEN, OPEN_ROOTS, RULE_NAMES, TEXTS
from llmgw.providers.auth import CREDENTIAL_HEADERS
from llmgw.providers.embedding_libraries import LOCAL, lacking

EVERYONE = "everyone"
SIZE_MIN_BYTES = 64 * 1024  # an entry takes a sixteenth of it at the most: with less hardly an answer fits
THRESHOLD_LOW = 0.8  # below it, questions that only share a subject are alike

# What carries a credential, of whatever kind, is no fact: in every request it would read as nothing.
PRIVATE_HEADERS = frozenset({*CREDENTIAL_HEADERS, "x-llmgw-key", "cookie", "proxy-authorization"})
_OF_KEYS = frozenset({"key", "key.team", "key.user"})
# What may be shared by: who will answer is not known when the cache is asked.
SCOPES = tuple(name for name in TEXTS if name not in CHOSEN)
_NAMES = {name: default for name, default in RULE_NAMES.items() if name not in CHOSEN}
_SCOPE_WORDS = {
    **EACH_WORDS,
    **dict.fromkeys(("models", "route", "name"), "write model (the name asked for)"),
    **dict.fromkeys(("all", "global", "shared", "public", "none", "any", "*"), f"write {EVERYONE}"),
    **dict.fromkeys(CHOSEN, "who will answer is not known yet: write model (the name asked for), or take it out"),
}
_EMBED_EXAMPLE = "write embed: openai/text-embedding-3-small"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules refer to: targets by name, what a name means, and what callers may ask for."""

    targets: Mapping[str, Target]
    meaning: Callable[[str], Meaning | None]
    public: Mapping[str, Route]


def uses(config: ConfigFile) -> Iterator[tuple[KeyPath, str]]:
    """What turns questions into vectors, and where the file says so; but for what runs in this process."""
    for index, entry in enumerate(config.cache.rules):
        if entry.embed is not None and not entry.embed.startswith(LOCAL):
            yield ("cache", "rules", index, "embed"), entry.embed


def embedding(found: CacheRules) -> Iterator[tuple[KeyPath, Target]]:
    """The targets that turn questions into vectors, and where the file says so."""
    for index, rule in enumerate(found.rules):
        if rule.embedding is not None and rule.embedding.target is not None:
            yield ("cache", "rules", index, "embed"), rule.embedding.target


def rules(loaded: Loaded, around: Surroundings, report: Report) -> CacheRules:
    """All of the file; what is wrong with them is told."""
    section = loaded.config.cache
    compiler = _Compiler(loaded, around, report)
    _check_store(loaded, report)
    _check_size(loaded, report)
    found = tuple(compiler.rule(entry, ("cache", "rules", at)) for at, entry in enumerate(section.rules))
    return CacheRules(found, max_bytes=int(section.max_size), store=cache_file(section, loaded.source))


def _check_store(loaded: Loaded, report: Report) -> None:
    file = cache_file(loaded.config.cache, loaded.source)
    if file is not None and file == ledger_file(loaded.config.state, loaded.source):
        message = "this is the file of the ledger, which nothing else may write"
        report.error(("cache", "store"), message, "write sqlite:///cache.db")


def _check_size(loaded: Loaded, report: Report) -> None:
    if loaded.config.cache.max_size < SIZE_MIN_BYTES:
        message = "hardly an answer fits: one takes a sixteenth of this at the most"
        hint = "write 64KiB at the least, or 256MiB; without `rules` nothing is kept"
        report.error(("cache", "max_size"), message, hint)


class _Compiler:
    """Knows the rules that came before."""

    def __init__(self, loaded: Loaded, around: Surroundings, report: Report) -> None:
        self._config = loaded.config
        self._written = loaded.source.marks
        self._has_keys = bool(loaded.config.keys) or loaded.config.server.admin_key is not None
        self._has_keys |= any(path[:1] in (("keys",), ("server",), ()) for path in loaded.broken)
        self._around = around
        self._report = report
        self._before: list[CacheEntry] = []

    def rule(self, entry: CacheEntry, place: KeyPath) -> CacheRule:
        self._check_name(entry, place)
        self._check_reach(entry, place)
        self._check_ttl(entry, place)
        is_semantic = entry.mode == Mode.SEMANTIC.value
        embedding = self._embedding(entry, place) if is_semantic else None
        if is_semantic:
            self._check_threshold(entry, place)
        elif not self._report.is_broken((*place, "mode")):
            self._check_exact(entry, place)
        each = self._each(entry, place)
        self._check_sharing(entry, each, place)
        self._before.append(entry)
        rule = CacheRule(
            name=entry.name,
            ttl_s=min(float(entry.ttl), LONGEST_S),
            each=each,
            models=entry.models,
            match=self._condition(entry.match, (*place, "match")),
            mode=Mode(entry.mode),
            embedding=embedding,
            slots=entry.slots is not False,
            keep_fallback=entry.keep_fallback,
            keep_tool_calls=entry.tool_calls,
            keep_variety=entry.variety,
        )
        return rule if entry.threshold is None else replace(rule, threshold=entry.threshold)

    def _check_name(self, entry: CacheEntry, place: KeyPath) -> None:
        if any(other.name == entry.name for other in self._before):
            message = f"{quoted(entry.name)} is the name of another rule"
            self._report.error((*place, "name"), message, "choose another")

    def _check_reach(self, entry: CacheEntry, place: KeyPath) -> None:
        """The first rule that is about a request decides: what another takes whole, never comes here."""
        if self._report.is_broken((*place, "models")) or self._report.is_broken((*place, "match")):
            return
        for at, other in enumerate(self._before):
            there = (*place[:-1], at)
            is_sound = not (self._report.is_broken((*there, "match")) or self._report.is_broken((*there, "models")))
            if is_sound and _takes_all(other, entry):
                message = f"unreachable: {quoted(other.name)}, above it, is about all of these"
                self._report.warning((*place, "name"), message, "put it above that one, or take it out")
                return

    def _check_ttl(self, entry: CacheEntry, place: KeyPath) -> None:
        if entry.ttl > LONGEST_S:
            self._report.error((*place, "ttl"), "nothing is kept for so long", f"write {LONGEST} at the most")

    def _check_threshold(self, entry: CacheEntry, place: KeyPath) -> None:
        if entry.threshold is not None and entry.threshold < THRESHOLD_LOW:
            message = f"{entry.threshold:g} is low: questions that only share a subject are as alike as that"
            self._report.warning((*place, "threshold"), message, "`llmgw cache tune` shows what it would cost")

    def _check_exact(self, entry: CacheEntry, place: KeyPath) -> None:
        for key in ("threshold", "embed", "slots"):
            if getattr(entry, key) is not None:
                message = "is of no use: the rule is exact"
                self._report.warning((*place, key), message, "take it out, or write mode: semantic", at_key=True)

    def _condition(self, source: str | None, place: KeyPath) -> Condition | None:
        if source is None:
            return None
        try:
            return compile_condition(source, _NAMES)
        except ConditionError as error:
            self._report.error(place, str(error))
            return None

    # For whom.

    def _each(self, entry: CacheEntry, place: KeyPath) -> tuple[str, ...]:
        if entry.scope == (EVERYONE,):
            return ()
        each = tuple(name for at, name in enumerate(entry.scope) if self._is_scope(entry, at, (*place, "scope")))
        if each == entry.scope:
            self._check_keys(each, (*place, "scope"))
        return each or ("key",)  # what is wrong never means everyone

    def _is_scope(self, entry: CacheEntry, at: int, place: KeyPath) -> bool:
        name, where = entry.scope[at], (*place, at)
        root, _, member = name.partition(".")
        if name in entry.scope[:at]:
            self._report.error(where, f"{quoted(name)} is named before", "take it out")
        elif name == EVERYONE:
            self._report.error(where, f"`{EVERYONE}` stands alone", f"write scope: {EVERYONE}, or take it out")
        elif root == "headers" and member.lower() in PRIVATE_HEADERS:
            self._report.error(where, f"{quoted(name)}: headers with credentials are not known to rules", "write key")
        elif name in SCOPES or (root in OPEN_ROOTS and member):
            return True
        else:
            meant = _SCOPE_WORDS.get(name.lower()) or did_you_mean(name, (*SCOPES, EVERYONE))
            hint = meant or f"names: {', '.join(SCOPES)}, metadata.X, headers.X, or {EVERYONE}"
            self._report.error(where, f"{quoted(name)} is not a name that `scope` takes", hint)
        return False

    def _check_keys(self, each: tuple[str, ...], place: KeyPath) -> None:
        """Only where the file says so itself; with an admin key there may be keys that it does not know."""
        said = next((at for at, name in enumerate(each) if name in _OF_KEYS), None)
        if said is not None and place in self._written and not self._has_keys:
            message = "nobody has a key: all callers are one"
            self._report.warning((*place, said), message, "write ip, or add `keys`")

    def _check_sharing(self, entry: CacheEntry, each: tuple[str, ...], place: KeyPath) -> None:
        if each or self._report.is_broken((*place, "scope")) or entry.scope != (EVERYONE,):
            return
        for name, route in self._around.public.items():
            is_about = entry.models is None or any(globs.overlap(glob, name) for glob in entry.models)
            own = next((target for target in _targets(route.node) if target.client_auth), None) if is_about else None
            if own is not None:
                message = f"answers of {quoted(own.id)} are not shared: it is called with each caller's own credential"
                self._report.warning((*place, "scope"), message, "say which `models` the rule is about")
                return

    # What makes vectors.

    def _embedding(self, entry: CacheEntry, place: KeyPath) -> Embedding | None:
        where = (*place, "embed")
        if entry.embed is None:
            message = f"{quoted(entry.name)} is semantic, and has nothing that turns questions into vectors"
            if not self._report.is_broken(where):
                self._report.error(place, message, f"{_EMBED_EXAMPLE}, or mode: exact")
            return None
        if entry.embed.startswith(LOCAL):
            embedding = self._local(entry.embed, where)
        else:
            target = self._target(entry.embed, where)
            embedding = None if target is None else Embedding(entry.embed, target)
        if embedding is not None and (library := lacking(entry.embed)) is not None:
            self._report.error(where, library.message, library.install)
        return embedding

    def _local(self, name: str, where: KeyPath) -> Embedding | None:
        if name == LOCAL:
            self._report.error(where, "names no model", "as in local/BAAI/bge-small-en-v1.5")
            return None
        return Embedding(name)

    def _target(self, name: str, where: KeyPath) -> Target | None:
        meaning = self._around.meaning(name)
        if meaning is None:
            hint = did_you_mean(name, self._config.models) or _EMBED_EXAMPLE
            self._report.error(where, f"{quoted(name)} is neither a model of this file nor a provider's", hint)
            return None
        if meaning.name in self._config.routes:
            self._report.error(where, f"{quoted(name)} is a route, and vectors of two models cannot be compared", "")
            return None
        if STAR in name:
            self._report.error(where, f"{quoted(name)} has a star, and nothing here fills it", "name a single model")
            return None
        target = self._around.targets.get(meaning.name)
        if target is None:
            return None  # which has been told
        if not _embeds(target):
            self._report.error(where, f"no embeddings of {target.provider} are known here", _EMBED_EXAMPLE)
        return target.concrete(meaning.star) if meaning.star else target


def _takes_all(one: CacheEntry, other: CacheEntry) -> bool:
    """Whether every request that `other` is about is one that `one` is about."""
    if one.match is not None and one.match != other.match:
        return False
    if one.models is None:
        return True
    ours = one.models
    return other.models is not None and all(any(globs.matches(own, glob) for own in ours) for glob in other.models)


def _embeds(target: Target) -> bool:
    """Imported here: most files have no use for it."""
    from llmgw.providers.embeddings import wire_beside

    if target.transport.simulate is not None:
        return False
    return any(wire_beside(wire.dialect.name, wire.url) is not None for wire in target.wires)


def _targets(node: Node) -> Iterator[Target]:
    if isinstance(node, Leaf):
        yield node.target
    for child in children(node):
        yield from _targets(child)
