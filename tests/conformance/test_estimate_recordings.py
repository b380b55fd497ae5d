"""The estimate of a request's input beside what its provider counted: its error is no larger than documented."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

import msgspec
import pytest

from llmgw.chat import estimate
from llmgw.chat.measure import NOT_PROMPT
from tests.conformance.test_bounds_recordings import ALL, usages
from tests.conformance.traffic import OPEN, Recording
from tests.replay.wires import DIALECT_OF

# The documented percentiles of |estimate / counted - 1| (docs/config.md), with some room for other recordings.
P50_MAX, P95_MAX, BYTES_P50_MIN = 0.22, 1.05, 0.4
TURNS_FIELDS = ("messages", "input", "contents", "prompt", "message")
# What a provider puts in front of its model by itself, or counts by a table of its own, stands in no body.
_ADDED = """
req.image req.audio req.document req.video req.stateful req.server_tool resp.server_tool req.citations req.background
"""
ADDED = frozenset(_ADDED.split())


class Estimated(NamedTuple):
    """One request. `fitted`: the weights have seen it."""

    recording: Recording
    counted: int
    about: int
    by_bytes: int  # a quarter of the bytes of all that may reach the model
    fitted: bool

    @property
    def is_plain(self) -> bool:
        return ADDED.isdisjoint(self.recording["features"])


def estimated() -> list[Estimated]:
    return [found for one in ALL if isinstance(one["request_body"], dict) and (found := estimated_of(one))]


def estimated_of(recording: Recording) -> Estimated | None:
    usage, body = usages()[recording["id"]], recording["request_body"]
    if usage is None or not usage.input_tokens:
        return None
    fields = {
        name: msgspec.Raw(msgspec.json.encode(value).decode(errors="replace").encode()) for name, value in body.items()
    }
    turns_field = next((name for name in TURNS_FIELDS if name in body), "messages")
    about = estimate.of_fields(fields, turns_field, recording["model"] or "")
    by_bytes = sum(len(raw) for name, raw in fields.items() if name not in NOT_PROMPT) // 4
    fitted = crc32(bytes(fields.get(turns_field, b""))[:160]) % 2 == 0
    return Estimated(recording, usage.input_tokens, about, by_bytes, fitted)


def percentile(values: Iterable[float], part: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) * part // 100, len(ordered) - 1)]


def told(name: str, found: list[Estimated]) -> str:
    before = [abs(one.by_bytes / one.counted - 1) for one in found]
    after = [abs(one.about / one.counted - 1) for one in found]
    both = (f"p50 {percentile(errors, 50):.2f}, p95 {percentile(errors, 95):.2f}" for errors in (before, after))
    return f"{name:<24} {len(found):>4}  bytes / 4: {'  estimate: '.join(both)}"


def test_the_error_of_an_estimate_is_as_documented() -> None:
    found = estimated()
    if not found:
        pytest.skip(f"NO RECORDINGS at {OPEN}: estimates are NOT compared with real usage (set LLMGW_TRAFFIC)")
    plain = [one for one in found if one.is_plain]
    unseen = [one for one in plain if not one.fitted]
    groups = defaultdict(list)
    for one in plain:
        groups[DIALECT_OF[one.recording["wire"]]].append(one)
        groups[f"- {one.recording['provider']}"].append(one)
    longer = [one for one in unseen if one.counted > 100]
    print(told("all", found), told("plain", plain), told("plain, not fitted", unseen), sep="\n")
    print(told("... of over 100 tokens", longer), *(told(name, groups[name]) for name in sorted(groups)), sep="\n")
    errors = [abs(one.about / one.counted - 1) for one in unseen]

    assert percentile(errors, 50) < P50_MAX
    assert percentile(errors, 95) < P95_MAX
    assert percentile((abs(one.by_bytes / one.counted - 1) for one in unseen), 50) > BYTES_P50_MIN
