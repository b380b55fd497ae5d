from textwrap import dedent

from llmgw.config import model as file
from llmgw.graph.model import Target
from llmgw.graph.price import FREE, Price
from llmgw.graph.price_list import OF_THE_TABLE, Corrections, Label, Offer, Offers
from tests.graph.files import compiled, sound

NOW_S = 1.7e9
OPENAI = "providers: {openai: {api_key: k}}\n"


def targets(text: str) -> dict[str, Target]:
    return dict(sound(OPENAI + dedent(text)).targets)


def cost(target: Target) -> tuple[str, int | None]:
    """Where it is from, and what a million tokens of input cost, in thousandths of a dollar."""
    price = target.price
    source = OF_THE_TABLE if target.priced_by.startswith(OF_THE_TABLE) else target.priced_by
    return source, None if price is None else price.rates(1, NOW_S).input // 1_000_000


def test_the_table_knows_what_the_file_does_not_say() -> None:
    found = targets("models: {a: openai/gpt-4o, b: openai/never-heard-of}")

    assert [cost(found["a"]), found["a"].context_window] == [(OF_THE_TABLE, 2500), 128_000]
    assert [cost(found["b"]), found["b"].context_window] == [("", None), None]


def test_the_nearest_word_wins() -> None:
    found = targets("""
        prices:
          openai/gpt-4o: {input_usd_per_mtok: 2, output_usd_per_mtok: 2}
          "openai/o*": {input_usd_per_mtok: 3, output_usd_per_mtok: 3}
        models:
          own: {target: openai/gpt-4o, price: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}}
          corrected: {target: openai/gpt-4o, like: openai/gpt-4.1}
          shaped: openai/o3
          borrowed: {target: openai/mine, like: openai/gpt-4.1}
          borrowed-corrected: {target: openai/mine, like: openai/gpt-4o}
          like-own: {target: openai/mine, like: own}
          like-known: {target: openai/mine, like: known}
          known: openai/gpt-4o-mini
          free: {target: openai/gpt-4o, price: free}
          local: ollama/x
          simulated: {target: simulator/x, like: openai/gpt-4o-mini}
    """)

    assert {name: cost(target) for name, target in found.items()} == {
        "own": ("models.own.price", 1000),
        "corrected": ("prices.openai/gpt-4o", 2000),
        "shaped": ("prices.openai/o*", 3000),
        "borrowed": (OF_THE_TABLE, 2000),
        "borrowed-corrected": ("prices.openai/gpt-4o", 2000),
        "like-own": ("models.own.price", 1000),
        "like-known": (OF_THE_TABLE, 150),
        "known": (OF_THE_TABLE, 150),
        "free": ("models.free.price", 0),
        "local": ("local", 0),
        "simulated": (OF_THE_TABLE, 150),
    }


def test_the_window_is_borrowed_too_and_the_files_own_wins() -> None:
    found = targets("""
        models:
          known: openai/gpt-4o
          own: {target: openai/gpt-4o, context_window: 9}
          borrowed: {target: openai/mine, like: openai/gpt-4.1, price: free}
          like-own: {target: openai/mine, like: own}
    """)

    assert [found[name].context_window for name in found] == [128_000, 9, 1_000_000, 9]
    assert found["known"].edits.context_window is None  # nobody has asked to have it sent


def test_of_a_pattern_each_name_has_its_price() -> None:
    found = targets("""
        prices: {openai/gpt-4.1: {input_usd_per_mtok: 1.5, output_usd_per_mtok: 2}}
        models: {"gpt-*": openai/gpt-*, "mine-*": {target: simulator/x-*, like: "openai/gpt-*"}, "l-*": ollama/*}
    """)
    names = [("gpt-*", "4o"), ("gpt-*", "4.1"), ("gpt-*", "x" * 300), ("mine-*", "4o"), ("l-*", "llama")]

    assert [cost(found[name].concrete(star)) for name, star in names] == [
        (OF_THE_TABLE, 2500),
        ("prices.openai/gpt-4.1", 1500),
        ("", None),
        (OF_THE_TABLE, 2500),
        ("local", 0),
    ]
    assert found["gpt-*"].concrete("4o").context_window == 128_000
    assert found["gpt-*"].concrete("4o").price is found["gpt-*"].concrete("4o").price  # it is looked up once


def test_a_pattern_that_leads_to_one_model_or_has_a_price_is_known_at_once() -> None:
    found = targets('models: {"a-*": openai/gpt-4o, "b-*": {target: openai/*, price: free}}')

    assert cost(found["a-*"]) == cost(found["a-*"].concrete("x")) == (OF_THE_TABLE, 2500)
    assert cost(found["b-*"].concrete("gpt-4o")) == ("models.b-*.price", 0)


def test_nobody_knows_what_another_address_asks() -> None:
    found = sound("""
        providers:
          proxy: {like: openai, base_url: "http://127.0.0.1:1/v1", api_key: k}
          same: {like: openai, base_url: "https://api.openai.com/v1/", api_key: k}
          mine: {like: azure, base_url: "https://x.openai.azure.com", api_key: k}
        models: {proxied: proxy/gpt-4o, same: same/gpt-4o, azure: mine/gpt-4o, l: {target: proxy/x, like: proxy/gpt-4o}}
    """).targets

    assert [cost(target)[1] for target in found.values()] == [None, 2500, 2500, 2500]


def test_what_has_no_price_is_told_once_for_each_model_but_not_of_patterns() -> None:
    text = 'models: {a: openai/mine, "b-*": openai/b-*, c: ollama/x, d: {target: openai/y, price: free}}\n'
    told = compiled(OPENAI + text + "routes: {r: {fallback: [openai/z]}}").problems

    assert [str(problem).removeprefix("a.yaml:") for problem in told] == [
        (
            '2:10: models.a: warning: no price is known for "openai/mine": what it costs is not counted '
            "(give it a price, or say which provider/model it is like)"
        )
    ]


def test_a_correction_for_no_provider_is_an_error_and_one_for_no_model_a_warning() -> None:
    text = "models: {a: openai/gpt-4o}\nprices: {opnai/x: free, openai/gpt-4.1: free, openai/gpt-4o: free}\n"
    told = compiled(OPENAI + text).problems

    assert [str(problem).removeprefix("a.yaml:3:") for problem in told] == [
        '10: prices.opnai/x: "opnai" is not a provider (did you mean "openai"?)',
        '25: prices."openai/gpt-4.1": warning: no model has this target, nor is any like it',
    ]


def test_names_behind_a_star_are_remembered_within_bounds() -> None:
    offers = Offers(Corrections({"p/*": "free"}), (Label("p/*", ""),))
    found = [offers.of(str(number)) for number in range(3)]

    assert found == [Offer(FREE, "prices.p/*")] * 3
    assert offers.of.cache_info().maxsize == 1024  # type: ignore[attr-defined]  # functools' own


def test_a_price_of_the_file_is_what_it_says() -> None:
    entry = file.Price(input_usd_per_mtok=1, output_usd_per_mtok=2)
    offer = Offers(Corrections({"p/m": entry}), (Label("p/m", ""),)).of("")

    assert isinstance(offer.price, Price)
    assert offer.price.rates(1, NOW_S).output == 2_000_000_000


def test_the_row_of_the_table_is_named() -> None:
    assert targets("models: {a: openai/gpt-4o-2024-08-06}")["a"].priced_by == "the table: openai/gpt-4o"
