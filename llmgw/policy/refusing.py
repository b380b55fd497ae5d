"""What a caller is told whom a limit or a budget refuses: which one it was, how much is left, and what to do."""

from llmgw.errors import (
    BudgetExceededError,
    FailureClass,
    InvalidRequestError,
    RateLimitedError,
    RequestError,
    UnboundedCostError,
)
from llmgw.graph.rules import BudgetRule, LimitRule
from llmgw.policy.claims import Refused, Scarce
from llmgw.policy.cost import as_usd


def error_of(refused: Refused) -> RequestError:
    """The error, for whoever is refused for nothing else."""
    told = reason(refused)
    match refused.scarce:
        case Scarce.BUDGET:
            return BudgetExceededError(
                f"{told}: ask for less (max_tokens), wait for its next window, or have it raised"
            )
        case Scarce.UNBOUNDED:
            return UnboundedCostError(f"{told}: leave that out, or let the budget say `unbounded: allow`")
        case Scarce.MISSING:
            return InvalidRequestError(told, param=refused.why)
        case _:
            return RateLimitedError(f"{told}{_when(refused.retry_after_s)}", retry_after_s=refused.retry_after_s)


def reason(refused: Refused) -> str:
    """The same in a few words, for a list of candidates."""
    name = _name(refused.rule, refused.values)
    match refused.scarce:
        case Scarce.BUDGET:
            needed, left = as_usd(refused.needed_nanousd), as_usd(max(refused.left_nanousd, 0))
            return f"{name} has ${left} left, and this may cost ${needed} or more"
        case Scarce.UNBOUNDED:
            return f"{name} has to know what this may cost at most, and nobody can say it ({refused.why})"
        case Scarce.MISSING:
            return f"{name} wants a value of {refused.why}, and the request has none"
        case Scarce.CONCURRENT:
            return f"{name} has as many requests under way as it allows"
        case Scarce.BUCKETS:
            return f"{name} has too many callers at once to tell them apart"
        case _:
            return f"{name} has no {refused.scarce} left"


def stands_for(refused: Refused) -> FailureClass:
    """As which failure of a target it counts, where it keeps one from being asked."""
    return FailureClass.QUOTA_EXHAUSTED if isinstance(refused.rule, BudgetRule) else FailureClass.RATE_LIMITED


def _name(rule: LimitRule | BudgetRule, values: tuple[str, ...]) -> str:
    kind = "budget" if isinstance(rule, BudgetRule) else "limit"
    whose = f" of {', '.join(value or 'nobody' for value in values)}" if values else ""
    return f"the {kind} '{rule.scope.name}'{whose}"


def _when(retry_after_s: float | None) -> str:
    if retry_after_s is None:
        return ": this request alone is more than it allows"
    return f": try again in {retry_after_s:.3g} s"
