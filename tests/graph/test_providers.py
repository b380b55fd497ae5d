from collections.abc import Mapping

import pytest

from llmgw.chat.unsupported import Policy
from llmgw.config.secrets import Secret
from llmgw.graph.model import Target
from llmgw.providers.auth import Auth
from tests.graph.files import compiled, problems, sound

OPENAI = {"OPENAI_API_KEY": "k-usual"}


def target(providers: str, env: Mapping[str, str] | None = None) -> Target:
    return compiled(f"providers: {providers}\nmodels: {{m: x/y}}", env).graph.targets["m"]


def headers(of: Target) -> dict[str, str]:
    return {name: value.reveal() for name, value in of.headers.items()}


def told(providers: str, env: Mapping[str, str] | None = None, *, need_secrets: bool = False) -> list[str]:
    return problems(f"providers: {providers}\nmodels: {{m: x/y}}", env, need_secrets=need_secrets)


def test_a_row_of_the_catalogue_needs_no_entry() -> None:
    found = sound("models: {m: openai/y}", OPENAI).targets["m"]

    assert (found.provider, found.wires[0].url) == ("openai", "https://api.openai.com/v1/chat/completions")
    assert headers(found) == {"authorization": "Bearer k-usual"}


def test_like_starts_from_a_row_or_from_another_provider() -> None:
    parent = '{like: azure, base_url: "https://a.example/", api_version: "1", headers: {x-a: "1"}, api_key: k}'
    found = target(f"{{a: {parent}, x: {{like: a, api_key: k2}}}}")

    assert found.wires[0].url == "https://a.example/openai/deployments/y/chat/completions?api-version=1"
    assert headers(found) == {"api-key": "k2", "x-a": "1"}


def test_secrets_are_never_copied() -> None:
    text = '{a: {like: openai, api_key: k, proxy: "http://u:p@proxy:1", headers: {x-secret: s}}, x: {like: a}}'
    found = target(text)

    assert headers(found) == {"authorization": "Bearer "}
    assert found.transport.proxy is None


FROM_ELSEWHERE = (
    '{a: {like: openai, api_key: k, proxy: "${PROXY}", headers: {x-a: "${A}", x-b: b}},\n x: {like: a, api_key: k%s}}'
)


@pytest.mark.parametrize("env", [{"PROXY": "http://proxy:1", "A": "a"}, {}])
def test_what_is_not_copied_is_told_until_it_is_said(env: dict[str, str]) -> None:
    silent, outspoken = FROM_ELSEWHERE % "", FROM_ELSEWHERE % ', proxy: "${PROXY}", headers: {X-A: "${A}"}'

    assert headers(target(silent, env)) == {"authorization": "Bearer k", "x-b": "b"}
    assert [line for line in told(silent, env) if "not inherited" in line] == [
        '2:2: providers.x: warning: `headers.x-a` of "a" is not inherited (say it here)',
        '2:2: providers.x: warning: `proxy` of "a" is not inherited (say it here)',
    ]
    assert [line for line in told(outspoken, env) if "not inherited" in line] == []


def test_what_is_said_wins_over_what_is_inherited() -> None:
    text = (
        "{a: {like: openai, api_key: k, verify_tls: false, unsupported: error, headers: {x-a: a, X-B: b}},\n"
        " x: {like: a, api_key: k, verify_tls: true, unsupported: drop, headers: {X-A: x}}}"
    )
    found = target(text)

    assert (found.transport.verify_tls, found.edits.policy) == (True, Policy.DROP)
    assert headers(found) == {"authorization": "Bearer k", "x-a": "x", "x-b": "b"}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("ca_file", "/a.pem", "/a.pem"),
        ("verify_tls", "false", False),
        ("proxy", "'http://proxy:1'", Secret("http://proxy:1")),
        ("max_connections", "7", 7),
    ],
)
def test_transport_is_inherited(key: str, value: str, expected: object) -> None:
    found = target(f"{{a: {{like: openai, api_key: k, {key}: {value}}}, x: {{like: a, api_key: k}}}}")

    assert getattr(found.transport, key) == expected


def test_what_is_unsupported_is_inherited() -> None:
    assert target("{a: {like: openai, unsupported: error}, x: {like: a}}").edits.policy is Policy.ERROR
    assert target("{a: {like: openai}, x: {like: a, unsupported: error}}").edits.policy is Policy.ERROR
    assert target("{a: {like: openai}, x: {like: a}}").edits.policy is Policy.USUAL


def test_the_simulator_is_simulated_and_nothing_else_is() -> None:
    simulated = target("{x: {like: simulator, simulate: {output_tokens: 3}}}").transport.simulate
    inherited = target("{a: {like: simulator, simulate: {output_tokens: 3}}, x: {like: a}}").transport.simulate

    assert simulated is not None
    assert simulated.output_tokens == 3
    assert inherited == simulated
    assert target("{x: {like: openai, api_key: k}}").transport.simulate is None
    assert told("{x: {like: openai, api_key: k, simulate: {output_tokens: 3}}}") == [
        "1:43: providers.x.simulate: only the simulator simulates (like: simulator)"
    ]


def test_simulated_failures_are_those_that_a_provider_can_show() -> None:
    blocked = "{x: {like: simulator, simulate: {fail: {blocked: 0.5}}}}"
    too_many = "{x: {like: simulator, simulate: {fail: {timeout: 0.6, overloaded: 0.6}}}}"

    assert told(blocked) == ['1:52: providers.x.simulate.fail.blocked: no provider answers "blocked" (remove it)']
    assert told(too_many) == ["1:45: providers.x.simulate.fail: the shares sum to more than 1 (1 is every call)"]
    assert told("{x: {like: simulator, simulate: {fail: {timeout: 0.5, overloaded: 0.5}}}}") == []


def test_regions() -> None:
    assert (
        target("{x: {like: bedrock-mantle, region: eu-west-1, api_key: k}}")
        .wires[0]
        .url.startswith("https://bedrock-mantle.eu-west-1.api.aws/v1/")
    )
    assert told("{x: {like: openai, region: eu, api_key: k}}") == [
        '1:39: providers.x.region: "openai" has no regions (leave it out, or set base_url)'
    ]


@pytest.mark.parametrize(
    ("providers", "line"),
    [
        ("{x: {like: opnai}}", '1:23: providers.x.like: "opnai" is not a provider (did you mean "openai"?)'),
        (
            "{x: {base_url: http://a}}",
            (
                '1:13: providers.x: "x" is not in the catalogue and has no `like` '
                "(say what it is like: {like: openai, base_url: …})"
            ),
        ),
        ("{x: {like: azure}}", '1:13: providers.x: "x" needs base_url (write providers: {x: {base_url: "https://…"}})'),
        (
            "{x: {like: x}}",
            '1:23: providers.x.like: "x" is not a provider (a catalogue row, or another provider of this file)',
        ),
    ],
)
def test_what_a_provider_starts_from_must_exist(providers: str, line: str) -> None:
    assert told(providers) == [line]


def test_a_provider_that_is_nearly_a_row_gets_a_suggestion() -> None:
    assert problems("providers: {opnai: {}}\nmodels: {m: simulator/y}") == [
        '1:13: providers.opnai: "opnai" is not in the catalogue and has no `like` (did you mean "openai"?)'
    ]


def test_a_cycle_of_likes_is_told_with_its_path() -> None:
    assert told("{a: {like: b}, b: {like: a}, x: {like: openai, api_key: k}}") == [
        "1:23: providers.a.like: cyclic: a → b → a (start from a row of the catalogue)"
    ]


def test_like_a_provider_that_was_set_aside_raises_no_further_problem() -> None:
    assert len(told("{a: 3, x: {like: a}}")) == 1


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://[::1", "not a URL: Invalid IPv6 URL"),
        ("http://a:99999", "not a URL: Port out of range 0-65535"),
        ("http://a:0", "not a URL: it needs a host"),
        ("http://:80", "not a URL: it needs a host"),
        ("https://user:pass@a.example", "a base URL holds no credentials (put the key into api_key)"),
        ("https://{resource}.openai.azure.com", "has a placeholder in braces"),
        (
            "https://a.example/v1/chat/completions",
            "`/chat/completions` is added to a base URL, and this has it already",
        ),
        (
            "https://a.example/v1/chat/completions/",
            "`/chat/completions` is added to a base URL, and this has it already",
        ),
    ],
)
def test_a_base_url_is_one(url: str, fault: str) -> None:
    (line,) = told(f'{{x: {{like: openai, api_key: k, base_url: "{url}"}}}}')

    assert line.startswith("1:53: providers.x.base_url: ")
    assert fault in line


@pytest.mark.parametrize(
    "url", ["https://a.example", "https://a.example/v1/", "http://127.0.0.1:8000/v1", "http://[::1]:1/v1"]
)
def test_a_base_url_may_end_in_a_slash_or_not(url: str) -> None:
    assert (
        target(f'{{x: {{like: openai, api_key: k, base_url: "{url}"}}}}').wires[0].url
        == url.rstrip("/") + "/chat/completions"
    )


@pytest.mark.parametrize(("url", "fault"), [("http://[::1", "not a URL"), ("http://a:99999", "not a URL")])
def test_a_proxy_is_a_url_and_is_not_shown(url: str, fault: str) -> None:
    (line,) = told(f'{{x: {{like: openai, api_key: k, proxy: "{url}"}}}}')

    assert line.startswith(f"1:50: providers.x.proxy: {fault}")
    assert url not in line


def test_a_proxy_with_credentials_is_fine() -> None:
    proxy = target('{x: {like: openai, api_key: k, proxy: "http://u:p@proxy.example:3128"}}').transport.proxy

    assert proxy is not None
    assert proxy.reveal() == "http://u:p@proxy.example:3128"


# Credentials.


def test_a_key_that_is_not_set_is_a_warning_and_an_error_where_secrets_are_needed() -> None:
    line = "providers.x: {}OPENAI_API_KEY is not set (export OPENAI_API_KEY=…, or mark the provider `optional: true`)"

    assert told("{x: {like: openai}}") == ["1:13: " + line.format("warning: ")]
    assert told("{x: {like: openai}}", need_secrets=True) == ["1:13: " + line.format("")]
    assert told("{x: {like: openai}}", OPENAI, need_secrets=True) == []


def test_a_row_without_an_entry_is_blamed_once_where_it_is_first_used() -> None:
    (told,) = problems("models:\n  a: openai/a\n  b: openai/b\n")

    assert told.startswith("2:6: models.a: warning: OPENAI_API_KEY is not set (export OPENAI_API_KEY=…")


def test_a_reference_that_nothing_fills_is_told_once_at_its_place() -> None:
    line = "providers.x.api_key: {}the variable KEY is not set (set it: export KEY=…, or give a default: ${{KEY:-…}})"

    assert told('{x: {like: openai, api_key: "${KEY}"}}') == ["1:40: " + line.format("warning: ")]
    assert told('{x: {like: openai, api_key: "${KEY}"}}', need_secrets=True) == ["1:40: " + line.format("")]


def test_references_anywhere_are_told_and_crash_nothing() -> None:
    assert [line for line in problems('providers: "${X}"\nmodels: {m: simulator/y}') if "warning" in line] != []
    assert [line for line in problems('"${X}"') if "warning" in line] != []


@pytest.mark.parametrize("secret", ["", ', api_key: "${KEY}"', ', headers: {x-key: "${KEY}"}, api_key: k'])
def test_an_optional_provider_without_its_secret_leaves_the_graph_with_a_warning(secret: str) -> None:
    text = f"providers: {{x: {{like: openai, optional: true{secret}}}}}\nmodels: {{m: x/y, n: simulator/n}}"
    result = compiled(text, need_secrets=True)
    leaving = [str(problem) for problem in result.problems if "leave the graph" in problem.message]

    assert len(leaving) == 1
    assert "warning" in leaving[0]
    assert list(result.graph.absent) == ["m"]
    assert result.graph.names() == ("n",)


def test_an_optional_provider_with_its_secret_stays() -> None:
    text = "providers: {x: {like: openai, optional: true}}\nmodels: {m: x/y}"

    assert sound(text, OPENAI).names() == ("m",)


def test_a_base_url_that_is_not_set_yet_keeps_the_rest_checked() -> None:
    text = (
        'providers: {x: {like: azure, base_url: "${U}", api_key: k}, z: {like: x, api_key: k}}\n'
        "models: {m: x/y, n: z/y}\ntests: [{name: a, request: {model: m}, expect: [m]}]"
    )

    (told,) = problems(text)

    assert told.startswith("1:40: providers.x.base_url: warning: the variable U is not set")
    assert [found.wires[0].url.partition("/openai")[0] for found in compiled(text).graph.targets.values()] == [
        "http://not-set.invalid",
        "http://not-set.invalid",
    ]


def test_a_base_url_that_was_set_aside_is_not_missing() -> None:
    assert len(told("{x: {like: azure, base_url: ftp://x, api_key: k}}")) == 1


def test_the_usual_key_does_not_go_to_another_host() -> None:
    text = '{x: {like: openai, base_url: "https://elsewhere.example/v1"}}'

    assert headers(target(text, OPENAI)) == {"authorization": "Bearer "}
    assert told(text, OPENAI, need_secrets=True) == [
        '1:13: providers.x: api_key is not set (say which key goes to this base_url: api_key: "${NAME}", or auth: none)'
    ]


@pytest.mark.parametrize(
    "providers",
    [
        '{x: {like: openai, base_url: "https://api.openai.com/v2"}}',
        '{openai: {base_url: "https://proxy.example/v1"}, x: {like: openai, api_key: k}}',
        '{x: {like: azure, base_url: "https://mine.openai.azure.com"}}',
    ],
)
def test_the_usual_key_goes_to_the_usual_host_and_where_the_file_moves_the_provider_itself(providers: str) -> None:
    env = OPENAI | {"AZURE_OPENAI_API_KEY": "k"}

    assert told(providers, env, need_secrets=True) == []


def test_a_local_server_that_was_given_a_key_sees_it() -> None:
    assert headers(target("{x: {like: vllm, api_key: k}}")) == {"authorization": "Bearer k"}
    assert headers(target("{x: {like: vllm}}")) == {}
    assert headers(target("{x: {like: openai, auth: none}}", OPENAI)) == {}


def test_a_provider_of_the_file_replaces_the_row_of_its_name() -> None:
    found = sound('providers: {openai: {base_url: "http://127.0.0.1:1/v1", api_key: k}}\nmodels: {m: openai/y}')

    assert found.targets["m"].wires[0].url == "http://127.0.0.1:1/v1/chat/completions"


def test_a_provider_that_is_nowhere_is_told_how_to_add_it() -> None:
    assert problems("models: {m: zzqq/y}") == [
        '1:13: models.m: "zzqq" is not a provider (add it: providers: {zzqq: {like: openai, base_url: …}})'
    ]


@pytest.mark.parametrize("name", ["custom", "test", "house", "my-vendor", "local-gpu", "bard"])
def test_among_many_providers_none_is_guessed_from_a_likeness_by_chance(name: str) -> None:
    assert "(add it: providers: {" in problems(f"models: {{m: {name}/y}}")[0]


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("opnai", "openai"), ("antropic", "anthropic"), ("azrue", "azure"), ("olama", "ollama"), ("togeter", "together")],
)
def test_a_typo_is_understood_among_many_providers(typo: str, meant: str) -> None:
    assert f'(did you mean "{meant}"?)' in problems(f"models: {{m: {typo}/y}}")[0]


def test_each_of_several_keys_is_looked_at_where_it_stands() -> None:
    (found,) = told('{x: {like: openai, api_key: ["${A}", "${B}"]}}', {"A": "k", "B": "k-planted\n"})

    assert found.startswith("1:49: providers.x.api_key[1]: the key ")
    assert "planted" not in found


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "{like: anthropic, auth: client, api_key: [a, b]}",
            "the caller's own credential and a key exclude each other",
        ),
        ("{like: bedrock, auth: cloud, api_key: [a, b]}", "the cloud's own credentials and a key exclude each other"),
    ],
)
def test_several_keys_go_with_no_other_credential(entry: str, expected: str) -> None:
    assert any(expected in problem for problem in told(f"{{x: {entry}}}"))


def test_one_of_several_keys_that_is_not_set_is_a_warning() -> None:
    (found,) = problems('providers: {x: {like: openai, api_key: ["${A}", b]}}\nmodels: {m: x/y}\n')

    assert "providers.x.api_key[0]: warning: the variable A is not set" in found


@pytest.mark.parametrize("key", ["k-planted\n", " k-planted", "“k-planted”", "k-\x00planted"])
def test_a_key_that_cannot_be_sent_is_told_where_it_comes_from(key: str) -> None:
    by_reference = told('{x: {like: openai, api_key: "${KEY}"}}', {"KEY": key})
    by_variable = problems("models: {m: openai/y}", {"OPENAI_API_KEY": key})

    assert [len(by_reference), len(by_variable)] == [1, 1]
    assert by_reference[0].startswith("1:40: providers.x.api_key: the key ")
    assert by_variable[0].startswith("1:13: models.m: OPENAI_API_KEY ")
    assert "planted" not in by_reference[0] + by_variable[0]
    assert "set it again" in by_reference[0]


def test_a_header_that_cannot_be_sent_is_told_at_its_place() -> None:
    lines = told('{x: {like: openai, api_key: k, headers: {x-a: "${A}"}}}', {"A": "planted "})

    assert len(lines) == 1
    assert lines[0].startswith("1:58: providers.x.headers.x-a: ")
    assert "planted" not in lines[0]


@pytest.mark.parametrize("key", ["base_url", "proxy"])
def test_hosts_that_cannot_be_looked_up_are_told_at_load(key: str) -> None:
    (line,) = told(f'{{x: {{like: openai, api_key: k, {key}: "http://a..b"}}}}')

    assert "`a..b` is not a host" in line


def test_a_server_elsewhere_is_asked_in_the_usual_dialect_only_unless_the_file_says_more() -> None:
    def spoken(entry: str) -> list[str]:
        return sorted(wire.dialect.name for wire in target(f"{{x: {{{entry}, api_key: k}}}}").wires)

    elsewhere = 'like: openai, base_url: "http://h/v1"'
    assert spoken("like: openai") == ["openai_chat", "openai_completions", "openai_responses"]
    assert spoken(elsewhere) == ["openai_chat"]
    assert spoken(f"{elsewhere}, speaks: [openai_responses]") == ["openai_chat", "openai_responses"]
    assert spoken("like: openai, speaks: []") == ["openai_chat"]
    everything = ["anthropic_messages", "openai_chat", "openai_completions", "openai_responses"]
    assert spoken('like: vllm, base_url: "http://h/v1"') == everything
    assert target(f"{{x: {{{elsewhere}, api_key: k}}}}").edits.cap_field == "max_tokens"


def test_only_dialects_with_a_path_can_be_spoken() -> None:
    assert told("{x: {like: mistral, speaks: [openai_responses], api_key: k}}") == [
        '1:40: providers.x.speaks: "mistral" has no path for openai_responses (it has: openai_chat)'
    ]


def test_a_provider_may_be_called_with_its_callers_credential() -> None:
    text = "providers: {seats: {like: anthropic, auth: client}, local: {like: ollama, auth: client}}\n"
    graph = sound(
        f"{text}models: {{a: seats/x, b: local/x, c: simulator/x}}\n", {"ANTHROPIC_API_KEY": "sk-of-the-house"}
    )
    found = {name: target.client_auth for name, target in graph.targets.items()}

    assert found == {"a": Auth.X_API_KEY, "b": Auth.BEARER, "c": None}
    assert (graph.targets["a"].secrets, "x-api-key" in graph.targets["a"].headers) == ((), False)


def test_the_callers_credential_and_a_key_exclude_each_other() -> None:
    text = 'providers: {seats: {like: anthropic, auth: client, api_key: "${K}"}}\nmodels: {a: seats/x}\n'
    (found,) = problems(text, {"K": "sk-of-the-house"})

    assert found.endswith(
        "providers.seats.api_key: the caller's own credential and a key exclude each other (leave one of the two out)"
    )


def test_an_address_that_lacks_its_version_is_warned_about() -> None:
    assert told('{x: {like: anthropic, base_url: "https://api.anthropic.com", api_key: k}}') == [
        (
            '1:44: providers.x.base_url: warning: the API of "anthropic" begins further down '
            "(write https://api.anthropic.com/v1)"
        )
    ]
    assert told('{x: {like: anthropic, base_url: "https://proxy.example", api_key: k}}') == []
