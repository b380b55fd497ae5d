import pytest

from tests.graph.files import compiled, problems, sound


def test_a_target_is_known_by_the_name_of_its_model() -> None:
    graph = sound("models: {gpt: simulator/a, other: {target: simulator/b}}")

    assert {name: target.edits.model for name, target in graph.targets.items()} == {"gpt": "a", "other": "b"}


def test_a_bare_target_is_known_as_it_is_written_and_built_once() -> None:
    graph = sound("routes: {a: {fallback: [simulator/x, simulator/y]}, b: {fallback: [simulator/x]}}")

    assert sorted(graph.targets) == ["simulator/x", "simulator/y"]
    assert graph.resolve("simulator/x") is None


def test_an_unknown_provider_is_told_wherever_it_is_named() -> None:
    assert problems("models:\n  a: opnai/x\n  b: {target: opnai/y}\n") == [
        '2:6: models.a: "opnai" is not a provider (did you mean "openai"?)',
        '3:15: models.b.target: "opnai" is not a provider (did you mean "openai"?)',
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("vertex_ai/claude-haiku-4-5@20251001", "vertex-anthropic/claude-haiku-4-5@20251001"),
        ("vertex/meta/llama-4-maas", "vertex-openai/meta/llama-4-maas"),
        ("vertex-openai/claude-opus-4-8", "vertex-anthropic/claude-opus-4-8"),
        ("bedrock/converse/us.amazon.nova-lite-v1:0", "bedrock/us.amazon.nova-lite-v1:0"),
        ("bedrock/invoke/anthropic.claude-3-haiku", "bedrock-invoke/anthropic.claude-3-haiku"),
        ("azure/responses/my-deployment", "azure/my-deployment"),
        ("azure_ai/claude-haiku-4-5", "azure-anthropic/claude-haiku-4-5"),
        ("openai/responses/gpt-5", "openai/gpt-5"),
        ("gemini/models/gemini-2.5-flash", "gemini/gemini-2.5-flash"),
    ],
)
def test_a_spelling_of_other_tools_that_would_call_the_wrong_thing_is_told_ours(written: str, meant: str) -> None:
    azures = (
        "{azure: {base_url: 'https://a.openai.azure.com'}, azure_ai: {base_url: 'https://a.services.ai.azure.com'}}"
    )
    text = f"providers: {azures}\nmodels:\n  m: {written}\n"
    told = [line for line in problems(text, {"GOOGLE_CLOUD_PROJECT": "p"}) if "did you mean" in line]

    assert [line.partition("models.m: ")[2].partition("(")[2] for line in told] == [f'did you mean "{meant}"?)']


@pytest.mark.parametrize("name", ["ollama_chat", "together_ai", "gemini", "xai", "vertex_ai_beta", "cohere_chat"])
def test_spellings_of_other_tools_that_mean_the_same_work(name: str) -> None:
    graph = sound(f"models: {{m: {name}/a-model}}", {"GOOGLE_CLOUD_PROJECT": "p"})

    assert graph.targets["m"].edits.model == "a-model"


def test_at_another_host_models_are_called_as_they_are_there() -> None:
    graph = sound(
        "providers: {proxy: {like: openai, base_url: 'http://h/v1', auth: none}}\nmodels: {m: proxy/responses/x}"
    )

    assert graph.targets["m"].edits.model == "responses/x"


def test_a_model_of_a_broken_provider_raises_no_further_problem() -> None:
    told = problems("providers: {x: {like: nobody-at-all}}\nmodels: {a: x/y}\nroutes: {r: {fallback: [a]}}")

    assert told == [
        '1:23: providers.x.like: "nobody-at-all" is not a provider (a catalogue row, or another provider of this file)'
    ]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("gpt: simulator/gpt-*", 'a star in the target needs one in the name (as in "gpt-*": simulator/gpt-*)'),
        ('"a-*": simulator/*-*', '"simulator/*-*" has more than one star (a target may hold one)'),
    ],
)
def test_stars_of_a_target(entry: str, told: str) -> None:
    (line,) = problems(f"models: {{{entry}}}")

    assert line.endswith(told)


def test_a_pattern_may_lead_to_one_model() -> None:
    graph = sound('models: {"gpt-*": simulator/one}')
    resolved = graph.resolve("gpt-x")

    assert resolved is not None
    assert graph.targets["gpt-*"].concrete(resolved.star).edits.model == "one"


LIKE = "models:\n  big: {target: simulator/a, price: free, context_window: 9, max_output: 3}\n"


def test_like_gives_what_is_left_out() -> None:
    graph = sound(LIKE + "  other: {target: openai/b, like: big, max_output: 5}\n", {"OPENAI_API_KEY": "k"})
    target = graph.targets["other"]

    assert (target.context_window, target.max_output) == (9, 5)
    assert target.price == graph.targets["big"].price


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("  x: {target: simulator/b, like: bog}", '"bog" is not a model of this file (did you mean "big"?)'),
        (
            "  x: {target: simulator/b, like: openai/gtp-4o}",
            '"openai/gtp-4o" is not in the price table (did you mean "openai/gpt-4o"?)',
        ),
        (
            "  x: {target: simulator/b, like: openai/zzzzzzzzz}",
            '"openai/zzzzzzzzz" is not in the price table (`llmgw prices openai` lists what is)',
        ),
        (
            "  x: {target: simulator/b, like: opnai/gpt-4o}",
            '"opnai/gpt-4o" is not a model of this file (did you mean "openai/gpt-4o"?)',
        ),
        (
            "  x: {target: simulator/b, like: zzz}",
            '"zzz" is not a model of this file (or provider/model, as in openai/gpt-4o)',
        ),
        (
            '  x: {target: simulator/b, like: "openai/*"}',
            '"openai/*" has a star, but the target has none (name a single model)',
        ),
        ("  x: {target: simulator/b, like: x}", '"x" is itself like "x" (remove it)'),
        (
            "  x: {target: simulator/b, like: y}\n  y: {target: simulator/b, like: big}",
            '"y" is itself like "big" (name "big")',
        ),
    ],
)
def test_like_names_a_model_of_the_file(line: str, told: str) -> None:
    (found,) = problems(LIKE + line)

    assert found.startswith("3:")
    assert found.endswith(told)


def test_like_a_model_that_was_set_aside_raises_no_further_problem() -> None:
    told = problems("models: {a: {targt: simulator/a}, b: {target: simulator/b, like: a}}")

    assert [line for line in told if "like" in line] == []


def test_absent_targets_are_noted_with_the_reason() -> None:
    result = compiled("providers: {openai: {optional: true}}\nmodels: {gpt: openai/x, local: simulator/y}")

    assert result.graph.absent == {"gpt": "OPENAI_API_KEY is not set"}
    assert result.graph.names() == ("local",)


def test_a_region_before_the_model_belongs_to_the_provider() -> None:
    assert problems("models: {m: bedrock/us-east-1/anthropic.claude-v2}") == [
        (
            '1:13: models.m: "us-east-1/anthropic.claude-v2" begins with a region, which belongs to the provider '
            "(write providers: {bedrock: {region: us-east-1}}, then target: bedrock/anthropic.claude-v2)"
        )
    ]


@pytest.mark.parametrize(
    ("provider", "hint"),
    [
        ("text-completion-openai", "here it is openai/MODEL"),
        ("sagemaker", "there is no row for it, and its calls are not spoken here yet"),
        ("databricks", "there is no row for it; where it speaks OpenAI's dialect: providers: {databricks: {like: op"),
    ],
)
def test_providers_of_other_tools_that_are_no_rows_are_told_so(provider: str, hint: str) -> None:
    (line,) = problems(f"models: {{m: {provider}/x}}")

    assert line.startswith(f'1:13: models.m: "{provider}" is not a provider ({hint}')


EMBEDDING = """
providers: {mine: {like: openai, base_url: "http://127.0.0.1:9/v1", api_key: k}}
budgets: [{name: b, limit_usd: 1, per: day}]
cache: {rules: [{name: c, ttl: 1h, mode: semantic, embed: EMBED}]}
"""
IN, BOTH = "{input_usd_per_mtok: 0.1}", "{input_usd_per_mtok: 0.1, output_usd_per_mtok: 1}"


def unpaid(more: str, embed: str = "v") -> list[tuple[str, str]]:
    """Where a price is said to lack what an answer costs, and who may be asked for one."""
    found = compiled(EMBEDDING.replace("EMBED", embed) + more).problems
    told = [problem for problem in found if "output_usd_per_mtok" in problem.message]
    return [(problem.path, problem.message.split('"')[1]) for problem in told]


@pytest.mark.parametrize(
    ("more", "embed"),
    [
        (f"models: {{chat: simulator/a, v: {{target: mine/v, expose: false, price: {IN}}}}}", "v"),
        (f"models: {{chat: simulator/a}}\nprices: {{mine/v: {IN}}}", "mine/v"),
        (f"models: {{chat: simulator/a}}\nprices: {{'mine/*': {IN}}}", "mine/v"),
        (f"models: {{chat: {{target: mine/a, price: {BOTH}}}}}\nprices: {{mine/v: {IN}}}", "mine/v"),
        (f"models: {{'gpt-*': mine/gpt-*}}\nprices: {{'mine/*': {BOTH}, mine/v: {IN}}}", "mine/v"),
        (f"models: {{v: {{target: mine/v, price: {BOTH}}}}}", "v"),
    ],
)
def test_what_only_makes_vectors_needs_no_price_of_output(more: str, embed: str) -> None:
    assert unpaid(more, embed) == []
    assert [str(problem) for problem in compiled(EMBEDDING.replace("EMBED", embed) + more).problems] == []


@pytest.mark.parametrize(
    ("more", "embed", "expected"),
    [
        (f"models: {{v: {{target: mine/v, price: {IN}}}}}", "v", [("models.v.price", "v")]),
        (f"models: {{v: {{target: mine/v, price: {IN}, expose: w}}}}", "v", [("models.v.price", "v")]),
        (
            f"models: {{v: {{target: mine/v, price: {IN}, expose: false}}}}\nroutes: {{r: {{fallback: [v]}}}}",
            "v",
            [("models.v.price", "v")],
        ),
        (
            f"models: {{chat: {{target: mine/c, like: v}}, v: {{target: mine/v, price: {IN}, expose: false}}}}",
            "v",
            [("models.v.price", "chat")],
        ),
        (
            f"routes: {{r: {{fallback: [mine/c, mine/d]}}}}\nprices: {{'mine/*': {IN}, mine/d: {BOTH}}}",
            "mine/v",
            [("prices.mine/*", "mine/c")],
        ),
        (f"models: {{'x-*': mine/*}}\nprices: {{mine/v: {IN}}}", "mine/v", [("prices.mine/v", "x-*")]),
        (
            (
                f"models: {{c: {{target: mine/c, price: free}}, v: {{target: mine/v, price: {IN}, expose: false}}}}\n"
                "routes: {spare: {fallback: [v], expose: false}}\n"
            ),
            "v",
            [],
        ),
    ],
)
def test_what_may_be_asked_for_an_answer_has_a_price_of_output(
    more: str, embed: str, expected: list[tuple[str, str]]
) -> None:
    assert unpaid(more, embed) == expected


def test_what_answers_when_a_budget_is_spent_has_a_price_of_output_too() -> None:
    text = EMBEDDING.replace("per: day", "per: day, on_exceeded: {use: v}").replace("EMBED", "v")
    problems = compiled(
        f"{text}models: {{chat: simulator/a, v: {{target: mine/v, expose: false, price: {IN}}}}}"
    ).problems

    assert [str(problem).removeprefix("a.yaml:") for problem in problems] == [
        (
            '5:71: models.v.price: has no output_usd_per_mtok, and "v" may be asked for an answer '
            "(add it; what only makes vectors (`embed`) is in no route, and has expose: false)"
        )
    ]
