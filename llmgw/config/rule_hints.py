"""What else a key about limits, budgets, keys or the ledger might have meant. Data only; see `hints`."""

from llmgw.config.hint_tables import CONDITION, MODELS, under

KEYS = 'here it is `keys`: [{name: search-prod, secret: "${SEARCH_KEY}"}]'
STATE = "here it is state: {ledger: sqlite:///llmgw.db}"
_LIMITS = "here it is `limits`: [{name: per-key, each: key, requests: 60/m, tokens: 200k/m, concurrent: 20}]"
_BUDGETS = "here it is `budgets`: [{name: per-key, each: key, limit_usd: 100, per: month}]"


_OF_BOTH = (
    ("scope by group_by key keys team user target entity", "here it is `each`: key, key.team, key.user, metadata.X …"),
    CONDITION,
    MODELS,
)

# By the place where the key stands.
PLACED: dict[str, str] = {
    "admin_key": "it stands under `server`",
    "ledger": "it stands under `state`",
    **dict.fromkeys(
        ("requests", "tokens", "concurrent"), "it belongs to a rule: limits: [{name: all, requests: 60/m}]"
    ),
    "limit_usd": "it belongs to a rule: budgets: [{name: all, limit_usd: 100, per: month}]",
    **under("server", ("keys api_key api_keys", KEYS), ("master_key", "here it is `admin_key`")),
    **under(
        "keys[]",
        ("limits rate_limit rate_limits", f"{_LIMITS}, for every key alike or by its name"),
        ("budget budgets max_budget", f"{_BUDGETS}, for every key alike or by its name"),
    ),
    **under(
        "limits[]",
        *_OF_BOTH,
        ("limit max rate amount value type unit", "here it is requests: 60/m, tokens: 200k/m or concurrent: 20"),
        ("per window period interval duration", "a rate says it itself: requests: 60/m"),
        ("parallel concurrency max_concurrent", "here it is `concurrent`"),
        ("limit_usd", "money stands under `budgets`"),
    ),
    **under(
        "budgets[]",
        *_OF_BOTH,
        (
            "limit max amount usd max_usd value",
            'here it is `limit_usd`: 100, or by value: {search: 1000, "*": 100}',
        ),
        ("window period interval duration reset", "here it is `per`: hour, day, week or month, or a time: 30d"),
        ("requests tokens concurrent", "it stands under `limits`"),
        ("fallback use action then", "here it is on_exceeded: {use: NAME}, or reject"),
        ("mode soft hard", "here it is enforce: hard, or shadow"),
        ("webhook at alerts thresholds", 'here it is alert: {at: [0.8, 1.0], webhook: "${ALERT_URL}"}'),
    ),
    **under("budgets[].alert", ("url to slack", "here it is `webhook`"), ("threshold", "here it is at: [0.8]")),
    **under("budgets[].on_exceeded", ("model route target", "here it is `use`: {use: NAME}")),
    **under("state", ("database url path file", STATE), ("retention ttl", "here it is keep: 90d")),
}

_OF_A_LIMIT = ", of a rule under `limits`"
_OF_A_BUDGET = ", of a rule under `budgets`"

# Words of other products, wherever they stand.
WORDS: dict[str, str] = {
    **dict.fromkeys(("rpm", "rpm_limit", "requests_per_minute"), f"here it is requests: 60/m{_OF_A_LIMIT}"),
    **dict.fromkeys(("tpm", "tpm_limit", "tokens_per_minute"), f"here it is tokens: 200k/m{_OF_A_LIMIT}"),
    **dict.fromkeys(("rps", "requests_per_second"), f"here it is requests: 10/s{_OF_A_LIMIT}"),
    **dict.fromkeys(("rpd", "requests_per_day"), f"here it is requests: 1000/d{_OF_A_LIMIT}"),
    **dict.fromkeys(("tpd", "tokens_per_day"), f"here it is tokens: 1M/d{_OF_A_LIMIT}"),
    **dict.fromkeys(
        ("max_parallel_requests", "global_max_parallel_requests", "concurrency"),
        f"here it is concurrent: 20{_OF_A_LIMIT}",
    ),
    **dict.fromkeys(
        ("rate_limit", "rate_limits", "rate_limiting", "rate_limiter", "throttling", "request_max_limit"), _LIMITS
    ),
    "model_rpm_limit": f"here it is each: [key, model] and requests: 60/m{_OF_A_LIMIT}",
    "model_tpm_limit": f"here it is each: [key, model] and tokens: 200k/m{_OF_A_LIMIT}",
    **dict.fromkeys(("max_budget", "max_limit", "credit_limit"), f"here it is limit_usd: 100{_OF_A_BUDGET}"),
    **dict.fromkeys(
        ("budget_duration", "reset_duration", "budget_reset_at", "periodic_reset"),
        f"here it is per: month, or per: 30d{_OF_A_BUDGET}",
    ),
    "soft_budget": f'here it is enforce: shadow, or alert: {{at: [0.8], webhook: "${{ALERT_URL}}"}}{_OF_A_BUDGET}',
    **dict.fromkeys(
        ("alerting", "alerting_threshold", "alert_threshold", "slack_webhook"),
        f'here it is alert: {{at: [0.8, 1.0], webhook: "${{ALERT_URL}}"}}{_OF_A_BUDGET}',
    ),
    "provider_budget_config": f"here it is each: provider{_OF_A_BUDGET}",
    "model_max_budget": f"here it is each: [key, model]{_OF_A_BUDGET}",
    **dict.fromkeys(("budget", "budget_id", "usage_limits", "governance"), _BUDGETS),
    "master_key": 'here it is server: {admin_key: "${ADMIN_KEY}"}; callers have `keys`',
    **dict.fromkeys(
        ("database_url", "store_model_in_db", "config_store", "logs_store", "object_storage", "clickhouse"), STATE
    ),
    "maximum_spend_logs_retention_period": "here it is state: {keep: 90d}",
    "encryption_key": "nothing needs one here: of keys only the SHA-256 is kept",
}
