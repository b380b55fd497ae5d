"""What of an answer of this dialect the hub can say: text, refusals, thoughts in plain text, and calls of functions."""

from llmgw.chat.understood import TEXT, Known, anything

_CALL = {"type": frozenset({"function"}), **anything("id", "index", "function")}
_MESSAGE = {
    **dict.fromkeys(("content", "refusal", "reasoning", "reasoning_content"), TEXT),
    "tool_calls": [_CALL],
    **anything("role", "channel", "token_id", "padding"),
}
_CHOICE = {
    "message": _MESSAGE,
    "delta": _MESSAGE,
    **anything("index", "text", "finish_reason", "native_finish_reason", "stop_reason"),
    **anything("content_filter_results", "seed"),
}
CROSSABLE: Known = {
    "choices": [_CHOICE],
    **anything("id", "object", "created", "model", "usage", "system_fingerprint", "service_tier", "obfuscation"),
    # What providers add of themselves, and no answer is less without.
    **anything("provider", "timings", "time_info", "x_groq", "p", "request_id", "prompt_filter_results"),
    **anything("copilot_usage", "cost"),
}
