import json

import pytest

from llmgw.dialects.ollama_chat.errors import read_error
from llmgw.errors import FailureClass


@pytest.mark.parametrize(
    ("status", "message", "failure"),
    [
        (404, "model 'llama9' not found", FailureClass.NOT_FOUND),
        (404, 'model "llama9" not found, try pulling it first', FailureClass.NOT_FOUND),
        (400, 'model "llama9" not found, try pulling it first', FailureClass.NOT_FOUND),
        (400, "registry.ollama.ai/library/gemma:2b does not support tools", FailureClass.NOT_FOUND),
        (400, '"llama3.3" does not support thinking', FailureClass.NOT_FOUND),
        (400, "prompt too long; exceeded max context length by 12 tokens", FailureClass.CONTEXT_LENGTH),
        (400, "invalid options: top_k", None),
        (400, "invalid tool call arguments", None),
        (500, "model requires more system memory (5 GiB) than is available (2 GiB)", None),
        (200, "an error was encountered while running the model: CUDA error", FailureClass.SERVER_ERROR),
        (200, "model 'llama9' not found", FailureClass.NOT_FOUND),
    ],
)
def test_a_text_has_its_class_or_leaves_it_to_the_status(
    status: int, message: str, failure: FailureClass | None
) -> None:
    told = read_error(status, json.dumps({"error": message}).encode())

    assert (told.failure, told.message, told.plain) == (failure, message, False)


@pytest.mark.parametrize("body", [b"", b"\xff", b"404 page not found", b"[[[[", b'{"error": {"message": "x"}}'])
def test_whatever_came_is_a_message(body: bytes) -> None:
    assert read_error(404, body).message
