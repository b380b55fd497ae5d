"""How a Claude chooses the next token: within Anthropic's bounds, and only what the model takes."""

from collections.abc import Mapping
from math import inf

from llmgw.chat.claude import models
from llmgw.chat.conversation import Sampling

TEMPERATURE_MAX = 1.0
# What a model that thinks takes at least; `top_k` never.
_MIN_THINKING = {"temperature": 1.0, "top_p": 0.95, "top_k": inf}


def write_sampling(sampling: Sampling, model: str, unsaid: list[str], *, thinks: bool) -> dict[str, float]:
    """The fields; the names of those that the model would refuse, or that were lowered, are added to `unsaid`."""
    given = (("temperature", sampling.temperature), ("top_p", sampling.top_p), ("top_k", sampling.top_k))
    told: dict[str, float] = {name: value for name, value in given if value is not None}
    changed = {"temperature"} if told.get("temperature", 0) > TEMPERATURE_MAX else set()
    if changed:
        told["temperature"] = TEMPERATURE_MAX
    refused = _refused(told, model, thinks=thinks)
    unsaid += [name for name in told if name in refused | changed]
    return {name: value for name, value in told.items() if name not in refused}


def _refused(told: Mapping[str, float], model: str, *, thinks: bool) -> set[str]:
    if not models.takes_sampling(model):
        return set(told)
    refused = {name for name, value in told.items() if thinks and value < _MIN_THINKING[name]}
    if "temperature" in told.keys() - refused and not models.takes_two_of_sampling(model):
        refused.add("top_p")
    return refused


def write_stop(stop: tuple[str, ...], unsaid: list[str]) -> list[str] | None:
    """White space alone is refused."""
    telling = [text for text in stop if text.strip()]
    if len(telling) < len(stop):
        unsaid.append("stop")
    return telling or None
