"""Words of other products for a cache are told what they are called here."""

from llmgw.config import cache_hints
from llmgw.config.schema import resolved_schema

CACHE = resolved_schema()["properties"]["cache"]["properties"]
RULE = CACHE["rules"]["items"]["properties"]


def test_no_hint_is_for_a_key_that_is_known_where_it_stands() -> None:
    known = {*(f"cache.{key}" for key in CACHE), *(f"cache.rules[].{key}" for key in RULE)}

    assert known & cache_hints.PLACED.keys() == set()


def test_no_word_of_others_is_one_of_ours() -> None:
    assert {*CACHE, *RULE} & cache_hints.WORDS.keys() == set()


def test_hints_name_keys_that_there_are() -> None:
    named = {hint.split("`")[1] for hint in cache_hints.PLACED.values() if hint.startswith("here it is `")}

    assert named <= RULE.keys()
