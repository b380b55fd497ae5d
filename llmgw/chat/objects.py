"""Arguments of tool calls: text in the hub, an object on many wires."""

import msgspec


def object_of(text: str) -> msgspec.Raw | None:
    """JSON text as it is, if it is that of an object."""
    try:
        is_object = isinstance(msgspec.json.decode(text), dict)
        encoded = text.encode()
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return msgspec.Raw(encoded) if is_object else None


def in_one_line(raw: msgspec.Raw) -> msgspec.Raw:
    """Without line breaks between its parts: in an event of a stream they would end the line."""
    has_breaks = b"\n" in bytes(raw) or b"\r" in bytes(raw)
    return msgspec.Raw(msgspec.json.format(bytes(raw), indent=-1)) if has_breaks else raw
