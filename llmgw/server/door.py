"""Who may come in at all, before anything is read.

Without keys the gateway serves programs of this machine only. A web page or a tunnel could otherwise use it, with
the owner's provider keys: a foreign `Host` (DNS rebinding), a forwarding header and a cross-site `Origin` show them.
Where there are keys nobody comes here: the key says who may call.
A header is what the caller says it is; the address that it calls from is not.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network

from llmgw.config.model import ServerSection
from llmgw.errors import ForbiddenOriginError
from llmgw.replies import printable
from llmgw.wire.hosts import is_loopback

_FORWARDING = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_ALLOWED = "authorization, content-type"
_REMEDY = (
    "if this server is meant for others, give them keys (`llmgw keys create --name NAME`), "
    "or say `server: {open: true}` for whoever comes"
)


class Door:
    """Checks one request by its headers and its peer; pure."""

    def __init__(self, settings: ServerSection) -> None:
        self._open = settings.open
        self._own_host = settings.host
        self._cors = frozenset(settings.cors)
        self._proxies = tuple(ip_network(proxy, strict=False) for proxy in settings.trusted_proxies)

    def check(self, headers: Mapping[str, str], peer: str) -> None:
        """Raises ForbiddenOriginError for what cannot come from this machine's own programs."""
        if self._open:
            return
        host = _host_of(headers.get("Host", ""))
        if host != self._own_host and not is_loopback(host):
            raise ForbiddenOriginError(f"the Host '{host[:100]}' is not this machine: {_REMEDY}")
        if not self._is_trusted(peer):
            if not is_loopback(peer):
                raise ForbiddenOriginError(f"the caller {peer or 'without an address'} is not this machine: {_REMEDY}")
            forwarded = next((name for name in _FORWARDING if name in headers), None)
            if forwarded is not None:
                raise ForbiddenOriginError(
                    f"the request was forwarded ({forwarded}): name the proxy in server.trusted_proxies, or {_REMEDY}"
                )
        origin = headers.get("Origin")
        if origin is not None and not self._is_ours(origin):
            raise ForbiddenOriginError(f"a page of '{origin[:100]}' may not call: add it to server.cors, or {_REMEDY}")

    def client_ip(self, forwarded_for: Sequence[str], peer: str) -> str:
        """The address of the caller: behind trusted proxies, the last one that none of them added.

        `forwarded_for` is every line of that header: each proxy may add one of its own below what the caller wrote.
        """
        if not self._is_trusted(peer):
            return peer
        hops = [hop for hop in map(str.strip, ",".join(forwarded_for).split(",")) if hop]
        return next((hop for hop in reversed(hops) if not self._is_trusted(hop)), peer)

    def cors_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """What a browser needs to let a page of an allowed origin read the answer."""
        origin = headers.get("Origin")
        if origin is None or not (self._is_ours(origin) or "*" in self._cors):
            return {}
        return {
            "access-control-allow-origin": printable(origin),
            "access-control-allow-methods": "GET, POST, OPTIONS",
            "access-control-allow-headers": printable(headers.get("Access-Control-Request-Headers", _ALLOWED)),
            "access-control-expose-headers": "x-llmgw-request-id, x-llmgw-target, x-llmgw-route, x-llmgw-attempts",
            "access-control-max-age": "600",
            "vary": "Origin",
        }

    def _is_ours(self, origin: str) -> bool:
        return origin in self._cors or "*" in self._cors or is_loopback(_host_of(origin.partition("://")[2]))

    def _is_trusted(self, peer: str) -> bool:
        if not self._proxies:
            return False
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


def _host_of(authority: str) -> str:
    """The host without its port, in lower case, without the brackets of IPv6."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].lower().rstrip(".")
