"""What every test may ask for by name: the test partners."""

import pytest

pytest.register_assert_rewrite("tests.matrix.features")  # before whoever imports it first

from tests.partners.fixtures import (  # noqa: E402
    aimock,
    aimock_url,
    node,
    refused,
    second_upstream,
    unanswering,
    upstream,
)

__all__ = ["aimock", "aimock_url", "node", "refused", "second_upstream", "unanswering", "upstream"]
