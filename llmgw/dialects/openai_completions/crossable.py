"""What of an answer of this dialect the hub can say: its text."""

from llmgw.chat.understood import TEXT, Known, anything

_CHOICE = {"text": TEXT, **anything("index", "finish_reason", "native_finish_reason", "stop_reason", "seed")}
CROSSABLE: Known = {
    "choices": [_CHOICE],
    **anything("id", "object", "created", "model", "usage", "system_fingerprint", "provider", "timings"),
}
