import pytest

from llmgw.graph.header_values import header_fault, key_fault

OUTER = "begins or ends with white space or a line break"
UNSEEN = "holds a character that cannot be seen, and that no header may carry"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", None),
        ("Bearer a-b_c", None),
        ("Zürich", None),
        ("k\n", OUTER),
        ("k\r\n", OUTER),
        (" k", OUTER),
        ("k\xa0", OUTER),
        ("a\nb", UNSEEN),
        ("a\tb", UNSEEN),
        ("a\u200bb", UNSEEN),
        ("\ufeffk", UNSEEN),
    ],
)
def test_a_header_is_one_line_that_can_be_seen(text: str, fault: str | None) -> None:
    assert header_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [("sk-1", None), ("k\n", OUTER), ("“k”", "holds a character beyond ASCII, perhaps a curly quote")],
)
def test_a_key_is_ascii_too(text: str, fault: str | None) -> None:
    assert key_fault(text) == fault
