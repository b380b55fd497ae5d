"""The signs of a stream, as values, and the one dialect keeps the protocol."""

from llmgw.chat.dialect import NOTHING, Dialect, ErrorReport, Sign
from llmgw.dialects.openai_chat.dialect import openai_chat


def test_nothing_is_a_sign_of_nothing() -> None:
    assert Sign() == NOTHING
    assert not any([NOTHING.content, NOTHING.end, NOTHING.finish, NOTHING.usage, NOTHING.error])


def test_a_report_names_no_field_and_no_attempts_unless_told() -> None:
    report = ErrorReport(502, "route_exhausted", "all failed")

    assert (report.param, report.attempts) == (None, ())


def test_the_openai_dialect_keeps_the_protocol() -> None:
    dialect: Dialect = openai_chat

    assert dialect.name == "openai_chat"
