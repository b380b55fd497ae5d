"""What a command reads: files as they are named, `-` for standard input, or a text made from flags."""

import sys
from collections.abc import Sequence
from pathlib import Path

from llmgw.adapters.config_files import FILE_BYTES_MAX, Text
from llmgw.cli.yaml_text import quoted

STDIN = "-"


def sources(configs: Sequence[str]) -> tuple[Path | Text, ...]:
    """The files in the order given; they are merged."""
    return tuple(Text("<stdin>", stdin_text()) if config == STDIN else Path(config) for config in configs)


def stdin_text() -> str:
    """Standard input, bounded; a byte that is not UTF-8 is left for the reader to name."""
    return sys.stdin.buffer.read(FILE_BYTES_MAX + 1).decode("utf-8", "surrogateescape")


def chain_text(model: str, fallbacks: Sequence[str]) -> Text:
    """`--model M --fallbacks A,B` as a file: any name that a client asks for goes to this chain."""
    targets = tuple(dict.fromkeys((model, *fallbacks)))
    models = [f"  {quoted(target)}: {{target: {quoted(target)}, expose: false}}" for target in targets]
    chain = ", ".join(quoted(target) for target in targets)
    return Text("<flags>", "\n".join(["models:", *models, "routes:", f'  "*": {{fallback: [{chain}]}}', ""]))
