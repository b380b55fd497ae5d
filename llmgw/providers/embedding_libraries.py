"""What semantic cache rules need beside the base: libraries that are extras, and what installs each.

As with those of the clouds it is only asked whether they are there: importing one takes longer than a command may.
"""

from dataclasses import dataclass
from importlib.util import find_spec

LOCAL = "local/"  # before the name of a model that runs in this process


@dataclass(frozen=True, slots=True)
class Library:
    """`message` says who needs it."""

    message: str
    module: str  # as it is imported
    extra: str

    @property
    def install(self) -> str:
        """The command that brings it."""
        return f"pip install 'llmgw[{self.extra}]'"


INDEX = Library("semantic rules need numpy", "numpy", "semantic")
MODELS = Library("a local model needs sentence-transformers", "sentence_transformers", "embed")


def lacking(embed: str) -> Library | None:
    """What a rule with this `embed` needs and has not; only what runs in this process needs more than the index."""
    needed = (INDEX, MODELS) if embed.startswith(LOCAL) else (INDEX,)
    return next((library for library in needed if find_spec(library.module) is None), None)
