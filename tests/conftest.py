"""What every test may ask for by name: the test partners."""

from tests.partners.fixtures import (
    aimock,
    aimock_url,
    node,
    refused,
    second_upstream,
    unanswering,
    upstream,
)

__all__ = ["aimock", "aimock_url", "node", "refused", "second_upstream", "unanswering", "upstream"]
