"""Usage times price, in integers: nothing is rounded but once, up, to a whole nano-dollar."""

from llmgw.chat.usage import Usage
from llmgw.graph.price import NANOUSD_PER_USD, STANDARD, Price, Rates
from llmgw.policy.claims import WorstCase

_PER_MILLION = 1_000_000


def cost_nanousd(usage: Usage, price: Price, now_s: float, service_tier: str = STANDARD) -> int:
    """What an answer costs. `now_s`: when it was asked for; `service_tier`: the one asked for, if none is told."""
    rates = price.rates(usage.input_tokens, now_s, usage.service_tier or service_tier)
    return _rounded_up(_input(usage, rates) + _output(usage, rates)) + rates.request_nanousd


def worst_case(  # noqa: PLR0913 - one for each thing that it depends on
    input_tokens_max: int,
    answers: int,
    price: Price,
    now_s: float,
    *,
    tokens_max: int | None,
    may_cap: bool,
    service_tier: str | None = None,
) -> WorstCase:
    """What a request may cost at most, if it is answered so many times, whatever its tokens turn out to be.

    `tokens_max` is that of one answer. `service_tier`: the one asked for, besides which the usual one may answer; None:
    any may.
    """
    fixed_nanousd = nanousd_per_mtok = 0
    for rates in price.possible(input_tokens_max, now_s, service_tier):
        fixed_nanousd = max(fixed_nanousd, _rounded_up(input_tokens_max * rates.dearest_input) + rates.request_nanousd)
        nanousd_per_mtok = max(nanousd_per_mtok, answers * rates.dearest_output)
    return WorstCase(fixed_nanousd, nanousd_per_mtok, tokens_max, may_cap)


def as_usd(nanousd: int) -> str:
    """Dollars with all nine places, as text: no float on the way."""
    dollars, rest = divmod(nanousd, NANOUSD_PER_USD)
    return f"{dollars}.{rest:09d}"


def _input(usage: Usage, rates: Rates) -> int:
    """What the cache did is billed first; of the rest what was heard and seen, then what was read."""
    cached_audio = min(usage.cached_audio_input_tokens, usage.cached_input_tokens)
    written_1h = min(usage.cache_write_1h_input_tokens, usage.cache_write_input_tokens)
    fresh = max(usage.input_tokens - usage.cached_input_tokens - usage.cache_write_input_tokens, 0)
    audio = min(max(usage.audio_input_tokens - cached_audio, 0), fresh)
    image = min(usage.image_input_tokens, fresh - audio)
    return (
        (fresh - audio - image) * rates.input
        + audio * rates.audio_input
        + image * rates.image_input
        + (usage.cached_input_tokens - cached_audio) * rates.cached_input
        + cached_audio * rates.cached_audio_input
        + (usage.cache_write_input_tokens - written_1h) * rates.cache_write
        + written_1h * rates.cache_write_1h
    )


def _output(usage: Usage, rates: Rates) -> int:
    thought = min(usage.reasoning_tokens, usage.output_tokens)
    audio = min(usage.audio_output_tokens, usage.output_tokens - thought)
    image = min(usage.image_output_tokens, usage.output_tokens - thought - audio)
    return (
        (usage.output_tokens - thought - audio - image) * rates.output
        + thought * rates.reasoning
        + audio * rates.audio_output
        + image * rates.image_output
    )


def _rounded_up(nanousd_times_million: int) -> int:
    return -(-nanousd_times_million // _PER_MILLION)
