"""Random limits and budgets for random configs, and how much of each budget is spent."""

from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from llmgw.graph.price import NANOUSD_PER_USD
from llmgw.graph.rules import NO_RULES
from llmgw.policy.entry import bucket_name
from llmgw.policy.windows import slot_ms
from tests.dryrun.scenarios import CONDITIONS, Ask, Scenario, scenarios
from tests.served import Served

# What names have for values in the requests of the scenarios; of targets and names asked for the config tells.
VALUES = {
    "request.user": ["", "ada", "bob"],
    "metadata.tier": ["", "free", "paid"],
    "headers.x-team": ["", "blue"],
    "provider": ["up"],
}
EACH = [[], ["request.user"], ["metadata.tier"], ["target"], ["model"], ["provider", "headers.x-team"]]
ABOUT_TARGETS = ('target == "m0"', 'target != "m1" && request.stream', 'provider == "up"')
MATCHES = [*(condition for condition in CONDITIONS if "budget" not in condition), *ABOUT_TARGETS]
# So that a prompt with a short answer costs from a thousandth of a dollar to a fifth of one.
PRICES = [{"input_usd_per_mtok": size, "output_usd_per_mtok": 10 * size} for size in (0.5, 5, 50)]
LIMIT_USD = 1.0
SPENT_USD = [0.0, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 1.0, 1.5]
FREE_FAILURES = {"protocol": "overloaded"}  # an answer that cannot be read may be billed: how much, no dry run can say


@st.composite
def with_money(draw: DrawFn, base_url: str) -> Scenario:
    scenario = draw(scenarios(base_url))
    config: dict[str, Any] = dict(scenario.config)
    names = [*config["models"], *config["routes"]]
    config["models"] = {name: _priced(model, draw(_price())) for name, model in config["models"].items()}
    # A target of a pattern that only a budget leads to cannot be told to fail.
    uses = [
        name for name in names if "*" not in name and (name in config["models"] or "p-1" not in str(config["routes"]))
    ]
    config["budgets"] = [draw(_budget(f"b{index}", names, uses)) for index in range(draw(st.integers(1, 3)))]
    config["limits"] = [draw(_limit(f"l{index}", names)) for index in range(draw(st.integers(0, 2)))]
    budgets = [budget["name"] for budget in config["budgets"]]
    asks = [replace(ask, fail=_free(ask), spent=draw(_spent(budgets))) for ask in scenario.asks]
    return Scenario(config, asks)


def _priced(model: Any, price: Any) -> Any:
    return {**(model if isinstance(model, dict) else {"target": model}), "price": price}


def _price() -> st.SearchStrategy[Any]:
    return st.sampled_from(["free", *PRICES, *PRICES])


def _free(ask: Ask) -> dict[str, str | list[str]]:
    """Failures of which nothing is billed."""
    return {
        name: FREE_FAILURES.get(how, how) if isinstance(how, str) else [FREE_FAILURES.get(one, one) for one in how]
        for name, how in ask.fail.items()
    }


def _spent(budgets: list[str]) -> st.SearchStrategy[dict[str, float]]:
    return st.fixed_dictionaries({name: st.sampled_from(SPENT_USD) for name in budgets})


@st.composite
def _scope(draw: DrawFn, name: str, names: list[str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"name": name}
    if draw(st.integers(0, 3)) == 0:
        rule["models"] = draw(st.lists(st.sampled_from([*names, "m*", "r*"]), min_size=1, max_size=3, unique=True))
    if draw(st.integers(0, 2)) == 0:
        rule["match"] = draw(st.sampled_from(MATCHES))
    if each := draw(st.sampled_from(EACH)):
        rule |= {"each": each, "missing": draw(st.sampled_from(["own", "own", "skip", "reject"]))}
    return rule


@st.composite
def _budget(draw: DrawFn, name: str, names: list[str], uses: list[str]) -> dict[str, Any]:
    rule = draw(_scope(name, names))
    rule |= {"limit_usd": LIMIT_USD, "per": draw(st.sampled_from(["day", "month", "30h"]))}
    if draw(st.integers(0, 4)) == 0:
        rule["enforce"] = "shadow"
    elif draw(st.integers(0, 1)):
        rule["on_exceeded"] = {"use": draw(st.sampled_from(uses))}
    return rule


@st.composite
def _limit(draw: DrawFn, name: str, names: list[str]) -> dict[str, Any]:
    rule = draw(_scope(name, names))
    amounts: dict[str, list[Any]] = {
        "requests": ["0/m", "1/m", "2/m", "9/m"],
        "tokens": ["10/m", "900k/m"],
        "concurrent": [0, 1, 1, 9],
    }
    for what in draw(st.sets(st.sampled_from(sorted(amounts)), min_size=1)):
        rule[what] = draw(st.sampled_from(amounts[what]))
    return rule


def spend(gateway: Served, ask: Ask) -> None:
    """All counters of the running server begin anew, with what the request says was spent, whoever it is."""
    running, targets = gateway.running, [*gateway.running.graph.targets, "p-1", "p-7"]
    quota, rules = running.books.quota, running.graph.rules
    quota.take(NO_RULES)
    quota.take(rules)
    values = {**VALUES, "target": targets, "model": [ask.model]}
    for rule in rules.budgets:
        slot, nanousd = slot_ms(rule.window, running.clock.now_s()), _nanousd(ask.spent[rule.scope.name])
        buckets = product(*(values[name] for name in rule.scope.each))
        quota.restore(rule.id, [(bucket_name(bucket), slot, nanousd) for bucket in buckets])


def _nanousd(usd: float) -> int:
    return int(Decimal(repr(usd)) * NANOUSD_PER_USD)
