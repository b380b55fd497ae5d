"""Hosts as they stand in files, headers and addresses: which of them are this very machine."""

from functools import lru_cache
from ipaddress import ip_address

HOSTS_KEPT = 256  # the few that every call names, and no more of what anybody may send


@lru_cache(HOSTS_KEPT)
def is_loopback(host: str) -> bool:
    """Whether nobody else can be meant. Names are not looked up: only those that always stand for this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
