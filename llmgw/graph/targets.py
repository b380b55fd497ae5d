"""Models of the file become targets: everything a call needs, worked out once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import msgspec

from llmgw.chat.request import Edits
from llmgw.chat.unsupported import Policy
from llmgw.chat.wrapped import Wrapped
from llmgw.config import model as file
from llmgw.config.secrets import Secret
from llmgw.graph import cloud_auth
from llmgw.graph.fingerprints import fingerprint
from llmgw.graph.price_list import Offer, Offers
from llmgw.graph.providers import UsableProvider
from llmgw.graph.route import PATH_SAFE, BreakerRule, OneOfKeys, Retry, Target, TimeLimits, Wire
from llmgw.providers import catalog
from llmgw.providers.auth import auth_headers

_ABILITIES = {"tools": "tools", "response_format": "json"}  # by the field that asks for it
LOCAL_FIRST_TOKEN_S = 300.0  # a local model may have to be loaded first


def build_target(
    name: str, upstream_model: str, entry: file.ModelEntry, provider: UsableProvider, offers: Offers
) -> Target:
    """The target of one model; `name` is its stable id. Of a pattern some of `offers` is known only later."""
    offer = offers.of("") if offers.is_lasting else Offer()
    target = Target(
        id=name,
        provider=provider.name,
        wires=_wires(upstream_model, provider),
        edits=_edits(upstream_model, entry, provider),
        headers=_headers(provider),
        credentials=_credentials(provider),
        default_headers=frozenset(provider.row.headers) - {name.lower() for name in provider.headers},
        count=_count(upstream_model, provider),
        transport=provider.transport,
        secrets=_secrets(provider),
        cloud=provider.cloud,
        client_auth=provider.credential.client,
        unsupported=provider.row.unsupported,
        price=offer.price,
        priced_by=offer.source,
        offers=None if offers.is_lasting else offers,
        context_window=entry.context_window or offer.context_window,
        max_output=entry.max_output,
        lacks=_lacks(entry, provider),
    )
    return replace(target, fingerprint=fingerprint(target))


def _wires(upstream_model: str, provider: UsableProvider) -> tuple[Wire, ...]:
    row = provider.row
    main = _wire(row.dialect, row.chat_path, row.stream_path or row.chat_path, upstream_model, provider)
    return (main, *(_wire(dialect, path, path, upstream_model, provider) for dialect, path in row.also.items()))


def _count(upstream_model: str, provider: UsableProvider) -> Wire | None:
    """Counts have no envelope: what differs there is the path."""
    row = provider.row
    if not row.count_path:
        return None
    wire = _wire(row.dialect, row.count_path, row.count_path, upstream_model, provider)
    return replace(wire, dialect=wire.dialect.inner) if isinstance(wire.dialect, Wrapped) else wire


def _wire(dialect: str, path: str, stream_path: str, upstream_model: str, provider: UsableProvider) -> Wire:
    def url(path: str) -> str:
        filled = path.replace("{api_version}", quote(provider.api_version))
        return provider.base_url + filled.replace("{model}", quote(upstream_model, safe=PATH_SAFE))

    return Wire(catalog.dialect(dialect), url(path), url(stream_path))


def _lacks(entry: file.ModelEntry, provider: UsableProvider) -> frozenset[str]:
    """What the file says, and what the provider takes for no model: unless that is to be left out.

    Who cannot think need not be skipped: see `_efforts`.
    """
    told = frozenset[str](entry.lacks) - {"thinking"}
    if provider.policy is Policy.DROP:
        return told
    return frozenset((*told, *(name for field, name in _ABILITIES.items() if field in provider.row.unsupported)))


def _headers(provider: UsableProvider) -> dict[str, Secret]:
    """What every call carries: the row's, the credential, and what the file adds, which wins."""
    credential = provider.credential
    key = credential.key.reveal() if credential.key is not None else ""
    own = {**provider.row.headers, **auth_headers(credential.auth, key)}
    given = {name.lower(): value for name, value in provider.headers.items()}
    return {**{name: Secret(value) for name, value in own.items()}, **given}


def _credentials(provider: UsableProvider) -> tuple[OneOfKeys, ...]:
    """What each of several keys changes of the headers: nothing that the file says itself."""
    auth, given = provider.credential.auth, {name.lower() for name in provider.headers}
    return tuple(
        OneOfKeys(
            f"{provider.name}#{number}",
            {name: Secret(value) for name, value in auth_headers(auth, key.reveal()).items() if name not in given},
        )
        for number, key in provider.credential.keys
    )


def _secrets(provider: UsableProvider) -> tuple[Secret, ...]:
    key, several = provider.credential.key, provider.credential.keys
    own = [one for _, one in several] or ([] if key is None else [key])
    return (*own, *cloud_auth.secrets(provider.cloud), *(provider.headers[name] for name in provider.secret_headers))


def _edits(upstream_model: str, entry: file.ModelEntry, provider: UsableProvider) -> Edits:
    return Edits(
        model=upstream_model,
        set=_encoded(entry.set),
        default=_encoded(entry.default),
        drop=frozenset(entry.drop) | provider.row.unsupported,
        ask_usage=provider.row.takes_stream_options,
        cap_field=provider.row.cap_field,
        thoughts_field=provider.row.thoughts_field,
        departures=provider.row.departs,
        policy=provider.policy,
        context_window=entry.context_window,
        efforts=_efforts(entry, provider),
    )


def _efforts(entry: file.ModelEntry, provider: UsableProvider) -> tuple[str, ...]:
    """Chat Completions has the word for all models, whether they can think or not."""
    if "thinking" in entry.lacks:
        return ()
    if provider.row.efforts is not None:
        return provider.row.efforts
    return () if provider.row.dialect == "openai_chat" else ("*",)


def _encoded(values: Mapping[str, Any]) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in values.items()}


def time_limits(entries: list[file.TimeoutEntry], *, local: bool) -> TimeLimits:
    """The first entry that says something wins, field by field."""
    usual = TimeLimits(first_token_s=LOCAL_FIRST_TOKEN_S) if local else TimeLimits()
    return TimeLimits(
        connect_s=_first([entry.connect for entry in entries], usual.connect_s),
        first_token_s=_first([entry.first_token for entry in entries], usual.first_token_s),
        idle_s=_first([entry.idle for entry in entries], usual.idle_s),
        total_s=_first([entry.total for entry in entries], usual.total_s),
    )


def retry(entries: list[file.RetryEntry]) -> Retry:
    """The first entry that says something wins, field by field."""
    usual = Retry()
    return Retry(
        attempts=int(_first([entry.attempts for entry in entries], usual.attempts)),
        backoff_s=_first([entry.backoff for entry in entries], usual.backoff_s),
        max_backoff_s=_first([entry.max_backoff for entry in entries], usual.max_backoff_s),
    )


def breaker(entries: list[file.BreakerEntry]) -> BreakerRule:
    """The first entry that says something wins, field by field."""
    usual = BreakerRule()
    open_for_s = _first([entry.open_for for entry in entries], usual.open_for_s)
    return BreakerRule(
        failures=int(_first([entry.failures for entry in entries], usual.failures)),
        error_rate=_first([entry.error_rate for entry in entries], usual.error_rate),
        window_s=_first([entry.window for entry in entries], usual.window_s),
        open_for_s=open_for_s,
        max_open_s=_first([entry.max_open for entry in entries], max(usual.max_open_s, open_for_s)),
    )


def _first(values: list[Any], usual: float) -> float:
    return next((float(value) for value in values if value is not None), usual)
