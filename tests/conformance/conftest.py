"""The last line of `make conformance`: how many recordings passed all their tests."""

from collections import Counter

import pytest

from tests.conformance.traffic import CHAT_WIRES, recordings

SPOKEN = frozenset(
    {
        *("openai.chat", "openai.responses", "anthropic.messages"),
        *("bedrock.converse", "bedrock.converse-stream", "bedrock.invoke", "bedrock.invoke-with-response-stream"),
        *("gemini.generateContent", "gemini.streamGenerateContent"),
        *("cohere.v2.chat", "cohere.v1.chat", "cohere.v1.generate", "ollama.chat", "ollama.generate"),
        *("openai.completions", "anthropic.complete", "gemini.interactions", "hf.text_generation"),
        *("replicate.predictions", "sagemaker.invocations", "watsonx.text", "writer.chat"),
    }
)
_passed: dict[str, bool] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test of a recording bears its id: `test_x[openai-1234]`."""
    name = report.nodeid.rpartition("[")[2].removesuffix("]")
    if report.when == "call" or report.failed:
        _passed[name] = _passed.get(name, True) and not report.failed


def pytest_unconfigure() -> None:
    """After all that pytest has to say. A recording of chat whose dialect is not spoken yet counts as failed."""
    known = {recording["id"]: recording["wire"] for recording in recordings()}
    chat = {id_: wire for id_, wire in known.items() if wire in CHAT_WIRES}
    if not _passed.keys() & chat.keys():
        return
    unspoken = Counter(wire for wire in chat.values() if wire not in SPOKEN)
    for wire, count in sorted(unspoken.items()):
        print(f"not spoken yet: {wire}: {count}")
    passed = sum(_passed.get(id_, False) for id_, wire in chat.items() if wire in SPOKEN)
    print(f"conformance: {passed} passed, {len(chat) - passed} failed, {len(known) - len(chat)} not applicable")
