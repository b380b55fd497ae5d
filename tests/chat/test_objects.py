"""Only an object is one, whatever stands around it; numbers stay as they were written."""

import pytest

from llmgw.chat.objects import in_one_line, object_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1.50}', b'{"a": 1.50}'),
        ('{\n  "a": 1.50 }', b'{\n  "a": 1.50 }'),
        ("[1]", None),
        ("", None),
        ("{", None),
        ('{"a": "\ud83d"}', None),
        ("[" * 100_000, None),
    ],
)
def test_an_object_and_what_is_none(text: str, expected: bytes | None) -> None:
    found = object_of(text)

    assert (None if found is None else bytes(found)) == expected


def test_line_breaks_between_parts_go_and_those_inside_of_texts_stay() -> None:
    found = object_of('{\n  "a": 1.50,\r\n "b": "x\\ny"}')
    assert found is not None

    assert bytes(in_one_line(found)) == b'{"a":1.50,"b":"x\\ny"}'
    assert in_one_line(in_one_line(found)) == in_one_line(found)
