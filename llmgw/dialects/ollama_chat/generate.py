"""A request for the completion of one prompt, /api/generate: it has no turns and no tools."""

from msgspec.structs import replace

from llmgw.chat.conversation import Conversation, File, Image
from llmgw.chat.prompts import single_prompt
from llmgw.chat.request import Edits
from llmgw.chat.writing import told, with_turn, write_body
from llmgw.dialects.ollama_chat.messages import images_of
from llmgw.dialects.ollama_chat.options import write_options
from llmgw.dialects.ollama_chat.requests import WORDLESS, write_format
from llmgw.dialects.ollama_chat.thinking import write_think


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the names of what it does not say. Raises InvalidRequestError if more than one has spoken."""
    conversation = with_turn(conversation)
    unsaid = dict.fromkeys([*conversation.beyond, *sorted(told(conversation) & {*WORDLESS, "tools"})])
    images = images_of([part for message in conversation.messages for part in message.parts], unsaid.setdefault)
    options, rest, dropped = write_options(conversation, edits)
    fields: dict[str, object] = {
        "prompt": single_prompt(_without_images(conversation), unsaid.setdefault),
        "system": "\n\n".join(text.text for text in conversation.system) or None,
        "images": images or None,
        "format": write_format(conversation.response_format),
        "think": write_think(conversation.effort, edits.model),
        "options": options,
        "stream": conversation.stream,
    }
    return write_body(fields, (*unsaid, *dropped), rest)


def _without_images(conversation: Conversation) -> Conversation:
    """What single_prompt is to see: instructions and images have places of their own here."""
    messages = tuple(
        replace(message, parts=tuple(part for part in message.parts if not _is_image(part)))
        for message in conversation.messages
    )
    return replace(conversation, messages=messages, system=())


def _is_image(part: object) -> bool:
    return isinstance(part, Image) or (isinstance(part, File) and part.media_type.startswith("image/"))
