"""What a model takes, by its name: Converse is one for all vendors, but each has fields of its own beside it.

The ARN of a customer's own profile or throughput tells no vendor: such a name is taken for a Claude's, as most are.
"""

import re

from llmgw.chat.claude import models as claude

_NO_SCHEMA = re.compile(r"amazon\.|meta\.|cohere\.|ai21\.|writer\.|mistral\.mi[sx]tral-")


def is_claude(model: str) -> bool:
    """Or as good as one."""
    return "claude" in model or (model.startswith("arn:") and "." not in model.rpartition("/")[2])


def is_nova(model: str) -> bool:
    return "amazon.nova" in model


def is_nova_2(model: str) -> bool:
    """The Novas that think."""
    return "amazon.nova-2" in model


def is_gpt(model: str) -> bool:
    return "openai.gpt" in model


def takes_schema(model: str) -> bool:
    """`outputConfig`, and tools that keep to their schema strictly."""
    if is_claude(model):
        return claude.takes_schema(model)
    return not _NO_SCHEMA.search(model)


def takes_cache(model: str) -> bool:
    """Marks of what may be cached."""
    return is_nova(model) or (is_claude(model) and claude.takes_cache(model))


def takes_cached_tools(model: str) -> bool:
    return takes_cache(model) and not is_nova(model)


def takes_prefill(model: str) -> bool:
    """A last turn of the assistant, from which the model goes on."""
    return is_claude(model) and claude.takes_prefill(model)


def takes_status(model: str) -> bool:
    """Whether it is told that a tool has failed."""
    return is_claude(model) or is_nova(model)
