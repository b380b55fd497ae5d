"""Under which key an answer is kept: every field of the body counts but a few, by what it says and not how it is spelt.

Two bodies share a key only if every reader of JSON would take them for the same: numbers are compared exactly, absent,
null and default are three things, and what readers disagree on (a name given twice) has no key at all.
"""

import re
from collections.abc import Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, DecimalException
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

# What changes no answer, in any dialect: how it is told, whom it is for, and what a provider does beside.
IGNORED = frozenset({"stream", "stream_options", "user", "metadata", "store", "safety_identifier", "prompt_cache_key"})
# Where an answer repeats what it was asked, or may be referred to later, only how it is told changes nothing.
_IGNORED_IN = {"openai_responses": frozenset({"stream", "stream_options"})}
INTEGER_DIGITS_MAX = 64  # longer ones are compared as they are spelt: 1e9999 must not become ten thousand digits

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_ESCAPES = re.compile(rb"\\(?:(u003[aA])|.)", re.DOTALL)
_raw_encoder = msgspec.json.Encoder()
_encoder = msgspec.json.Encoder(order="sorted", decimal_format="number")


class UnkeyableError(ValueError):
    """A body of which readers could take different things. The text says why, in a few words."""


class Body(NamedTuple):
    """The fields that count, decoded without loss, and as bytes. Numbers are ints, or Decimals of their exact value."""

    fields: dict[str, Any]
    canonical: bytes


def ignored(dialect: str) -> frozenset[str]:
    """The fields of a body that are of no account."""
    return _IGNORED_IN.get(dialect, IGNORED)


def read(fields: Mapping[str, msgspec.Raw], dialect: str = "") -> Body:
    """Raises UnkeyableError."""
    beside = _IGNORED_IN.get(dialect, IGNORED)
    body = _raw_encoder.encode({name: raw for name, raw in fields.items() if name not in beside})
    try:
        told: dict[str, Any] = _decoder.decode(body)
        said = _encoder.encode(told)
    except (msgspec.DecodeError, UnicodeError, DecimalException):
        raise UnkeyableError("something in it cannot be read exactly") from None
    except RecursionError:
        raise UnkeyableError("it is nested too deeply") from None
    if _colons(body) != said.count(b":"):
        raise UnkeyableError("a name is given twice") from None
    return Body(told, said)


def canonical(told: Any) -> bytes:
    """The one way to write what was read: names in order at every depth, numbers and strings by their values."""
    return _encoder.encode(told)


def digest(*parts: bytes) -> bytes:
    """Of parts that cannot run into each other."""
    return sha256(packed(*parts)).digest()


def packed(*parts: bytes) -> bytes:
    """Each with its length before it."""
    return b"".join([len(part).to_bytes(8, "big") + part for part in parts])


def texts(*told: object) -> bytes:
    """Texts, flags and tuples of them as one part, each in its own quotes: half characters can be among them."""
    return ascii(told).encode()


def _exact_number(text: str) -> int | Decimal:
    """Of a number with a point or an exponent: whole ones are as if written without, and there is only one zero."""
    number = Decimal(text)
    if not number:
        return 0
    is_short = number.adjusted() < INTEGER_DIGITS_MAX
    return int(number) if is_short and number == number.to_integral_value() else number.normalize(_EXACT)


_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=_exact_number)


def _colons(body: bytes) -> int:
    """As many as there will be when it is written anew, if nothing gets lost: each name that is given twice loses one.

    No character but a colon is written as one, and none of them is ever written otherwise; only a caller may spell
    one by its number, which makes a colon more.
    """
    hidden = sum(1 for found in _ESCAPES.findall(body) if found) if b"\\u003" in body else 0
    return body.count(b":") + hidden
