"""Usage times price, in integers: nothing is rounded but once, up, to a whole nano-dollar."""

from llmgw.chat.usage import Usage
from llmgw.graph.model import Price


def cost_nanousd(usage: Usage, price: Price) -> int:
    """What an answer cost, in nano-dollars. Cached input has its own price; reasoning is output."""
    cached = min(usage.cached_input_tokens, usage.input_tokens)
    per_million = (
        (usage.input_tokens - cached) * price.input_nanousd_per_mtok
        + cached * price.cached_input_nanousd_per_mtok
        + usage.output_tokens * price.output_nanousd_per_mtok
    )
    return -(-per_million // 1_000_000)


def as_usd(nanousd: int) -> str:
    """Dollars with all nine places, as text: no float on the way."""
    dollars, rest = divmod(nanousd, 1_000_000_000)
    return f"{dollars}.{rest:09d}"
