"""The cache of a file as rules, and everything that can be said against it at load."""

from importlib.machinery import ModuleSpec

import pytest

from llmgw.graph.cache_rules import NO_CACHE, CacheRule, CacheRules, Mode
from llmgw.graph.caching import PRIVATE_HEADERS, SCOPES, SIZE_MIN_BYTES
from llmgw.graph.condition import compile_condition
from llmgw.providers import embedding_libraries
from llmgw.server import shown
from tests.graph.files import MODELS, problems, sound

FILE = MODELS + "prices: {simulator/gpt: free, simulator/claude: free, simulator/local: free}\n"
OLLAMA = "ollama/nomic-embed-text"
KEYS = {"OPENAI_API_KEY": "sk-x", "ANTHROPIC_API_KEY": "sk-y"}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    absent("nothing", monkeypatch)


def absent(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that semantic rules need is there, but for this."""
    monkeypatch.setattr(
        embedding_libraries, "find_spec", lambda name: None if name == library else ModuleSpec(name, None)
    )


def cache(text: str, more: str = "") -> CacheRules:
    return sound(f"{FILE}{more}cache: {{{text}}}", KEYS).cache


def rule(text: str, more: str = "") -> CacheRule:
    (found,) = cache(f"rules: [{{name: n, ttl: 1h, {text}}}]", more).rules
    return found


def told(*entries: str, more: str = "") -> list[str]:
    text = f"{FILE}{more}cache:\n  rules:\n" + "".join(f"    - {{{entry}}}\n" for entry in entries)
    return [problem.partition(" cache.")[2] for problem in problems(text, KEYS)]


def test_a_file_without_a_cache_has_none() -> None:
    assert sound(FILE).cache == NO_CACHE


def test_a_rule_says_which_answers_are_kept_for_whom_and_how_long() -> None:
    found = rule(
        "models: [gpt, 'cl*'], match: 'metadata.tier == \"free\"', scope: [key.team, metadata.project], "
        "keep_fallback: true, tool_calls: true, variety: true"
    )

    assert found == CacheRule(
        name="n",
        ttl_s=3600.0,
        each=("key.team", "metadata.project"),
        models=("gpt", "cl*"),
        match=compile_condition('metadata.tier == "free"'),
        keep_fallback=True,
        keep_tool_calls=True,
        keep_variety=True,
    )


def test_what_a_rule_does_not_say_is_careful() -> None:
    found = rule("mode: exact")

    assert found == CacheRule(name="n", ttl_s=3600.0)
    assert found.each == ("key",)


@pytest.mark.parametrize(
    ("text", "each"),
    [("everyone", ()), ("[everyone]", ()), ("key.team", ("key.team",)), ("[key, model]", ("key", "model"))],
)
def test_a_scope_is_a_name_or_several_or_everyone(text: str, each: tuple[str, ...]) -> None:
    assert rule(f"scope: {text}").each == each


def test_all_names_with_text_may_be_a_scope_but_who_answers() -> None:
    assert rule(f"scope: [{', '.join(SCOPES)}, metadata.x, headers.x-y]").each == (*SCOPES, "metadata.x", "headers.x-y")
    assert not {"target", "provider"} & set(SCOPES)


def test_a_semantic_rule_has_what_makes_vectors() -> None:
    found = rule("mode: semantic, embed: openai/text-embedding-3-small, threshold: 0.9, slots: false")
    assert found.embedding is not None
    assert found.embedding.target is not None

    assert (found.mode, found.threshold, found.slots) == (Mode.SEMANTIC, 0.9, False)
    assert found.embedding.name == found.embedding.target.id == "openai/text-embedding-3-small"


def test_what_makes_vectors_may_be_a_model_of_the_file_that_nobody_else_uses() -> None:
    models = "routes: {r: {fallback: [gpt]}}\n"
    text = FILE.replace("local: simulator/local", f"local: {{target: {OLLAMA}, expose: false}}") + models
    text = text.replace(", simulator/local: free", "")
    graph = sound(text + "cache: {rules: [{name: n, ttl: 1h, mode: semantic, embed: local}]}")
    embedding = graph.cache.rules[0].embedding
    assert embedding is not None

    assert embedding.target is graph.targets["local"]
    assert problems(text + "cache: {rules: [{name: n, ttl: 1h, mode: semantic, embed: local}]}") == []


def test_or_a_name_of_a_pattern() -> None:
    text = 'models: {"e-*": ollama/emb-*}\ncache: {rules: [{name: n, ttl: 1h, mode: semantic, embed: e-small}]}'
    embedding = sound(text).cache.rules[0].embedding
    assert embedding is not None
    assert embedding.target is not None

    assert embedding.target.edits.model == "emb-small"


def test_or_a_model_in_this_process() -> None:
    found = rule("mode: semantic, embed: local/BAAI/bge-small-en-v1.5").embedding
    assert found is not None

    assert (found.name, found.target) == ("local/BAAI/bge-small-en-v1.5", None)


@pytest.mark.parametrize(
    ("library", "embed", "problem"),
    [
        ("numpy", OLLAMA, "semantic rules need numpy (pip install 'llmgw[semantic]')"),
        ("numpy", "local/m", "semantic rules need numpy (pip install 'llmgw[semantic]')"),
        ("sentence_transformers", "local/m", "a local model needs sentence-transformers (pip install 'llmgw[embed]')"),
    ],
)
def test_a_library_that_is_not_there_is_told_with_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, library: str, embed: str, problem: str
) -> None:
    absent(library, monkeypatch)

    assert told(f"name: n, ttl: 1h, mode: semantic, embed: {embed}") == [f"rules[0].embed: {problem}"]


def test_an_exact_rule_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    absent("numpy", monkeypatch)

    assert told("name: n, ttl: 1h") == []


def test_it_lies_in_memory_or_in_a_file_beside_the_config() -> None:
    memory, file = cache("max_size: 1MiB"), cache("store: 'sqlite:////var/cache.db'")

    assert (memory.max_bytes, memory.store) == (1024 * 1024, None)
    assert (file.max_bytes, file.store) == (256 * 1024 * 1024, "/var/cache.db")


def test_it_is_no_part_of_the_ledger() -> None:
    text = FILE + "state: {ledger: 'sqlite:///x.db'}\ncache: {store: 'sqlite:///x.db'}"

    assert [problem.partition(" ")[2] for problem in problems(text)] == [
        "cache.store: this is the file of the ledger, which nothing else may write (write sqlite:///cache.db)"
    ]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("ttl: 9999d", "rules[0].ttl: nothing is kept for so long (write 3660d at the most)"),
        (
            "ttl: 1h, match: 'target == \"gpt\"'",
            'rules[0].match: "target" is known only after a route has been chosen;',
        ),
        ("ttl: 1h, match: 'budget.used > 0.5'", "rules[0].match: "),
        ("ttl: 1h, match: 'mdel == \"gpt\"'", "rules[0].match: "),
        ("ttl: 1h, models: [gtp]", 'rules[0].models[0]: warning: "gtp" is no name that a client can ask for (did you'),
        ("ttl: 1h, scope: target", 'rules[0].scope: "target" is not a name that `scope` takes (who will answer is not'),
        ("ttl: 1h, scope: [key, provider]", 'rules[0].scope[1]: "provider" is not a name that `scope` takes'),
        ("ttl: 1h, scope: user", 'rules[0].scope: "user" is not a name that `scope` takes (write key.user, or request'),
        ("ttl: 1h, scope: global", 'rules[0].scope: "global" is not a name that `scope` takes (write everyone)'),
        ("ttl: 1h, scope: everone", 'rules[0].scope: "everone" is not a name that `scope` takes (did you mean "every'),
        ("ttl: 1h, scope: metadata", 'rules[0].scope: "metadata" is not a name that `scope` takes (name one of them'),
        ("ttl: 1h, scope: [key, key]", 'rules[0].scope[1]: "key" is named before (take it out)'),
        ("ttl: 1h, scope: [everyone, key]", "rules[0].scope[0]: `everyone` stands alone (write scope: everyone, or"),
        ("ttl: 1h, threshold: 0.9", "rules[0].threshold: warning: is of no use: the rule is exact (take it out, or"),
        ("ttl: 1h, slots: true", "rules[0].slots: warning: is of no use: the rule is exact"),
        ("ttl: 1h, embed: local/x", "rules[0].embed: warning: is of no use: the rule is exact"),
        ("ttl: 1h, mode: semantic", 'rules[0]: "n" is semantic, and has nothing that turns questions into vectors ('),
        ("ttl: 1h, mode: semantic, embed: local/", "rules[0].embed: names no model (as in local/"),
        ("ttl: 1h, mode: semantic, embed: gtp", 'rules[0].embed: "gtp" is neither a model of this file nor a provider'),
        ("ttl: 1h, mode: semantic, embed: anthropic/claude-x", "rules[0].embed: no embeddings of anthropic are known"),
        ("ttl: 1h, mode: semantic, embed: simulator/x", "rules[0].embed: no embeddings of simulator are known here ("),
        ("ttl: 1h, mode: semantic, embed: gpt", "rules[0].embed: no embeddings of simulator are known here (write"),
        (
            "ttl: 1h, scope: [ip, headers.Authorization]",
            'rules[0].scope[1]: "headers.Authorization": headers with credentials are not known to rules (write key)',
        ),
        (
            "ttl: 1h, scope: key.team",
            "rules[0].scope: warning: nobody has a key: all callers are one (write ip, or add",
        ),
        ("ttl: 1h, scope: [model, key]", "rules[0].scope[1]: warning: nobody has a key: all callers are one"),
        ("ttl: 1h, mode: semantic, embed: r", 'rules[0].embed: "r" is a route, and vectors of two models cannot be'),
        ("ttl: 1h, mode: semantic, embed: 'openai/*'", 'rules[0].embed: "openai/*" has a star, and nothing here fill'),
        ("ttl: 1h, mode: semantic, embed: local/x, threshold: 0.5", "rules[0].threshold: warning: 0.5 is low: quest"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told(entry: str, problem: str) -> None:
    (found,) = told(f"name: n, {entry}", more="routes: {r: {fallback: [gpt]}}\n")

    assert found.startswith(problem)


@pytest.mark.parametrize("header", sorted(shown.PRIVATE_HEADERS))
def test_no_rule_knows_a_header_with_a_credential(header: str) -> None:
    assert shown.PRIVATE_HEADERS == PRIVATE_HEADERS
    assert [
        "headers with credentials" in problem for problem in told(f"name: n, ttl: 1h, scope: headers.{header}")
    ] == [True]


@pytest.mark.parametrize(
    ("scope", "more"),
    [
        ("", ""),
        (", scope: ip", ""),
        (", scope: everyone", ""),
        (", scope: key", "keys: [{name: k, secret: sk-of-a-caller-0123456789}]\n"),
        (", scope: key", "server: {admin_key: sk-of-the-admin-0123456789}\n"),
    ],
)
def test_keys_are_missed_only_where_a_rule_names_them_and_there_can_be_none(scope: str, more: str) -> None:
    assert not any("nobody has a key" in problem for problem in told(f"name: n, ttl: 1h{scope}", more=more))


def test_names_are_given_once() -> None:
    assert told("name: n, ttl: 1h, models: [gpt]", "name: n, ttl: 1h") == [
        'rules[1].name: "n" is the name of another rule (choose another)'
    ]


@pytest.mark.parametrize(
    ("first", "second", "is_reached"),
    [
        ("", "", False),
        ("", "models: [gpt]", False),
        ("models: [gpt]", "", True),
        ("models: [gpt]", "models: [gpt]", False),
        ("models: ['g*', claude]", "models: [gpt, claude]", False),
        ("models: ['g*']", "models: ['g*t']", False),
        ("models: ['g*t']", "models: ['g*']", True),
        ("match: 'request.stream'", "", True),
        ("match: 'request.stream'", "match: 'request.stream'", False),
        ("match: 'request.stream'", "match: 'request.tools'", True),
        ("", "match: 'request.stream'", False),
    ],
)
def test_a_rule_that_another_one_leaves_nothing_to_is_told(first: str, second: str, *, is_reached: bool) -> None:
    entries = [f"name: {name}, ttl: 1h" + (f", {text}" if text else "") for name, text in (("a", first), ("b", second))]
    warning = 'rules[1].name: warning: unreachable: "a", above it, is about all of these'

    assert [problem.startswith(warning) for problem in told(*entries)] == ([] if is_reached else [True])


def test_a_faulty_rule_takes_nothing_from_others() -> None:
    found = told("name: a, ttl: 1h, match: true", "name: b, ttl: 1h")

    assert not any("unreachable" in problem for problem in found)


@pytest.mark.parametrize(("models", "is_told"), [("", True), (", models: ['cl*']", True), (", models: [gpt]", False)])
def test_what_callers_pay_for_themselves_is_not_shared_and_that_is_told(models: str, *, is_told: bool) -> None:
    own = "providers: {anthropic: {auth: client}}\n"
    text = FILE.replace("claude: simulator/claude", "claude: anthropic/claude-haiku-4-5") + own
    found = problems(f"{text}cache: {{rules: [{{name: n, ttl: 1h, scope: everyone{models}}}]}}")
    warning = 'answers of "claude" are not shared: it is called with each caller\'s own credential'

    assert [warning in problem for problem in found if "cache" in problem] == ([True] if is_told else [])


@pytest.mark.parametrize("size", ["1B", "1000B", "63KiB"])
def test_a_size_in_which_no_answer_fits_is_refused(size: str) -> None:
    found = problems(f"{FILE}cache: {{max_size: {size}, rules: [{{name: n, ttl: 1h}}]}}")

    assert [problem.partition(" ")[2].partition(" (") for problem in found] == [
        (
            "cache.max_size: hardly an answer fits: one takes a sixteenth of this at the most",
            " (",
            "write 64KiB at the least, or 256MiB; without `rules` nothing is kept)",
        )
    ]


def test_the_least_size_is_enough_for_a_small_answer() -> None:
    assert cache("max_size: 64KiB").max_bytes == SIZE_MIN_BYTES
