"""What a pool may keep to: checked at load, so that no request finds out that a name means nothing."""

from llmgw.config import model as file
from llmgw.config.problems import KeyPath, quoted
from llmgw.graph.caching import PRIVATE_HEADERS, SCOPES
from llmgw.graph.report import Report, did_you_mean
from llmgw.graph.vocabulary import OPEN_ROOTS

CONVERSATION = "conversation"
_NAMES = (CONVERSATION, *SCOPES)
_WORDS = {
    **dict.fromkeys(("session", "chat", "prompt", "true", "yes"), CONVERSATION),
    **dict.fromkeys(("user", "end_user"), "write key.user, or request.user for what the caller says"),
    "team": "write key.team",
}


def check(config: file.ConfigFile, report: Report) -> None:
    """Faults of all that the file has."""
    for name, route in config.routes.items():
        if route.sticky is not None:
            _check(("routes", name), route, route.sticky, report)


def _check(place: KeyPath, route: file.RouteEntry, name: str, report: Report) -> None:
    at = (*place, "sticky")
    if route.by != "weight" and not report.is_broken((*place, "by")):
        message = f"does not go with by: {route.by}, which chooses anew for each request"
        report.error(at, message, "take one of the two out", at_key=True)
    root, _, member = name.partition(".")
    if root == "headers" and member.lower() in PRIVATE_HEADERS:
        report.error(at, f"{quoted(name)}: headers with credentials are not known to rules", "write key")
    elif name not in _NAMES and not (root in OPEN_ROOTS and member):
        meant = _WORDS.get(name.lower()) or did_you_mean(name, _NAMES)
        hint = meant or f"names: {', '.join(_NAMES)}, metadata.X, headers.X"
        report.error(at, f"{quoted(name)} is not a name that `sticky` takes", hint)
