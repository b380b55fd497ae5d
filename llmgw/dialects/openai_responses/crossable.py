"""What of an answer of this dialect the hub can say: messages without annotations, thoughts, calls of functions."""

from llmgw.chat.understood import Known, anything

_PART = {
    "type": frozenset({"output_text", "refusal", "reasoning_text", "summary_text"}),
    **anything("text", "refusal"),
}
_ITEM = {
    "type": frozenset({"message", "reasoning", "function_call"}),
    "content": [_PART],
    "summary": [_PART],
    **anything("id", "item_id", "output_index", "status", "role", "phase", "name", "call_id", "arguments"),
    **anything("encrypted_content"),
}
# What an answer repeats of its request is written anew.
_ANSWER = {
    "output": [_ITEM],
    **anything("id", "object", "created_at", "completed_at", "status", "model", "usage", "error", "incomplete_details"),
    **anything("background", "billing", "frequency_penalty", "instructions", "max_output_tokens", "max_tool_calls"),
    **anything("metadata", "parallel_tool_calls", "presence_penalty", "previous_response_id", "prompt_cache_key"),
    **anything("prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store", "temperature"),
    **anything("text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user", "tool_usage"),
    **anything("content_filters", "copilot_usage", "prompt_cache_options"),
}
_EVENT = anything(
    *("type", "sequence_number", "item_id", "output_index", "content_index", "summary_index", "delta", "obfuscation"),
    *("refusal", "name", "arguments"),
)
CROSSABLE: Known = {**_ANSWER, **_EVENT, "response": _ANSWER, "item": _ITEM, "part": _PART}
