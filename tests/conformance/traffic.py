"""Recorded provider traffic: where it lies, and which of it is about chat.

The recordings lie beside the checkout and are read where they are; LLMGW_TRAFFIC names another directory of files in
the same format. Without any the tests are skipped, and say so.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Recording = dict[str, Any]

_DIRECTORY = Path(os.environ.get("LLMGW_TRAFFIC") or Path(__file__).resolve().parents[2].parent / "shared" / "traffic")
OPEN = _DIRECTORY / "open" if (_DIRECTORY / "open").is_dir() else _DIRECTORY
REPORTED = _DIRECTORY / "supplement" / "reported_errors.jsonl"

# Calls that answer with a turn of a conversation. All other traffic is not for a dialect of chat.
CHAT_WIRES = frozenset(
    {
        *("openai.chat", "openai.responses", "openai.completions", "anthropic.messages", "anthropic.complete"),
        *("gemini.generateContent", "gemini.streamGenerateContent", "gemini.interactions"),
        *("bedrock.converse", "bedrock.converse-stream", "bedrock.invoke", "bedrock.invoke-with-response-stream"),
        *("cohere.v1.chat", "cohere.v1.generate", "cohere.v2.chat", "ollama.chat", "ollama.generate", "writer.chat"),
        *("watsonx.text", "hf.text_generation", "replicate.predictions", "sagemaker.invocations"),
    }
)


def recordings(*more: Path) -> Iterator[Recording]:
    """All of them, in the order of their files."""
    for path in [*sorted(OPEN.glob("*.jsonl")), *more]:
        if path.is_file():
            yield from map(json.loads, path.read_bytes().splitlines())
