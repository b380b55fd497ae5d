"""What a target has no way to do: left out where it only tunes the answer, refused where it would change its meaning.

Names are those of the fields as their caller knows them, with a dot for what is inside: `tools.web_search`.
"""

from collections.abc import Iterable
from enum import StrEnum


class Policy(StrEnum):
    """`unsupported` of a provider; USUAL where the file says nothing."""

    USUAL = "usual"
    DROP = "drop"
    ERROR = "error"


# Without these the answer would be to another question, or in another form than the caller can read.
_MEANING = """
tools tool_choice toolConfig functions function_call
response_format text.format output_config.format output_format generationConfig.responseSchema
generationConfig.responseJsonSchema generationConfig.responseMimeType
n generationConfig.candidateCount stop stop_sequences generationConfig.stopSequences
modalities audio generationConfig.responseModalities suffix echo best_of
previous_response_id conversation background prompt cachedContent
input.item_reference input.custom_tool_call input.custom_tool_call_output input.computer_call input.computer_call_output
messages.image messages.audio messages.input_audio messages.video messages.file messages.tool_use messages.tool_result
"""
MEANING = frozenset(_MEANING.split())


def refused(names: Iterable[str], policy: Policy) -> list[str]:
    """Those for whose sake a target must not be asked."""
    match policy:
        case Policy.DROP:
            return []
        case Policy.ERROR:
            return sorted(set(names))
        case Policy.USUAL:
            return sorted({name for name in names if _means_something(name)})


def _means_something(name: str) -> bool:
    """Whether it, or what it is inside of, changes the meaning."""
    while name:
        if name in MEANING:
            return True
        name = name.rpartition(".")[0]
    return False
