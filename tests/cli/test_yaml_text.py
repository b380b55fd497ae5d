"""What we quote is what YAML reads."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from llmgw.cli.yaml_text import quoted


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp"))))
def test_a_quoted_text_is_read_as_itself(text: str) -> None:
    assert yaml.safe_load(quoted(text)) == text
