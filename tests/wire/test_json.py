"""What logs and papers write as JSON is text that any parser reads."""

import json
from datetime import date

from llmgw.wire.json import encode_text


def test_text_is_compact_and_keeps_every_letter() -> None:
    assert encode_text({"a": [1, "ü"]}) == '{"a":[1,"ü"]}'


def test_what_json_has_no_word_for_is_told_as_text() -> None:
    assert json.loads(encode_text({"at": date(2026, 1, 2), "of": 1 + 2j})) == {"at": "2026-01-02", "of": "(1+2j)"}


def test_options_of_other_encoders_are_no_error() -> None:
    assert encode_text({"b": 1}, default=repr, sort_keys=True) == '{"b":1}'
