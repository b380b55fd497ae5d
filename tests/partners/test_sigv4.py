"""The check of signatures agrees with the example that AWS has published of one."""

import pytest

from tests.partners.sigv4 import signature_fault

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HEADERS = {
    "host": "example.amazonaws.com",
    "x-amz-date": "20150830T123600Z",
    "authorization": (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    ),
}


def test_a_sound_signature_has_no_fault() -> None:
    assert signature_fault(SECRET_KEY, "GET", "/", HEADERS, b"") is None


@pytest.mark.parametrize(
    ("method", "target", "host", "body"),
    [
        ("POST", "/", "example.amazonaws.com", b""),
        ("GET", "/a", "example.amazonaws.com", b""),
        ("GET", "/?a=1", "example.amazonaws.com", b""),
        ("GET", "/", "other.amazonaws.com", b""),
        ("GET", "/", "example.amazonaws.com", b" "),
    ],
)
def test_whatever_is_changed_is_noticed(method: str, target: str, host: str, body: bytes) -> None:
    changed = signature_fault(SECRET_KEY, method, target, {**HEADERS, "host": host}, body)

    assert changed == "the signature does not match"


def test_what_is_not_signed_is_told() -> None:
    assert signature_fault(SECRET_KEY, "GET", "/", {}, b"") == "no signature"
