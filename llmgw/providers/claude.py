"""Claude in the clouds' envelopes: Anthropic's Messages but for the model's place, a version, and Bedrock's frames.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
https://docs.anthropic.com/en/api/claude-on-vertex-ai
"""

from llmgw.chat.wrapped import Envelope, Wrapped
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.wire import sse

VERSION = "anthropic_version"
BETA_HEADER = "anthropic-beta"

# The path tells the model; there is another one for streams, but `stream` is said all the same.
anthropic_vertex = Wrapped(
    "anthropic_vertex",
    anthropic_messages,
    Envelope(
        framing=sse.SERVER_SENT_EVENTS,
        leaves_out=frozenset({"model"}),
        adds={VERSION: "vertex-2023-10-16"},
        headers=frozenset({BETA_HEADER}),
    ),
)
