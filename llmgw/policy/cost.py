"""Usage times price, in integers: nothing is rounded but once, up, to a whole nano-dollar."""

from llmgw.chat.usage import Usage
from llmgw.graph.model import Price


def cost_nanousd(usage: Usage, price: Price) -> int:
    """In nano-dollars. Input from the cache has its own price, that put there is input; reasoning is output."""
    uncached = max(usage.input_tokens - usage.cached_input_tokens, 0)
    per_million = (
        uncached * price.input_nanousd_per_mtok
        + usage.cached_input_tokens * price.cached_input_nanousd_per_mtok
        + usage.output_tokens * price.output_nanousd_per_mtok
    )
    return -(-per_million // 1_000_000)


def as_usd(nanousd: int) -> str:
    """Dollars with all nine places, as text: no float on the way."""
    dollars, rest = divmod(nanousd, 1_000_000_000)
    return f"{dollars}.{rest:09d}"
