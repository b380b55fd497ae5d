import pytest

from llmgw.adapters.new_key import NewKey, check, endpoints, metadata_text
from llmgw.errors import InvalidRequestError


def test_a_name_is_enough() -> None:
    check(NewKey(name="search-prod"))


def test_all_that_may_be_said_of_one() -> None:
    check(
        NewKey(
            name="search.prod@eu",
            team="search",
            user="Jürgen Größe",
            models=("smart", "cheap*"),
            endpoints=("chat",),
            metadata={"tier": "paid", "seats": 3, "trial": False},
            expires="30d",
            sha256="a" * 64,
        )
    )


def test_the_endpoints_are_those_of_the_file() -> None:
    assert {"chat", "count_tokens"} <= {*endpoints()}


def test_values_are_text_as_rules_see_them() -> None:
    asked = NewKey(name="k", metadata={"tier": "paid", "seats": 3, "trial": False, "share": 0.5})

    assert metadata_text(asked) == {"tier": "paid", "seats": "3", "trial": "false", "share": "0.5"}


SECRET = "the-secret-that-was-put-there"


@pytest.mark.parametrize(
    ("asked", "param", "words"),
    [
        (NewKey(name=""), "name", "is one word"),
        (NewKey(name=f"{SECRET} {SECRET}"), "name", "is one word"),
        (NewKey(name="a/b"), "name", "is one word"),
        (NewKey(name="-x"), "name", "is one word"),
        (NewKey(name="x" * 101), "name", "of at most 100"),
        (NewKey(name="k\u200b"), "name", "is one word"),
        (NewKey(name="k", team="a\nb"), "team", "is one line"),
        (NewKey(name="k", user="x" * 201), "user", "of at most 200"),
        (NewKey(name="k", models=()), "models", "1 to 200 names; leave it out for all"),
        (NewKey(name="k", models=("",)), "models", "names"),
        (NewKey(name="k", endpoints=()), "endpoints", "leave it out for all"),
        (NewKey(name="k", endpoints=(SECRET,)), "endpoints", "there are: chat, count_tokens"),
        (NewKey(name="k", metadata={str(number): 1 for number in range(17)}), "metadata", "over 16 entries"),
        (NewKey(name="k", metadata={"a": SECRET * 20}), "metadata", "of one line"),
        (NewKey(name="k", metadata={"": "a"}), "metadata", "of one line"),
        (NewKey(name="k", sha256=SECRET), "sha256", "is 64 hex digits"),
    ],
)
def test_what_it_cannot_be_is_told_without_what_it_was(asked: NewKey, param: str, words: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check(asked)

    assert caught.value.param == param
    assert words in caught.value.message
    assert SECRET not in caught.value.message
