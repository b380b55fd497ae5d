"""Chance as a value: the same seed gives the same draws, so that a dry run can repeat what a server did.

splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): 64 bits of state, a handful
of operations per draw. Not for secrets.
"""

from hashlib import blake2b

_MASK = 0xFFFF_FFFF_FFFF_FFFF


def seed_of(request_id: str) -> int:
    """The seed of a request: from its id, so that the log is enough to repeat its draws.

    Below 2^53: readers of JSON that know only doubles would round a larger one, and repeat something else.
    """
    return int.from_bytes(blake2b(request_id.encode(), digest_size=8).digest(), "big") >> 11


class Dice:
    """A sequence of draws from [0, 1)."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def draw(self) -> float:
        self._state = (self._state + 0x9E37_79B9_7F4A_7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK
        return ((mixed ^ (mixed >> 31)) >> 11) / (1 << 53)
