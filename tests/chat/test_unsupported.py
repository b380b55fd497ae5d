"""What only tunes an answer may be left out; what changes its meaning may not, unless the file says so."""

from llmgw.chat.unsupported import Policy, refused

NAMES = ("seed", "tools.web_search", "messages.image", "temperature", "response_format", "messages.name")


def test_by_default_only_what_changes_the_meaning_is_refused() -> None:
    assert refused(NAMES, Policy.USUAL) == ["messages.image", "response_format", "tools.web_search"]


def test_the_file_may_say_that_all_is_dropped_or_nothing() -> None:
    assert refused(NAMES, Policy.DROP) == []
    assert refused([*NAMES, "seed"], Policy.ERROR) == sorted(NAMES)


def test_what_is_inside_of_something_means_as_much() -> None:
    assert refused(["text.format.schema", "text.verbosity", "textual"], Policy.USUAL) == ["text.format.schema"]
