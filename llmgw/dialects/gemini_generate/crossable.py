"""What of an answer of this dialect the hub can say: text, thoughts and calls of functions."""

from llmgw.chat.understood import TEXT, Known, anything

_PART = {
    "text": TEXT,
    "functionCall": anything("id", "name", "args"),
    **anything("thought", "thoughtSignature"),
}
_CANDIDATE = {
    "content": {"parts": [_PART], **anything("role")},
    **anything("index", "finishReason", "finishMessage", "safetyRatings", "avgLogprobs"),
}
CROSSABLE: Known = {
    "candidates": [_CANDIDATE],
    **anything("usageMetadata", "modelVersion", "responseId", "createTime"),
}
