"""What can go wrong, whose fault it is, and the one map from there to HTTP.

    GatewayError
    ├── ConfigError               the file is wrong: carries its problems            (CLI exit 1)
    ├── RequestError              the client is wrong                                4xx
    │   ├── InvalidRequestError 400   ├── ForbiddenOriginError 403   ├── UnknownModelError 404
    │   ├── UnauthorizedError 401     ├── ForbiddenModelError 403    ├── MissingCredentialError 401
    │   ├── ForbiddenEndpointError 403
    │   ├── BudgetExceededError 402   ├── UnboundedCostError 402     ├── RateLimitedError 429
    │   ├── UnknownPathError 404      ├── MethodNotAllowedError 405
    │   ├── UnknownKeyError 404       ├── KeyExistsError 409
    │   ├── BodyTimeoutError 408      ├── RequestTooLargeError 413
    │   └── NotKeptError 504
    ├── OverloadedError           we are full, or about to leave                     503
    │   └── LedgerUnavailableError    what it would cost could not be booked
    ├── ClientGoneError           nobody is left to answer
    ├── UpstreamError             one attempt failed; another may answer             never seen by a client as such
    │   ├── UpstreamStatusError (status, headers and body as the provider sent them)
    │   ├── UpstreamTimeoutError (which limit: connect, first_token, idle, total …)
    │   ├── UpstreamConnectError      ├── UpstreamProtocolError (they broke their dialect)
    │   └── StreamCutError (their stream ended before it was whole)
    ├── EmbeddingError            a text could not be turned into a vector           never seen by a client
    └── RouteExhaustedError       no target answered: carries every attempt          as all of them agree

The first question of an error is h11's: whose fault is it? Every class of an attempt's failure is in
`FailureClass`; it is the closed list that config (`on_failure`), logs and `llmgw test-route` speak too.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class FailureClass(StrEnum):
    """How an attempt failed: the closed list. What follows from each is in `routing.outcome`."""

    CONNECTION = "connection"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    BLOCKED = "blocked"
    PROTOCOL = "protocol"
    STREAM_CUT = "stream_cut"
    INVALID_REQUEST = "invalid_request"


NO_TARGET = "no_target"
ROUTE_EXHAUSTED = "route_exhausted"


class TimeLimit(StrEnum):
    """Which of the time limits of an attempt ran out."""

    CONNECT = "connect"
    FIRST_TOKEN = "first_token"  # noqa: S105 - a time limit, not a password
    IDLE = "idle"
    TOTAL = "total"
    DEADLINE = "deadline"
    CALLER = "x-llmgw-timeout"  # the deadline that the caller has set


class GatewayError(Exception):
    """The root of all that we raise on purpose."""


class ConfigError(GatewayError):
    """The file is wrong. `problems` says where and what to do about each fault."""

    def __init__(self, problems: Sequence[object]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class RequestError(GatewayError):
    """The client is wrong. The message says what happened and what to do.

    `code` is stable and made for programs; `param` names the field of the body at fault, if one is.
    """

    status = 400
    code = "invalid_request"

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param


class InvalidRequestError(RequestError):
    """The body or a header is not what the endpoint takes."""


class ForbiddenOriginError(RequestError):
    """Without keys only programs of this machine may call: a tunnel or a web page may not."""

    status = 403
    code = "forbidden_origin"


class UnauthorizedError(RequestError):
    """No key, or none that is valid. The message never says whether there is such a key."""

    status = 401
    code = "invalid_key"


class MissingCredentialError(RequestError):
    """A target is called with the caller's own credential (`auth: client`), and none came."""

    status = 401
    code = "missing_credential"


class ForbiddenModelError(RequestError):
    """The key may not use this model, whether or not there is one."""

    status = 403
    code = "forbidden_model"


class ForbiddenEndpointError(RequestError):
    """The key may not use this endpoint."""

    status = 403
    code = "forbidden_endpoint"


class NotKeptError(RequestError):
    """The caller takes nothing but what is kept (`only-if-cached`), and nothing is."""

    status = 504
    code = "not_in_cache"


class UnknownModelError(RequestError):
    """No model or route of that name."""

    status = 404
    code = "model_not_found"


class UnknownPathError(RequestError):
    """No endpoint there."""

    status = 404
    code = "unknown_path"


class UnknownKeyError(RequestError):
    """Whoever administers keys names one that there is not."""

    status = 404
    code = "unknown_key"


class KeyExistsError(RequestError):
    """The name of a new key is taken, or its secret is."""

    status = 409
    code = "key_exists"


class MethodNotAllowedError(RequestError):
    """The endpoint exists, but not for this method."""

    status = 405
    code = "method_not_allowed"


class RequestTooLargeError(RequestError):
    """The body is over `server.max_body`."""

    status = 413
    code = "request_too_large"


class BudgetExceededError(RequestError):
    """What the request may cost does not fit into what is left of a budget."""

    status = 402
    code = "budget_exceeded"


class UnboundedCostError(RequestError):
    """Nobody can say what the request may cost at most, and a budget has to know."""

    status = 402
    code = "unbounded_cost"


class RateLimitedError(RequestError):
    """A limit of ours is used up. `retry_after_s` None: waiting does not help."""

    status = 429
    code = "rate_limit_exceeded"

    def __init__(self, message: str, *, param: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message, param=param)
        self.retry_after_s = retry_after_s


class BodyTimeoutError(RequestError):
    """The body did not arrive in time."""

    status = 408
    code = "request_timeout"


class OverloadedError(GatewayError):
    """More calls in flight than `server.max_in_flight`, or the process is draining."""

    status = 503

    def __init__(self, message: str, *, code: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.retry_after_s = retry_after_s


class LedgerUnavailableError(OverloadedError):
    """The ledger takes no more for now. Nothing is answered that could not be booked."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="ledger_unavailable", retry_after_s=1.0)


class ClientGoneError(GatewayError):
    """The client hung up, or stopped reading for too long: there is nobody left to tell."""


class UpstreamError(GatewayError):
    """One attempt failed. `failure` is its class; `retry_after_s` what the provider asked us to wait, if it did."""

    def __init__(self, failure: FailureClass, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message
        self.retry_after_s = retry_after_s
        self.status: int | None = None
        self.credential = ""  # by name, where the provider has several


class UpstreamStatusError(UpstreamError):
    """The provider answered with an error, or with an answer that counts as one (a filtered one is a 200).

    `dialect` names the one whose SDKs would take `body` for an error; empty: none would.
    """

    def __init__(
        self,
        failure: FailureClass,
        message: str,
        *,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(failure, message, retry_after_s=retry_after_s)
        self.status: int = status
        self.headers = headers
        self.body = body
        self.dialect = ""


class UpstreamTimeoutError(UpstreamError):
    """A time limit ran out; `limit` says which."""

    def __init__(self, limit: TimeLimit, limit_s: float, message: str | None = None) -> None:
        super().__init__(FailureClass.TIMEOUT, message or f"no answer within {limit_s:g} s ({limit})")
        self.limit = limit


class UpstreamConnectError(UpstreamError):
    """Refused, reset before an answer, DNS, TLS."""

    def __init__(self, message: str) -> None:
        super().__init__(FailureClass.CONNECTION, message)


class UpstreamProtocolError(UpstreamError):
    """The provider broke its own dialect: not JSON, wrong content type, an error inside a 200 stream."""

    def __init__(
        self, message: str, failure: FailureClass = FailureClass.PROTOCOL, *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(failure, message, retry_after_s=retry_after_s)


class StreamCutError(UpstreamError):
    """The stream ended before it was whole, however cleanly the connection closed."""

    def __init__(self, message: str) -> None:
        super().__init__(FailureClass.STREAM_CUT, message)


class EmbeddingError(GatewayError):
    """A text could not be turned into a vector. The message says why, and names what was asked.

    `may_be_billed`: the call had left, so that its provider may ask for money all the same. `is_callers`: it is not the
    embedder that would not, but a limit or budget of this caller.
    """

    def __init__(self, message: str, *, may_be_billed: bool = False, is_callers: bool = False) -> None:
        super().__init__(message)
        self.is_callers = is_callers
        self.message = message
        self.may_be_billed = may_be_billed
