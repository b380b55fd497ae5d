"""What else a key about the cache might have meant. Data only; see `hints`."""

from llmgw.config.hint_tables import CONDITION, MODELS, under

CACHE = "here it is cache: {rules: [{name: faq, ttl: 1h}]}"
_RULE = "it belongs to a rule: cache: {rules: [{name: faq, ttl: 1h}]}"
_STORE = "here it is store: memory, or sqlite:///cache.db"
_SCOPE = "here it is `scope`: key, key.team, metadata.X … or everyone"
_OF_A_RULE = ", of a rule under `cache`"


# By the place where the key stands.
PLACED: dict[str, str] = {
    **under(
        "cache",
        ("enabled enable on", "it is on as soon as it has a rule: rules: [{name: faq, ttl: 1h}]"),
        ("ttl max_age mode match models scope threshold embed keep_fallback slots tool_calls variety", _RULE),
        ("max_age_seconds default_ttl expiration similarity_threshold embedding_model", _RULE),
        ("type backend driver storage path file url", _STORE),
        ("host port password redis redis_url namespace", _STORE),
        ("size max_bytes max_memory memory limit", "here it is max_size: 256MiB"),
        ("max_entries max_items capacity", "it is bounded by what it takes: max_size: 256MiB"),
    ),
    **under(
        "cache.rules[]",
        ("max_age max_age_s age expires expiration expiry duration lifetime", "here it is `ttl`: 1h"),
        ("each by per group_by partition user team namespace key_by cache_by", _SCOPE),
        CONDITION,
        MODELS,
        ("type kind strategy", "here it is mode: exact, or semantic"),
        ("similarity similarity_threshold score min_score distance", "here it is `threshold`: 0.9, from 0 to 1"),
        ("embedding embedder embeddings", "here it is embed: openai/text-embedding-3-small"),
        ("embedding_model embed_model vector_store", "here it is embed: openai/text-embedding-3-small"),
        ("tools allow_tools tool_use", "here it is `tool_calls`: true"),
        ("fallback cache_fallback", "here it is `keep_fallback`: true"),
        ("ignore ignore_fields exclude include", "which fields count is fixed: all that change an answer"),
        ("max_size store", "it stands under `cache`, once for all rules"),
    ),
}

# Words of other products, wherever they stand.
WORDS: dict[str, str] = {
    **dict.fromkeys(
        ("caching", "cache_params", "cache_responses", "cache_settings", "cache_options", "response_cache"), CACHE
    ),
    **dict.fromkeys(("enable_caching", "cache_enabled", "semantic_cache", "semantic_caching"), CACHE),
    **dict.fromkeys(("redis_host", "redis_url", "redis_port", "redis_password"), _STORE),
    **dict.fromkeys(
        ("max_age", "cache_ttl", "default_in_memory_ttl", "default_in_redis_ttl"), f"here it is ttl: 1h{_OF_A_RULE}"
    ),
    "similarity_threshold": f"here it is threshold: 0.9{_OF_A_RULE}",
    **dict.fromkeys(
        ("embedding_cache", "redis_semantic_cache_embedding_model", "qdrant_semantic_cache_embedding_model"),
        f"here it is embed: openai/text-embedding-3-small{_OF_A_RULE}",
    ),
    **dict.fromkeys(
        ("vector_store", "qdrant_api_base", "qdrant_collection_name"), "nothing needs one here: `cache` has its own"
    ),
    "supported_call_types": "answers of chats are kept, in every dialect, if a rule under `cache` says so",
    "namespace": f"{_SCOPE}{_OF_A_RULE}",
}
