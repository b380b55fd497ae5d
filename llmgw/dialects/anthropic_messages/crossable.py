"""What of an answer of this dialect the hub can say: text, thoughts and calls of the client's tools."""

from llmgw.chat.understood import Known, anything

_BLOCK = {
    "type": frozenset({"text", "thinking", "redacted_thinking", "tool_use"}),
    **anything("text", "thinking", "signature", "data", "id", "name", "input", "caller"),
}
_DELTA = {
    "type": frozenset({"text_delta", "thinking_delta", "signature_delta", "input_json_delta"}),
    **anything("text", "thinking", "signature", "partial_json", "stop_reason", "stop_sequence"),
}
_ANSWER = {
    "content": [_BLOCK],
    **anything("id", "type", "role", "model", "stop_reason", "stop_sequence", "usage", "provider"),
}
CROSSABLE: Known = {**_ANSWER, "message": _ANSWER, "content_block": _BLOCK, "delta": _DELTA, **anything("index")}
