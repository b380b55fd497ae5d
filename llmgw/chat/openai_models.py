"""What OpenAI's models that reason refuse, and with it the whole request (https://platform.openai.com/docs/guides/reasoning).

From GPT-5.1 on they take it as long as they are not told to reason, which some always do.
"""

import re

import msgspec

from llmgw.chat.conversation import Conversation

_REASONS = re.compile(r"(?:.*/)?(?:o[134]|gpt-5)(?!.*-chat)(?:[-.].*)?")
_MAY_NOT = re.compile(r"(?:.*/)?gpt-5\.(?!.*-(?:pro|codex))")
_USUAL = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}  # what it is anyway is taken


def refused_by(model: str, conversation: Conversation) -> tuple[Conversation, list[str]]:
    """The conversation without it, and the names of what is left out."""
    if not _reasons(model.lower(), conversation):
        return conversation, []
    told = msgspec.structs.asdict(conversation.sampling)
    names = [name for name, usual in _USUAL.items() if told[name] not in (None, usual)]
    names += ["logit_bias"] if told["logit_bias"] else []
    sampling = msgspec.structs.replace(conversation.sampling, **dict.fromkeys(names))
    names += ["stop"] if conversation.stop else []
    return msgspec.structs.replace(conversation, sampling=sampling, stop=()), names


def _reasons(model: str, conversation: Conversation) -> bool:
    effort = conversation.effort
    is_told = effort is not None and (effort.level not in ("", "none") or effort.budget_tokens is not None)
    return bool(_REASONS.fullmatch(model)) and (is_told or not _MAY_NOT.match(model))
