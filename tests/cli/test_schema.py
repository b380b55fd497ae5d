"""`llmgw schema`: what editors and other programs read."""

from llmgw.config.schema import schema_text
from tests.cli.machine import called


def test_the_schema_is_printed_as_shipped() -> None:
    assert called("schema").stdout == schema_text()
