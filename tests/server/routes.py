"""Config texts for tests that serve: targets `one`, `two` … behind the name `chat`, quick to retry and to give up."""

NAMES = ("one", "two", "three")
RETRY = "{attempts: 2, backoff: 1ms, max_backoff: 100ms}"


def chain(*urls: str, retry: str = RETRY, timeout: str = "{}", more: str = "", **models: str) -> str:
    """A fallback over one target per URL; `models` adds keys to a target, `more` further sections."""
    named = dict(zip(NAMES, urls, strict=False))
    providers = [f'  {name}: {{like: openai, base_url: "{url}/v1", auth: none}}' for name, url in named.items()]
    targets = [f"  {name}: {{target: {name}/up-{name}, {models.get(name, '')}}}" for name in named]
    lines = [
        "providers:",
        *providers,
        "models:",
        *targets,
        "routes:",
        f"  chat: {{fallback: [{', '.join(named)}]}}",
        f"defaults: {{retry: {retry}, timeout: {timeout}}}",
        more,
    ]
    return "\n".join(lines)
