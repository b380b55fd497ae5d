import base64
import hashlib
import hmac

import pytest

from llmgw.wire.webhook_signature import secret_fault, signed

# A message that the standard's own libraries are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')


def test_it_is_what_the_standard_says() -> None:
    told = signed(*MESSAGE, SECRET)

    assert told == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_of_another_form_is_its_own_bytes() -> None:
    told = signed("id", 7, b"body", "a plain secret")
    key = hmac.new(b"a plain secret", b"id.7.body", hashlib.sha256).digest()

    assert told["webhook-signature"] == f"v1,{base64.b64encode(key).decode()}"


def test_without_a_secret_nothing_is_signed() -> None:
    assert signed("id", 7, b"body", None) == {"webhook-id": "id", "webhook-timestamp": "7"}


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (SECRET, None),
        ("anything else", None),
        ("whsec_", "holds nothing after whsec_"),
        ("whsec_no base64!", "is not base64 after whsec_"),
    ],
)
def test_a_secret_that_is_none_is_told_and_not_repeated(secret: str, expected: str | None) -> None:
    assert secret_fault(secret) == expected
