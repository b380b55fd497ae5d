"""What else a key might have meant: words of other products, keys in the wrong place, and what is not built yet.

Data only. A place is a path with `*` for a name of the file and `[]` for an item: `routes.*.fallback[].weight`.
"""

import difflib
import re
from collections.abc import Callable, Iterable

from llmgw.config import cache_hints, rule_hints
from llmgw.config.problems import KeyPath

NAMED_SECTIONS = ("providers", "models", "routes")


def place(path: KeyPath) -> str:
    """The kind of place a path leads to: `models.gpt.timeout` is `models.*.timeout`."""
    text = ""
    for depth, part in enumerate(path):
        if isinstance(part, int):
            text += "[]"
        else:
            is_name = depth == 1 and path[0] in NAMED_SECTIONS
            text += ("." if text else "") + ("*" if is_name else part)
    return text


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word most like this one."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower()[:100], by_lower, 1, cutoff)
    return by_lower[close[0]] if close else None


def with_slash(text: str, is_provider: Callable[[str], bool]) -> str | None:
    """`openai:gpt-4o`, as other products write it, in our way."""
    provider, _, model = text.partition(":")
    return f"{provider}/{model}" if model and is_provider(provider) else None


def with_provider(model: str) -> str | None:
    """A model alone, by whose families its maker is known, as `provider/model`."""
    name = model.lower()
    family = next((family for family in _MAKERS if name.startswith(family)), None)
    return None if family is None else f"{_MAKERS[family]}/{model}"


_MAKERS = {
    **dict.fromkeys(("gpt-", "chatgpt-", "o1", "o3", "o4-"), "openai"),
    **dict.fromkeys(("claude-", "claude_"), "anthropic"),
    **dict.fromkeys(("gemini-", "gemma-"), "gemini"),
    **dict.fromkeys(("mistral-", "ministral-", "magistral-", "devstral-", "pixtral-", "codestral-"), "mistral"),
    "command-": "cohere",
    "grok-": "xai",
    "deepseek-": "deepseek",
    "kimi-": "moonshot",
    "sonar": "perplexity",
    "jamba-": "ai21",
}

# What other products call providers and is no row here: what to write instead.
_LIKE_OPENAI = (
    "there is no row for it; where it speaks OpenAI's dialect: providers: {{{0}: {{like: openai, base_url: …}}}}"
)
PROVIDERS: dict[str, str] = {
    "text-completion-openai": "here it is openai/MODEL",
    "text-completion-codestral": "here it is codestral/MODEL",
    **dict.fromkeys(("sagemaker", "sagemaker_chat"), "there is no row for it, and its calls are not spoken here yet"),
    **{
        name: _LIKE_OPENAI.format(name)
        for name in ("databricks", "cloudflare", "snowflake", "custom_openai", "openai_like", "litellm_proxy", "oci")
    },
}


_SECRET_PLACES = (
    *("providers.*.api_key", "providers.*.headers.", "providers.*.proxy"),
    *("keys[].secret", "keys[].sha256"),  # into the latter somebody may well paste the secret itself
    *("server.admin_key", "budgets[].alert.webhook", "budgets[].alert.secret"),
    *("state.ledger", "cache.store"),  # URLs of databases hold passwords
)


def is_secret_place(path: KeyPath) -> bool:
    """Whether what stands there may be a secret, and so is never shown."""
    where = place(path)
    return where == "budgets[].alert" or where.startswith(_SECRET_PLACES)


# A path, or a URL that has nothing before an @ and nothing after a ?.
_NO_CREDENTIALS = re.compile(r"(?:[a-z][a-z0-9+]*://[\w.-]*(?::\d{1,5})?)?[\w./~-]*", re.ASCII)


def may_be_secret(path: KeyPath, value: object) -> bool:
    """The same of what stands there: where a cache lies is shown, unless it may hold a password."""
    is_plain = isinstance(value, str) and _NO_CREDENTIALS.fullmatch(value) is not None
    return is_secret_place(path) and not (is_plain and place(path) == "cache.store")


# In the contract, not in this version. What a build cannot honour it must not take.
LATER: dict[str, str] = {
    "guardrails": "guardrails",
    "hooks": "hooks",
    **dict.fromkeys(("state.shared", "state.on_loss"), "state that several workers or machines share"),
    "server.workers": "several workers",
    "models.*.limits": "limits of a target",
    "routes.*.hedge": "hedging",
    "providers.*.passthrough": "native pass-through",
    "telemetry.traces": "traces",
    "telemetry.metrics": "metrics",
}

LATER_VALUES: dict[tuple[str, str], str] = {
    **{
        ("keys[].endpoints[]", endpoint): f"the endpoint {endpoint}"
        for endpoint in ("embeddings", "images", "audio", "moderations", "rerank", "batches", "files", "realtime")
    },
}

LATER_BEGINNINGS: dict[tuple[str, str], str] = {
    ("state.ledger", "postgres"): "a ledger in PostgreSQL",
    ("cache.store", "redis"): "a cache in Redis",
    ("cache.store", "postgres"): "a cache in PostgreSQL",
}

# What others call the name that an entry of a route leads to, and what they write for a route with one entry.
USE_WORDS = frozenset({"model", "target", "name", "ref"})
FALLBACK_WORDS = frozenset({"model", "target", "use"})

# Known keys in a place where they are not known.
PLACED: dict[str, str] = {
    "host": "it stands under `server`",
    "port": "it stands under `server`",
    "timeout": "it stands under `defaults`, a model or a route",
    "retry": "it stands under `defaults`, a model or a route",
    "deadline": "it stands under `defaults` or a route",
    "fallback": "it belongs to a route: routes: {chat: {fallback: [gpt, claude]}}",
    "logs": "it stands under `telemetry`",
    "api_key": 'it belongs to a provider: providers: {openai: {api_key: "${OPENAI_API_KEY}"}}',
    **rule_hints.PLACED,
    **cache_hints.PLACED,
    "tests[].key": "it stands under `request`: request: {model: smart, key: search-prod}",
    **dict.fromkeys(
        ("keys[].value", "keys[].key", "keys[].api_key", "keys[].token"), "here it is `secret`, or `sha256` of it"
    ),
    **dict.fromkeys(("keys[].secret[].secret", "keys[].secret[].key"), "here it is `value`"),
    "keys[].secret[].expires": "here it is `not_after`",
    "keys[].not_after": "here it is `expires`, or it stands beside a secret: secret: [{value: …, not_after: …}]",
    **dict.fromkeys(("keys[].hash", "keys[].digest", "keys[].token_hash"), "here it is `sha256`"),
    **dict.fromkeys(("keys[].team_id", "keys[].group", "keys[].org"), "here it is `team`"),
    **dict.fromkeys(("keys[].user_id", "keys[].owner"), "here it is `user`"),
    **dict.fromkeys(("keys[].key_alias", "keys[].id", "keys[].alias"), "here it is `name`"),
    **dict.fromkeys(("keys[].allowed_models", "keys[].model"), "here it is `models`"),
    **dict.fromkeys(("keys[].expiry", "keys[].expires_at", "keys[].valid_until"), "here it is `expires`"),
    "models.*.api_key": 'a credential belongs to the provider: providers: {openai: {api_key: "${OPENAI_API_KEY}"}}',
    "models.*.base_url": "an address belongs to the provider: providers: {vllm: {like: openai, base_url: …}}, "
    "then target: vllm/model",
    "models.*.api_version": "it belongs to the provider",
    "models.*.headers": "headers belong to the provider",
    "models.*.weight": "a weight belongs to the member of a pool: routes: {share: {pool: [{use: gpt, weight: 3}]}}",
    "models.*.fallback": "a fallback is a route: routes: {chat: {fallback: [gpt, claude]}}",
    "models.*.pool": "a pool is a route: routes: {share: {pool: [gpt, claude]}}",
    "models.*.when": "conditions are a route: routes: {chat: {when: […]}}",
    "models.*.use": "write target: provider/model",
    "models.*.deadline": "a deadline belongs to a route or to `defaults`; a model has `timeout`",
    "models.*.max_attempts": "it belongs to a route or to `defaults`; a model has `retry: {attempts: 2}`",
    "providers.*.timeout": "time limits belong to models, routes or `defaults`",
    "providers.*.retry": "it belongs to models, routes or `defaults`",
    "providers.*.keys": 'here it is `api_key`: "${NAME}", or a list: ["${K1}", "${K2}"]',
    "providers.*.type": "`like` names the provider to start from",
    "providers.*.kind": "`like` names the provider to start from",
    "models.*.type": "what can be done with a model follows from its provider",
    "models.*.providers": "a model is one target; several are a route: fallback: [openai/gpt-4o, azure/gpt-4o]",
    "models.*.routing": "a model is one target; several are a route: fallback: [openai/gpt-4o, azure/gpt-4o]",
    "models.*.targets": "a model is one target; several are a route: fallback: [openai/gpt-4o, azure/gpt-4o]",
    "providers.*.models": "models have a section of their own: models: {gpt: openai/gpt-4o-mini}",
    **{f"routes.*.{word}": "write fallback: [NAME]" for word in FALLBACK_WORDS},
    "routes.*.if": "conditions stand in a list: when: [{if: '…', use: gpt}, {use: claude}]",
    "routes.*.weight": "a weight belongs to the member of a pool: pool: [{use: gpt, weight: 3}]",
    "routes.*.fallback[].weight": "only the members of a `pool` have a weight",
    "routes.*.fallback[].if": "only the branches of `when` have a condition",
    "routes.*.pool[].on_failure": "only the entries of a `fallback` have it",
    "routes.*.pool[].if": "only the branches of `when` have a condition",
    "routes.*.when[].weight": "only the members of a `pool` have a weight",
    "routes.*.when[].on_failure": "only the entries of a `fallback` have it",
    **{
        f"routes.*.{kind}[].{word}": "here it is `use`: {use: NAME}"
        for kind in ("fallback", "pool", "when")
        for word in USE_WORDS
    },
}

_CREDENTIALS = 'credentials stand once, at the provider: providers: {openai: {api_key: "${OPENAI_API_KEY}"}}'
_MODELS = "here it is `models`: {gpt: openai/gpt-4o-mini}"
_ENTRY = "an entry is the name of a model or route, or {use: NAME}"
_BODY = "fields of the request's body stand under `default` (the caller may change them) or `set` (nobody may)"
_GUARDS = "it will be `guardrails`, which this version does not have yet"
_HOOKS = "it will be `hooks`, which this version does not have yet"
_BREAKER = "here it is `defaults.breaker`: {failures: 5, error_rate: 0.5, window: 30s, open_for: 15s, max_open: 5m}"
_SETTINGS = "settings stand in their own sections here: server, defaults, telemetry"

# Words of other products that have one word here.
RENAMED: dict[str, str] = {
    **dict.fromkeys(("api_base", "endpoint", "url", "custom_host", "api_base_url", "baseurl"), "base_url"),
    **dict.fromkeys(("apikey", "key", "token", "secret", "credential", "credentials"), "api_key"),
    **dict.fromkeys(("extra_headers", "default_headers", "custom_headers"), "headers"),
    **dict.fromkeys(("max_input_tokens", "context_length", "context", "window"), "context_window"),
    **dict.fromkeys(("max_output_tokens",), "max_output"),
    **dict.fromkeys(("aws_region_name", "aws_region", "location", "vertex_location", "vertex_region"), "region"),
    **dict.fromkeys(("project_id", "vertex_project", "vertex_project_id", "gcp_project"), "project"),
    **dict.fromkeys(("aws_profile_name", "aws_profile", "profile_name"), "profile"),
    **dict.fromkeys(("vertex_credentials", "service_account_file", "service_account_json"), "credentials_file"),
}
WHERE: dict[str, str] = {
    "base_url": "of a provider: providers: {vllm: {like: openai, base_url: …}}",
    "api_key": 'of a provider: providers: {openai: {api_key: "${OPENAI_API_KEY}"}}',
    "headers": "of a provider",
    "region": "of a provider",
    "project": "of a provider",
    "profile": "of a provider",
    "credentials_file": "of a provider",
    "context_window": "of a model",
    "max_output": "of a model",
}

# Words of other products: what it is called here. LiteLLM, Portkey, Bifrost, Cloudflare, TensorZero and their kin.
WORDS: dict[str, str] = {
    "model_list": _MODELS,
    "model_name": "the name is the key here: models: {gpt: openai/gpt-4o-mini}",
    "litellm_params": "write target: provider/model; credentials and addresses belong to `providers`",
    "model_info": "write context_window, max_output and price into the model itself",
    "litellm_settings": _SETTINGS,
    "router_settings": "routing is written as `routes`; retries and time limits stand under `defaults`",
    "general_settings": _SETTINGS,
    "environment_variables": 'write "${NAME}" where the variable is needed; nothing is exported from the file',
    "model_group_alias": "another name for a model: `expose: [name, other]`",
    "model_alias_map": "another name for a model: `expose: [name, other]`",
    "alias": "another name for a model: `expose: [name, other]`",
    "aliases": "another name for a model: `expose: [name, other]`",
    "api_type": "`like` names the provider to start from",
    "api_keys": 'here it is `api_key`, of a provider; several are a list: ["${K1}", "${K2}"]',
    "api_key_location": 'write api_key: "${NAME}"',
    **dict.fromkeys(
        ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"),
        "not in the file: export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a `profile` of ~/.aws/config",
    ),
    **dict.fromkeys(
        ("aws_role_name", "aws_role_arn", "role_arn", "aws_session_name", "aws_web_identity_token"),
        "a role stands in a profile of ~/.aws/config, and `profile` names that",
    ),
    **dict.fromkeys(
        ("azure_ad_token", "azure_scope", "tenant_id", "client_id", "client_secret"),
        "here it is auth: cloud, with AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or a managed identity",
    ),
    "custom_llm_provider": "`like` names the provider to start from",
    "provider": "the provider is the part before the slash: target: openai/gpt-4o-mini",
    "provider_type": "`like` names the provider to start from",
    "model": "write target: provider/model",
    "deployment": "write target: azure/DEPLOYMENT",
    "deployment_name": "write target: azure/DEPLOYMENT",
    "deployments": _MODELS,
    "forward_headers": "which of the caller's headers go on is fixed; a provider's own stand in its `headers`",
    "network_config": "base_url, headers and proxy stand in the provider itself; time limits in `defaults`",
    "proxy_config": "here it is proxy: http://host:port, of a provider",
    "http_proxy": "here it is proxy: http://host:port, of a provider",
    "ssl_verify": "here it is `verify_tls`, of a provider",
    "verify_ssl": "here it is `verify_tls`, of a provider",
    "ssl_certificate": "here it is `ca_file`, of a provider",
    "concurrency_and_buffer_size": "here it is `max_connections`, of a provider, and server: {max_in_flight: …}",
    "custom_provider_config": "`like` names the provider to start from",
    "client": _SETTINGS,
    "settings": _SETTINGS,
    "config": _SETTINGS,
    "embedding_models": _MODELS,
    "organization": "write it as a header of the provider: headers: {OpenAI-Organization: …}",
    "drop_params": "here it is `unsupported: drop`, of a provider (the default); `drop` of a model names fields",
    "additional_drop_params": "here it is `drop`, of a model",
    "extra_body": "here it is `set`, of a model",
    "override_params": "here it is `set` (the caller cannot change it) or `default`, of a model",
    "default_params": "here it is `default`, of a model",
    "input_cost_per_token": "here it is price: {input_usd_per_mtok: …}, per million tokens",
    "output_cost_per_token": "here it is price: {output_usd_per_mtok: …}, per million tokens",
    **dict.fromkeys(
        ("temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "reasoning_effort", "stream"),
        _BODY,
    ),
    "num_retries": "here it is retry: {attempts: 3}, which counts the first try too",
    "max_retries": "here it is retry: {attempts: 3}, which counts the first try too",
    "retries": "here it is retry: {attempts: 3}, which counts the first try too",
    "retry_policy": "here it is `retry`; which failures lead on is said by `on_failure`",
    "retry_after": "here it is retry: {backoff: 500ms, max_backoff: 8s}",
    "retry_backoff_initial": "here it is retry: {backoff: 500ms}",
    "retry_backoff_max": "here it is retry: {max_backoff: 8s}",
    "request_timeout": "here it is timeout: {total: 60s}",
    "stream_timeout": "here it is timeout: {first_token: 20s, idle: 20s}",
    "timeout_ms": "here it is timeout: {total: 60s}",
    "timeouts": "here it is timeout: {total: 60s}",
    "default_request_timeout_in_seconds": "here it is timeout: {total: 60s}",
    "connect_timeout": "here it is timeout: {connect: 5s}",
    "fallbacks": "a fallback is a route: routes: {chat: {fallback: [gpt, claude]}}",
    "default_fallbacks": "a fallback is a route: routes: {chat: {fallback: [gpt, claude]}}",
    "context_window_fallbacks": "an entry of a fallback: {use: NAME, on_failure: [context_length]}",
    "content_policy_fallbacks": "an entry of a fallback: {use: NAME, on_failure: [content_filter]}",
    "on_status_codes": "here it is `on_failure`, with classes: [rate_limited, overloaded, server_error]",
    "on_error": "here it is `on_failure`, with classes: [rate_limited, overloaded, server_error]",
    "strategy": "a route has exactly one of `fallback`, `pool` and `when`",
    "mode": "a route has exactly one of `fallback`, `pool` and `when`",
    "targets": "here it is the list itself: fallback: [gpt, claude] or pool: [gpt, claude]",
    "routing": "here it is `fallback`, of a route: the names in order",
    "routing_strategy": "here it is `pool`, of a route, with `by: weight`, cost, latency or load",
    **dict.fromkeys(("session_affinity", "sticky_session", "sticky_sessions"), "here it is `sticky`, of a pool"),
    "loadbalance": "here it is `pool`, of a route",
    "load_balancing": "here it is `pool`, of a route",
    "conditions": "here it is when: [{if: '…', use: NAME}, {use: NAME}]",
    "conditional": "here it is when: [{if: '…', use: NAME}, {use: NAME}]",
    "query": "here it is `if`, a condition in CEL",
    "then": "here it is `use`",
    "else": "the last entry of `when` has no `if`",
    "default_target": "the last entry of `when` has no `if`: {use: NAME}",
    "percentage": "here it is `weight`, of a pool's member",
    "weights": "a weight stands at the member of a pool: {use: gpt, weight: 3}",
    "override": "here it is `set`, of a model",
    "variants": "here they are `models`, and a route over them",
    "functions": "here they are `routes` over `models`",
    "gateway": "here it is `server`",
    "bind_address": "here it is `host` and `port`, under `server`",
    "listen": "here it is `host` and `port`, under `server`",
    "address": "here it is `host` and `port`, under `server`",
    "observability": "here it is `telemetry`",
    "logging": "here it is telemetry: {logs: {level: info}}",
    "log_level": "here it is telemetry: {logs: {level: info}}",
    "set_verbose": "here it is telemetry: {logs: {level: debug}}",
    "json_logs": "here it is telemetry: {logs: {format: json}}",
    "callbacks": "here it is `telemetry`",
    "success_callback": "here it is `telemetry`",
    "failure_callback": "here it is `telemetry`",
    **rule_hints.WORDS,
    **cache_hints.WORDS,
    **dict.fromkeys(("virtual_keys", "virtual_key", "auth", "user_api_key", "teams", "users"), rule_hints.KEYS),
    **dict.fromkeys(
        (
            "input_guardrails",
            "output_guardrails",
            "output_moderation",
            "default_input_guardrails",
            "default_output_guardrails",
        ),
        _GUARDS,
    ),
    **dict.fromkeys(("plugins", "before_request_hooks", "after_request_hooks", "custom_callbacks"), _HOOKS),
    **dict.fromkeys(("cooldown_time", "allowed_fails", "circuit_breaker", "cb_config", "disable_cooldowns"), _BREAKER),
    "name": _ENTRY,
    "ref": _ENTRY,
}
