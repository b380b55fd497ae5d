"""What a semantic rule needs and has not is told with what installs it."""

from importlib.machinery import ModuleSpec

import pytest

from llmgw.providers import embedding_libraries
from llmgw.providers.embedding_libraries import INDEX, MODELS, lacking

PROVIDERS, OURS = "openai/text-embedding-3-small", "local/m"


@pytest.mark.parametrize(
    ("absent", "embed", "expected"),
    [
        ("numpy", PROVIDERS, INDEX),
        ("numpy", OURS, INDEX),
        ("sentence_transformers", PROVIDERS, None),
        ("sentence_transformers", OURS, MODELS),
        ("nothing", OURS, None),
    ],
)
def test_only_a_model_of_this_process_needs_more_than_the_index(
    monkeypatch: pytest.MonkeyPatch, absent: str, embed: str, expected: object
) -> None:
    monkeypatch.setattr(
        embedding_libraries, "find_spec", lambda name: None if name == absent else ModuleSpec(name, None)
    )

    assert lacking(embed) is expected


def test_the_remedy_is_a_command() -> None:
    assert [library.install for library in (INDEX, MODELS)] == [
        "pip install 'llmgw[semantic]'",
        "pip install 'llmgw[embed]'",
    ]
