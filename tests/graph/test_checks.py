import pytest

from llmgw.graph import checks
from tests.graph.files import MODELS, problems


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Europe", "../etc", "/etc/localtime"])
def test_a_time_zone_must_exist(zone: str) -> None:
    (told,) = problems(f"{MODELS}server: {{timezone: {zone}}}")

    assert told.startswith(f'2:20: server.timezone: "{zone}" is not a time zone (')


def test_a_time_zone_that_is_nearly_right_gets_a_suggestion() -> None:
    assert problems(f"{MODELS}server: {{timezone: Europe/Berln}}") == [
        '2:20: server.timezone: "Europe/Berln" is not a time zone (did you mean "Europe/Berlin"?)'
    ]


def test_utc_needs_no_time_zone_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_database(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(checks, "ZoneInfo", no_database)

    assert problems(f"{MODELS}server: {{timezone: UTC}}") == []


def test_trusted_proxies_are_addresses_or_networks() -> None:
    assert problems(f'{MODELS}server: {{trusted_proxies: [10.0.0.0/8, "::1", 10.1.2.3/8, nginx, 10.0.0.0/99]}}') == [
        '2:59: server.trusted_proxies[3]: "nginx" is not an address or network (as in 10.0.0.0/8 or 192.168.1.7)',
        '2:66: server.trusted_proxies[4]: "10.0.0.0/99" is not an address or network (as in 10.0.0.0/8 or 192.168.1.7)',
    ]


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ("999999d", '"999999d" is not a duration (write 3660d at the most)'),
        ("3661d", "nothing is kept for so long (write 3660d at the most)"),
    ],
)
def test_nothing_is_kept_for_longer_than_the_calendar_goes_back(keep: str, message: str) -> None:
    assert problems(f"{MODELS}state: {{keep: 3660d}}") == []
    assert problems(f"{MODELS}state: {{keep: {keep}}}") == [f"2:15: state.keep: {message}"]


GUARDED = '0.0.0.0, admin_key: "${ADMIN:-the-secret-of-the-administrators}"'


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", '"::1"', "127.1.2.3", "0.0.0.0, open: true", GUARDED])
def test_without_keys_only_loopback_is_bound_unless_somebody_guards_it_or_the_file_says_open(host: str) -> None:
    assert problems(f"{MODELS}server: {{host: {host}}}") == []


@pytest.mark.parametrize("host", ["0.0.0.0", '"::"', "192.168.1.7", "gateway.example"])
def test_another_host_without_open_is_an_error(host: str) -> None:
    (told,) = problems(f"{MODELS}server: {{host: {host}}}")

    assert told.startswith("2:16: server.host: ")
    assert told.endswith("(leave it out for this machine only, write `keys` or an `admin_key`, or say `open: true`)")


def test_fields_of_the_gateway_are_not_set_by_a_file() -> None:
    keys = "    set: {model: x}\n    default: {stream: true}\n    drop: [user, messages]\n"
    text = "models:\n  a:\n    target: simulator/a\n" + keys

    assert problems(text) == [
        '4:11: models.a.set.model: "model" belongs to the gateway (remove it)',
        '5:15: models.a.default.stream: "stream" belongs to the gateway (remove it)',
        '6:18: models.a.drop[1]: "messages" belongs to the gateway (remove it)',
    ]


def test_a_field_is_set_or_defaulted_or_dropped() -> None:
    keys = "    set: {x: 1, y: 1}\n    default: {x: 1, z: 1}\n    drop: [x, y, z]\n"
    text = "models:\n  a:\n    target: simulator/a\n" + keys

    assert problems(text) == [
        '4:11: models.a.set.x: "x" is also in default and drop (set always wins: keep one of them)',
        '4:17: models.a.set.y: "y" is also in drop (set always wins: keep one of them)',
        '5:15: models.a.default.x: "x" is also in drop (what is dropped gets no default)',
        '5:21: models.a.default.z: "z" is also in drop (what is dropped gets no default)',
    ]


def test_values_of_a_body_may_be_any_json() -> None:
    text = 'models: {a: {target: simulator/a, set: {b: {c: [1, 2.5, null, true, "x"]}, d: 99999999999999999999999}}}'

    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("models: {a: {target: simulator/a, retry: {backoff: 9s, max_backoff: 1s}}}", "1:52: models.a.retry.backoff"),
        (MODELS + "defaults: {retry: {backoff: 9s, max_backoff: 1s}}", "2:29: defaults.retry.backoff"),
        (
            MODELS + "routes: {r: {fallback: [gpt], retry: {backoff: 9s, max_backoff: 1s}}}",
            "2:48: routes.r.retry.backoff",
        ),
    ],
)
def test_a_wait_is_not_longer_than_the_longest(text: str, place: str) -> None:
    assert problems(text) == [f"{place}: backoff 9s is over max_backoff 1s (swap them)"]


def route(text: str) -> list[str]:
    return [line.removeprefix("2:") for line in problems(f"{MODELS}routes: {{r: {text}}}")]


def test_on_failure_of_a_first_entry_can_never_fire() -> None:
    assert route("{fallback: [{use: gpt, on_failure: [timeout]}, claude]}") == [
        "48: routes.r.fallback[0].on_failure: can never fire: nothing has failed before the first entry (remove it)"
    ]


def test_on_failure_of_blocked_alone_can_never_fire_yet() -> None:
    (told,) = route("{fallback: [gpt, {use: claude, on_failure: [blocked]}]}")

    assert told.startswith("56: routes.r.fallback[1].on_failure: can never fire: ")
    assert route("{fallback: [gpt, {use: claude, on_failure: [blocked, timeout]}]}") == []
    assert route("{fallback: [gpt, {use: claude, on_failure: [any]}]}") == []


def test_on_failure_of_the_callers_own_fault_is_refused() -> None:
    (told,) = route("{fallback: [gpt, {use: claude, on_failure: [invalid_request]}]}")

    assert "invalid_request" in told


def test_an_entry_twice_is_a_warning() -> None:
    assert route("{fallback: [gpt, claude, gpt]}") == [
        '38: routes.r.fallback[2]: warning: "gpt" is listed before; a target that failed is not tried again (remove it)'
    ]
    assert route("{pool: [gpt, gpt]}") == ['26: routes.r.pool[1]: warning: "gpt" is listed before (add up the weights)']


def test_weights_that_sum_to_zero() -> None:
    assert route("{pool: [{use: gpt, weight: 0}, {use: local, weight: 0}]}") == [
        "20: routes.r.pool: the weights sum to zero: nothing would ever be chosen (give one a weight)"
    ]
    assert route("{pool: [{use: gpt, weight: 0}, local]}") == []


def test_entries_after_one_without_a_condition_are_unreachable() -> None:
    assert route("{when: [gpt, {if: request.tools, use: claude}, local]}") == [
        "21: routes.r.when[0]: has no `if`, so the entries after it are unreachable (move it to the end)"
    ]


def test_the_last_entry_has_no_condition() -> None:
    (told,) = route("{when: [{if: request.tools, use: claude}]}")

    assert told.startswith("21: routes.r.when[0]: the last entry has an `if`: requests it does not hold for go nowhere")


def test_an_entry_with_the_condition_of_an_earlier_one_is_unreachable() -> None:
    assert route('{when: [{if: request.tools, use: gpt}, {if: " request.tools ", use: claude}, local]}') == [
        "57: routes.r.when[1].if: unreachable: an earlier entry has the same condition (remove one)"
    ]


def test_a_condition_that_is_the_same_for_every_request_is_an_error() -> None:
    (told,) = route("{when: [{if: '1 == 1', use: gpt}, local]}")

    assert told == "26: routes.r.when[0].if: names nothing of the request, so it is the same for all of them"


def test_more_targets_than_attempts_is_a_warning_on_the_route() -> None:
    (told,) = route("{fallback: [gpt, claude, local], max_attempts: 2}")
    fault = "3 targets, but max_attempts is 2: the last ones would never be tried (set max_attempts: 3)"

    assert told == f"10: routes.r: warning: {fault}"


@pytest.mark.parametrize(
    "fits",
    [
        "{fallback: [gpt, claude], max_attempts: 2}",
        "{pool: [gpt, claude, {use: local, weight: 0}], max_attempts: 2}",
        "{when: [{if: request.tools, use: gpt}, {if: request.json, use: claude}, local], max_attempts: 1}",
    ],
)
def test_only_what_one_request_may_try_counts_as_a_target(fits: str) -> None:
    assert route(fits) == []


@pytest.mark.parametrize("text", ["", "models: {}", "server: {port: 1}"])
def test_a_file_without_models_serves_nothing(text: str) -> None:
    assert (
        problems(text)[0].partition(": ")[2]
        == "no models: there is nothing to serve (add models: {gpt: openai/gpt-4o-mini})"
    )


def test_models_that_were_set_aside_are_not_missing() -> None:
    assert [line for line in problems("models: {a: 3}") if "no models" in line] == []


def test_what_nobody_can_reach_is_a_warning() -> None:
    text = (
        "models:\n  a: {target: simulator/a, expose: false}\n  b: {target: simulator/b, expose: false}\n"
        '  "c-*": {target: simulator/c, expose: false}\n'
        "routes:\n  r: {fallback: [a, c-1]}\n  s: {fallback: [r], expose: false}\n"
    )
    told = "not exposed and used by no route: nobody can reach it"

    assert problems(text) == [f"3:3: models.b: warning: {told}", f"7:3: routes.s: warning: {told}"]


def test_what_nobody_can_ask_for_has_no_deadline_of_its_own() -> None:
    text = (
        MODELS + "routes:\n  a: {fallback: [gpt], expose: false, deadline: 3s, max_attempts: 2}\n  b: {fallback: [a]}\n"
    )
    fault = 'is of a whole request, and nobody can ask for "a": it never applies'
    told = f"{fault} (say it where clients ask, or under defaults)"

    assert problems(text) == [
        f"3:39: routes.a.deadline: warning: {told}",
        f"3:53: routes.a.max_attempts: warning: {told}",
    ]


def whole_request(routes: str) -> list[str]:
    return [line for line in problems(MODELS + "routes:\n" + routes) if "deadline" in line or "max_attempts" in line]


@pytest.mark.parametrize("kind", ["fallback", "pool"])
def test_a_deadline_inside_a_list_of_routes_does_not_hold_and_is_told(kind: str) -> None:
    told = whole_request(f"  in: {{fallback: [gpt], deadline: 3s, max_attempts: 2}}\n  out: {{{kind}: [in, claude]}}\n")

    assert told == [
        '3:25: routes.in.deadline: warning: does not hold when it is reached through "out" (write it there too)',
        '3:39: routes.in.max_attempts: warning: does not hold when it is reached through "out" (write it there too)',
    ]


def test_a_deadline_is_followed_through_the_branches_of_a_list() -> None:
    told = whole_request(
        "  in: {fallback: [gpt], deadline: 3s}\n"
        "  mid: {when: [{if: request.tools, use: in}, {use: gpt}]}\n"
        "  out: {fallback: [mid, claude]}\n"
    )

    assert told == [
        '3:25: routes.in.deadline: warning: does not hold when it is reached through "out" (write it there too)'
    ]


@pytest.mark.parametrize(
    "routes",
    [
        "  in: {fallback: [gpt], deadline: 3s}\n  out: {fallback: [in, claude], deadline: 9s}\n",
        "  in: {fallback: [gpt], deadline: 3s}\n  out: {when: [{if: request.tools, use: in}, {use: gpt}]}\n",
        "  in: {fallback: [gpt], deadline: 3s, expose: false}\n  o: {when: [{if: request.json, use: in}, {gpt]}\n",
    ],
)
def test_a_deadline_that_holds_or_that_an_outer_one_replaces_is_no_fault(routes: str) -> None:
    assert whole_request(routes) == []


def test_too_few_attempts_are_told_where_they_are_said() -> None:
    told = whole_request(
        "  in: {fallback: [gpt, claude, local], max_attempts: 2}\n"
        "  out: {when: [{if: request.tools, use: in}, {use: gpt}]}\n"
    )

    assert told == [
        (
            "3:3: routes.in: warning: 3 targets, but max_attempts is 2: the last ones would never be tried "
            "(set max_attempts: 3)"
        )
    ]


def test_something_must_be_exposed() -> None:
    told = problems("models: {a: {target: simulator/a, expose: false}}")

    assert told[0] == "1:1: nothing is exposed: there is no name that a client could ask for (take out `expose: false`)"


def test_a_name_of_both_sections_is_an_error_at_the_route() -> None:
    assert problems(MODELS + "routes: {gpt: {fallback: [claude]}}") == [
        '2:10: routes.gpt: "gpt" is also a model (models and routes share one namespace)'
    ]


def test_a_condition_that_was_set_aside_is_not_missing() -> None:
    text = "routes: {{r: {{when: [{{if: {}, use: gpt}}, {{use: claude}}]}}}}"

    assert [len(problems(MODELS + text.format(condition))) for condition in ("''", "true", "7")] == [1, 1, 1]


def test_a_provider_that_no_model_uses_is_a_warning() -> None:
    text = "providers: {x: {like: simulator}}\n"
    line = "1:13: providers.x: warning: no model uses it (as in models: {NAME: x/MODEL})"

    assert problems(text + "models: {m: simulator/m}") == [line]


@pytest.mark.parametrize(
    "text",
    [
        'providers: {x: {like: simulator}}\nmodels: {"m-*": x/*}',
        "providers: {x: {like: simulator}}\nmodels: {m: simulator/m}\nroutes: {r: {fallback: [m, x/y]}}",
        'providers: {x: {like: simulator}}\nmodels: {m: simulator/m}\nroutes: {"r-*": {fallback: [m, x/*]}}',
        "providers: {x: {like: simulator}, y: {like: x}}\nmodels: {m: y/m}",
        "providers: {x: {like: simulator, optional: true}}\nmodels: {m: simulator/m}",
    ],
)
def test_a_provider_is_used_through_patterns_routes_and_likes_and_an_optional_one_may_wait(text: str) -> None:
    assert problems(text) == []


def test_a_provider_is_not_called_idle_where_it_is_faulty_or_who_uses_it_is_not_known() -> None:
    assert len(problems("providers: {opnai: {}}\nmodels: {m: simulator/m}")) == 1
    assert len(problems("providers: {x: {like: simulator}}\nmodels: {m: simulator/m, n: 5}")) == 1


@pytest.mark.parametrize(
    ("provider", "model", "told"),
    [
        ("like: mistral", "default: {user: a}", ["p takes no `user`: it is left out (remove it)"]),
        ("like: mistral", "default: {temperature: 1}", []),
        ("like: mistral", "set: {user: a}", []),
        ("like: mistral, unsupported: error", "default: {user: a}", []),
        ("like: openai", "default: {user: a}", []),
    ],
)
def test_a_default_that_the_provider_does_not_take_is_told(provider: str, model: str, told: list[str]) -> None:
    text = f"providers: {{p: {{{provider}, api_key: k}}}}\nmodels: {{m: {{target: p/x, {model}}}}}"

    assert problems(text) == [f"2:37: models.m.default.user: warning: {line}" for line in told]
