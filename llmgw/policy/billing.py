"""What an attempt is taken to have used, however it ended: as the provider tells, else as we must think.

A provider bills what it has produced, whether or not anybody has read it to the end. So an attempt that broke off
settles at what is known of it, and never at nothing once it was under way.
"""

from dataclasses import dataclass

import msgspec

from llmgw.chat.usage import Usage

NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Spent:
    """`all_reserved`: nothing is known, so all that was reserved counts as spent."""

    usage: Usage = NO_USAGE
    estimated: bool = False
    all_reserved: bool = False

    @property
    def tokens(self) -> int:
        """All of them, as limits count."""
        return self.usage.input_tokens + self.usage.output_tokens


NOTHING = Spent()
_BYTES_PER_TOKEN = 4


def tokens_about(answer: bytes) -> int:
    """Of an answer at once that does not tell."""
    return len(answer) // _BYTES_PER_TOKEN


def estimated(input_tokens_about: int, output_tokens_about: int) -> Spent:
    """Of an answer that came to its end without telling."""
    return Spent(Usage(input_tokens=input_tokens_about, output_tokens=output_tokens_about), estimated=True)


def broken_off(told: Usage | None, input_tokens_about: int, output_tokens_about: int) -> Spent:
    """Of a stream that did not: what it has told so far is less than what will be billed, or as much."""
    so_far = told or Usage(input_tokens=input_tokens_about)
    output_tokens = max(so_far.output_tokens, output_tokens_about)
    return Spent(msgspec.structs.replace(so_far, output_tokens=output_tokens), estimated=True)


def unknown(input_tokens_about: int) -> Spent:
    """Of an answer at once that nobody waited for."""
    return Spent(Usage(input_tokens=input_tokens_about), estimated=True, all_reserved=True)
