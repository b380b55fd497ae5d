import math
import struct
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.embedding.vectors import DIMENSIONS_MAX, normalised, of_base64
from llmgw.errors import UpstreamProtocolError


def numbers(vector: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(vector) // 4}f", vector)


def test_a_vector_has_length_1() -> None:
    assert numbers(normalised([3.0, 4.0])) == pytest.approx((0.6, 0.8))


@given(st.lists(st.floats(-1e6, 1e6).filter(lambda value: abs(value) > 1e-6), min_size=1, max_size=50))
def test_any_vector_with_a_direction_has_length_1(values: list[float]) -> None:
    assert math.hypot(*numbers(normalised(values))) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [math.inf], [math.nan, 1.0], [1.0] * (DIMENSIONS_MAX + 1)])
def test_what_has_no_direction_is_none(values: list[float]) -> None:
    with pytest.raises(UpstreamProtocolError):
        normalised(values)


def test_base64_is_float32() -> None:
    assert list(of_base64(b64encode(struct.pack("<2f", 0.5, -1.0)).decode())) == [0.5, -1.0]


@pytest.mark.parametrize("text", ["?", "AAA=", "AAAAAAA="])
def test_other_texts_are_no_vectors(text: str) -> None:
    with pytest.raises(UpstreamProtocolError):
        of_base64(text)
