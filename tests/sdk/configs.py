"""The config that most tests here serve: one route over one model per upstream."""


def one_try(*urls: str, more: str = "") -> str:
    """Route `chat` over `m0`, `m1`, … at these base URLs; one try each, so that tests count what they mean."""
    also = "speaks: [openai_responses, openai_completions]"
    entries = [f"{{like: openai, base_url: {url}/v1, auth: none, {also}}}" for url in urls]
    providers = [f"  p{number}: {entry}" for number, entry in enumerate(entries)]
    models = [f"  m{number}: p{number}/partner-{number}" for number in range(len(urls))]
    chain = ", ".join(f"m{number}" for number in range(len(urls)))
    lines = [
        "defaults: {retry: {attempts: 1}}",
        *("providers:", *providers),
        *("models:", *models),
        *("routes:", f"  chat: {{fallback: [{chain}]}}"),
        more,
    ]
    return "\n".join(lines)
