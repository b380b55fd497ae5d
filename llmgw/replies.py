"""What a client is told beside the answer itself: response headers, and errors with what to do about them."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from llmgw.call import Call
from llmgw.chat.dialect import Dialect, ErrorReport
from llmgw.errors import (
    FailureClass,
    GatewayError,
    OverloadedError,
    RequestError,
    UpstreamError,
    UpstreamStatusError,
)
from llmgw.graph.model import Graph, Target
from llmgw.graph.principal import Principal
from llmgw.policy import access
from llmgw.policy.claims import Standing
from llmgw.policy.cost import as_usd
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.transcript import Transcript

NAMES_LISTED_MAX = 20
DROPPED_CHARS_MAX = 1000
_WHO_ANSWERED = frozenset({"x-llmgw-target", "x-llmgw-route"})
_EVENTS = "text/event-stream"
_RATE_LIMIT_HEADERS = ("x-ratelimit-", "anthropic-ratelimit-", "ratelimit-")


def headers(transcript: Transcript, upstream: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer: what was decided, and the provider's own rate limits under another name."""
    return {"content-type": content_type(upstream), **decided(transcript), **rate_limits(upstream)}


def of_kept(transcript: Transcript, *, stream: bool) -> dict[str, str]:
    """The headers of an answer for which nobody was asked."""
    told = headers(transcript, {"content-type": _EVENTS} if stream else {})
    if transcript.age_s is not None:
        told["age"] = str(int(transcript.age_s))
    if transcript.similarity is not None:
        told["x-llmgw-similarity"] = f"{transcript.similarity:.4f}"
    return told


def of_ours(transcript: Transcript) -> dict[str, str]:
    """The headers of an answer that no target gave, however many were asked."""
    told = headers(transcript, {})
    return {name: value for name, value in told.items() if name not in _WHO_ANSWERED}


def rate_limits(upstream: Mapping[str, str]) -> dict[str, str]:
    """The provider's own limits: not the caller's, so under names of ours."""
    return {
        f"x-llmgw-upstream-{name.removeprefix('x-')}": printable(value)
        for name, value in upstream.items()
        if name.startswith(_RATE_LIMIT_HEADERS) or name == "retry-after"
    }


def content_type(upstream: Mapping[str, str]) -> str:
    """The provider's, as far as a header can carry it."""
    return printable(upstream.get("content-type", "application/json"))


def decided(transcript: Transcript) -> dict[str, str]:
    """Which target answered, or was tried last, how it was reached, and what that took; of a stream not yet."""
    told = {
        "x-llmgw-attempts": str(len(transcript.attempts)),
        "x-llmgw-cache": transcript.cache,
        "x-llmgw-overhead-ms": f"{transcript.overhead_s * 1000:.2f}",
    }
    told.update(standing(transcript.standing))
    if transcript.output_cap is not None:
        told["x-llmgw-output-cap"] = str(transcript.output_cap)
    if transcript.cost_nanousd is not None and not (transcript.stream and transcript.committed):
        told["x-llmgw-cost-usd"] = as_usd(transcript.cost_nanousd)
    if transcript.dropped:
        told["x-llmgw-dropped"] = _listed(transcript.dropped)
    if transcript.target is not None and transcript.path is not None:
        told["x-llmgw-target"] = printable(transcript.target)
        told["x-llmgw-route"] = printable(transcript.path)
    return told


def standing(of: Standing) -> dict[str, str]:
    """How the tightest of our limits and budgets stand: the names are OpenAI's, so that its SDKs know them."""
    told: dict[str, str] = {}
    for what, room in (("requests", of.requests), ("tokens", of.tokens)):
        if room is not None:
            told[f"x-ratelimit-limit-{what}"] = str(room.limit)
            told[f"x-ratelimit-remaining-{what}"] = str(room.remaining)
            told[f"x-ratelimit-reset-{what}"] = f"{room.reset_s:.3f}s"
    if of.budget_left_nanousd is not None:
        told["x-llmgw-budget-remaining-usd"] = as_usd(max(of.budget_left_nanousd, 0))
    return told


def passed_on(error: UpstreamStatusError, dialect: Dialect) -> tuple[dict[str, str], bytes]:
    """Headers and body of a provider's answer that the caller is to have: as it came, if it is of his dialect."""
    limits = rate_limits(error.headers)
    if error.status < 400 or error.dialect == dialect.name:
        return {**limits, "content-type": content_type(error.headers)}, error.body
    told = ErrorReport(error.status, error.failure.value, error.message)
    return {**limits, "content-type": "application/json"}, dialect.write_error(told)


def _listed(names: Sequence[str]) -> str:
    """They are the caller's own words: as a header can carry them, and not longer than clients take."""
    told = printable(",".join(names))
    return told if len(told) <= DROPPED_CHARS_MAX else f"{told[:DROPPED_CHARS_MAX]}... ({len(names)} in all)"


def report(error: GatewayError) -> ErrorReport:
    """Total: every error of ours has a status, a stable code and a text."""
    match error:
        case RequestError():
            return ErrorReport(error.status, error.code, error.message, error.param)
        case OverloadedError():
            return ErrorReport(error.status, error.code, error.message)
        case RouteExhaustedError():
            return ErrorReport(error.verdict.status, error.verdict.code, str(error), attempts=error.attempts)
        case UpstreamError():  # after the commit: the stream itself broke
            return ErrorReport(502, FailureClass.STREAM_CUT.value, f"the stream broke: {error.message}")
        case _:  # a ConfigError while serving, or a kind that this table has not been told of
            return ErrorReport(500, "internal_error", "the gateway failed; the log says why")


def note_failure(transcript: Transcript, error: GatewayError, *, started: bool) -> None:
    """Put the end of a failed call into its transcript. The status of a stream that has begun cannot change."""
    told = report(error)
    passed_on = error.passed_on if isinstance(error, RouteExhaustedError) else None
    transcript.outcome = told.code
    transcript.error = transcript.clean(told.message)
    if started:
        transcript.status = 200
    else:
        transcript.status = told.status if passed_on is None else passed_on.status


def missing_credential(target: Target, call: Call) -> str:
    """What to send, and where the gateway's own key belongs, if it wants one."""
    own = f"the provider '{target.provider}' is called with your own credential: send it in Authorization or x-api-key"
    return own if call.principal is None else f"{own}, and the gateway's key in x-llmgw-key"


def unknown_model(graph: Graph, name: str, principal: Principal | None = None) -> str:
    """What is wrong with the name, what there is for this caller, and how to add it."""
    shown = printable(name)[:200]
    if name in graph.absent:
        return f"model '{shown}' is not served: {graph.absent[name]}"
    names = access.names_shown(principal, graph)
    close = get_close_matches(name[:200], names, n=1)
    suggestion = f" Did you mean '{close[0]}'?" if close else ""
    listed = ", ".join(names[:NAMES_LISTED_MAX]) + (", …" if len(names) > NAMES_LISTED_MAX else "")
    return f"no model '{shown}'.{suggestion} Names: {listed}. Add others to the file under models."


def printable(text: str) -> str:
    """Text as a header may carry it: printable ASCII, the rest as question marks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if " " <= char < "\x7f" else "?" for char in text)
