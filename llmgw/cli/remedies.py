"""What to do about a target that did not answer: by the class of the failure, and by what we know of its provider."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from urllib.parse import urlsplit

from llmgw.cli.checkup import Finding
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import FailureClass
from llmgw.graph.model import CloudAuth, Target
from llmgw.graph.providers import UsableProvider
from llmgw.providers.clouds import CLOUDS

NAMES_TOLD_MAX = 3
_LIKENESS_MIN = 0.4
_VERSION = re.compile(r"/v\d")

# What OpenSSL says of an answer in plain text: the words depend on its version.
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "record layer failure", "HTTP_REQUEST")

# Where it does not matter whose it is.
_USUAL: Mapping[str, str] = {
    FailureClass.RATE_LIMITED: "the key is taken, but there are too many requests: try again later",
    FailureClass.QUOTA_EXHAUSTED: "the key is taken, but the account has nothing left: see its billing page",
    FailureClass.OVERLOADED: "it is the provider's: try again later, and give the route a fallback",
    FailureClass.SERVER_ERROR: "it is the provider's: try again later, and give the route a fallback",
    FailureClass.STREAM_CUT: "the connection broke: try again; a proxy between may have cut it",
    FailureClass.CONTENT_FILTER: "it answers, but filters even this: see the filters of the account or the deployment",
    FailureClass.CONTEXT_LENGTH: "its window is smaller than a few words: is the right model behind this name?",
    FailureClass.INVALID_REQUEST: "it does not take what was asked: `drop` or `set` fields of the model",
}


def remedy(finding: Finding, provider: UsableProvider, names: Iterable[str] = ()) -> str:
    """One sentence. `names` are the models that the provider says it has."""
    match finding.failure:
        case FailureClass.UNAUTHORIZED:
            told = _of_key(finding, provider)
        case FailureClass.CONNECTION:
            told = _of_connection(finding, provider)
        case FailureClass.TIMEOUT:
            again = "a model may still be loading: try again"
            told = again if provider.row.local else "try again, or check base_url and the network"
        case FailureClass.NOT_FOUND:
            told = _of_name(finding.target, provider, tuple(names))
        case FailureClass.PROTOCOL:
            told = f"is it {provider.row.name} that answers at {provider.base_url}? check base_url and `like`"
        case other:
            told = _USUAL.get(other, "`llmgw test-route` tells which targets can take a request")
    return told


def _of_key(finding: Finding, provider: UsableProvider) -> str:
    if provider.cloud is not None:
        cloud = CLOUDS[provider.cloud.kind]
        return cloud.permission if finding.status is not None else _of_login(provider.cloud)
    docs = f"; see {provider.row.docs}" if provider.row.docs else ""
    return f"check {key_name(provider)}: it may be mistyped, revoked, or not for this model{docs}"


def _of_login(auth: CloudAuth) -> str:
    """Whoever has named a file or a profile means that one, and no other credential would be taken instead."""
    if auth.credentials_file:
        return (
            f"check {auth.credentials_file}: only the credentials in this file are used; put some in, or name another"
        )
    if auth.profile:
        profile = f"the profile {auth.profile!r}"
        return f"is {profile} in ~/.aws/config? `aws configure list-profiles` tells; a login of it may have ended"
    return CLOUDS[auth.kind].remedy


def usual_of_cloud(provider: UsableProvider) -> str:
    """What the error of a call itself says is to be done about a missing login; empty for others."""
    return CLOUDS[provider.cloud.kind].remedy if provider.cloud is not None else ""


def key_name(provider: UsableProvider) -> str:
    """Where the key comes from."""
    credential = provider.credential
    if credential.key is None:
        return f"providers.{provider.name}: it may need an api_key"
    return credential.variable or f"api_key of providers.{provider.name}"


def _of_connection(finding: Finding, provider: UsableProvider) -> str:
    if any(word in finding.message for word in _NO_TLS):
        return f"what listens there speaks no TLS: should base_url be http://{provider.base_url.partition('://')[2]} ?"
    if provider.row.name.startswith("ollama") and provider.row.local:
        return "start it: `ollama serve`; elsewhere than on this machine it needs base_url"
    if provider.row.local:
        return f"start it; it is looked for at {provider.base_url}"
    return f"check base_url ({provider.base_url}), the network, and `proxy` if there is one"


def _of_name(target: Target, provider: UsableProvider, names: tuple[str, ...]) -> str:
    upstream_model = target.edits.model
    close = get_close_matches(upstream_model, names, n=NAMES_TOLD_MAX, cutoff=_LIKENESS_MIN)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if provider.row.name.startswith("ollama") and provider.row.local:
        return f"pull it: `ollama pull {upstream_model}`"
    if "{model}" in provider.row.chat_path and not provider.row.base_url:
        return "the model is the name of your deployment there; check base_url too"
    url = target.wire(openai_chat).url
    lost = "" if _VERSION.search(urlsplit(url).path) else ": is /v1 missing from base_url?"
    return f"check the name of the model, and the address; {url} was called{lost}"
