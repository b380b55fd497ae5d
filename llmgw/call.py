"""One client request, read and admitted, with the graph that answers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmgw.chat.counting import CountingDialect
from llmgw.chat.dialect import Dialect
from llmgw.chat.request import ChatRequest
from llmgw.config.secrets import Secret
from llmgw.graph.model import Graph
from llmgw.graph.principal import Principal

MODEL_CHARS_MAX = 256  # a name goes into headers and into the log
PING_S = 15.0  # after so much silence in a stream a comment keeps proxies from cutting the line


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a handler has made of a request.

    `headers` (lower case, without credentials) are for conditions; `forwarded` are those of them that an upstream may
    see. `principal` None: nobody needs a key. `own` are the caller's own credentials for providers with `auth: client`,
    by the header in which they came; `secrets` is all that it has shown, which no log and no error repeats. `timeout_s`
    may only lower the route's deadline. With `early_keepalive_s` a stream is begun after so long without content;
    once it has begun a comment breaks every silence of `ping_s`.
    """

    request_id: str
    graph: Graph
    dialect: Dialect
    request: ChatRequest
    endpoint: str
    ip: str
    metadata: Mapping[str, str]
    headers: Mapping[str, str]
    forwarded: Mapping[str, str]
    principal: Principal | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    query: str = ""  # what of the query an upstream of the same dialect may see
    counter: CountingDialect | None = None  # the tokens of the request are to be counted, it is not to be answered
    timeout_s: float | None = None
    early_keepalive_s: float | None = None
    ping_s: float = PING_S
