import pytest

from llmgw.policy.slot_forms import left, paired, renamed
from llmgw.policy.slot_reading import read


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a file", "a file", {}),
        ("sort file", "sort files", {"files": "file"}),
        ("open city", "open cities", {"cities": "city"}),
        ("stop cat", "stopping cat", {"stopping": "stop"}),
        ("move cat", "moving cats", {"moving": "move", "cats": "cat"}),
        ("hire cat", "hired cat", None),
        ("late bus", "lately bus", None),
        ("cat", "cat dog", None),
        ("use v1", "use v1s", None),
    ],
)
def test_words_with_other_forms_are_found(one: str, other: str, expected: dict[str, str] | None) -> None:
    assert paired(read(one), read(other)) == expected


def test_what_has_no_counterpart_is_left() -> None:
    assert left(read("cat bites dog"), read("dog bites mouse")) == (["cat"], ["mouse"])


def test_a_question_is_told_in_other_forms() -> None:
    here, there = read("not my dog of friend"), read("not my dogs of friends")

    assert renamed(there, {"dogs": "dog", "friends": "friend"}) == here
