"""What tests of the cache have in common: requests of every dialect that callers speak, and what is decided of them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llmgw.chat.request import ChatRequest
from llmgw.config.model import TestRequest as Request
from llmgw.graph.cache_rules import CacheRule, CacheRules
from llmgw.graph.principal import Principal
from llmgw.policy.caching import Asked, Decision, decide
from llmgw.routing.facts import Facts, pretended
from llmgw.server.spoken import CLIENT_DIALECTS

RULE = CacheRule("faq", 3600.0)

# One small request of each, as its SDKs send it.
BODIES: Mapping[str, dict[str, Any]] = {
    "openai_chat": {"model": "gpt", "messages": [{"role": "user", "content": "Hi"}]},
    "openai_completions": {"model": "gpt", "prompt": "Once upon a time"},
    "openai_responses": {"model": "gpt", "input": "Hi"},
    "anthropic_messages": {"model": "gpt", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
    "gemini_generate": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
}


def request(dialect: str, body: bytes | Mapping[str, Any]) -> ChatRequest:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CLIENT_DIALECTS[dialect].read_request(written, "gpt" if dialect == "gemini_generate" else "")


def facts(principal: Principal | None = None, **fields: Any) -> Facts:
    return pretended(Request(model="gpt", **fields), principal=principal)


def decided(
    dialect: str = "openai_chat",
    body: bytes | Mapping[str, Any] | None = None,
    *,
    of: Facts | None = None,
    rule: CacheRule = RULE,
    **more: Any,
) -> Decision:
    """By one rule; `more` is of `Asked`."""
    asked = Asked(request=request(dialect, BODIES[dialect] if body is None else body), dialect=dialect, **more)
    decision = decide(CacheRules((rule,)), of or facts(), asked)
    assert decision is not None
    return decision


def ruled(**said: Any) -> CacheRule:
    return replace(RULE, **said)
