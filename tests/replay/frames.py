"""A recorded stream cut into its events, byte for byte, without any help from the gateway."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.partners.aws_frames import read_frames

BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
LINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Frame:
    """One event: `raw` is all of it, its end included. `data` is its JSON; None where it has none."""

    raw: bytes
    name: str = ""
    data: Any = None
    is_done: bool = False  # data: [DONE]


def frames_of(body: bytes, kind: str) -> list[Frame]:
    """`kind` is sse, ndjson or eventstream; joined again the frames are the body."""
    readers = {"sse": _events, "ndjson": _lines, "eventstream": _aws}
    return list(readers[kind](body))


def _events(body: bytes) -> Iterator[Frame]:
    place = 0
    for blank in BLANK_LINE.finditer(body):
        yield _event(body[place : blank.end()])
        place = blank.end()
    if place < len(body):
        yield _event(body[place:])


def _event(raw: bytes) -> Frame:
    name, data = "", []
    for line in LINE.split(raw.decode()):
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            data.append(value.removeprefix(" "))
    text = "\n".join(data).strip()
    if text == "[DONE]":
        return Frame(raw, name, is_done=True)
    return Frame(raw, name, _json(text))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _lines(body: bytes) -> Iterator[Frame]:
    for line in body.splitlines(keepends=True):
        yield Frame(line, data=_json(line.decode()))


def _aws(body: bytes) -> Iterator[Frame]:
    """Of InvokeModel the payload wraps the model's own JSON; its name is then in there."""
    for frame in read_frames(body):
        name = frame.headers.get(":exception-type") or frame.headers.get(":event-type", "")
        data = frame.json
        if set(data) >= {"bytes"}:
            data = json.loads(base64.b64decode(data["bytes"]))
        yield Frame(frame.raw, name, data)
