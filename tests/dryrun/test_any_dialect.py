"""A body of any dialect of callers: the dry run drops the targets that the server passes by, and says why."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.cli.machine import called
from tests.partners.behaviours import json_answer
from tests.partners.bodies import chat_answer
from tests.partners.fault_upstream import FaultUpstream
from tests.served import served

WAV = "UklGRg=="
ASKED: dict[str, tuple[str, dict[str, Any], str]] = {
    "openai_chat": (
        "/v1/chat/completions",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Hi"},
                        {"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}},
                    ],
                }
            ]
        },
        "messages.audio",
    ),
    "gemini_generate": (
        "/v1beta/models/chat:generateContent",
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [{"text": "Hi"}, {"inlineData": {"mimeType": "audio/wav", "data": WAV}}],
                }
            ]
        },
        "contents.audio",
    ),
    "openai_completions": ("/v1/completions", {"prompt": "Hi", "suffix": "."}, "suffix"),
    "openai_responses": (
        "/v1/responses",
        {"input": "Hi", "tools": [{"type": "image_generation"}]},
        "tools.image_generation",
    ),
    "anthropic_messages": (
        "/v1/messages",
        {"max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
        "",
    ),
}


def config(url: str) -> str:
    return f"""
        providers:
          claude: {{like: anthropic, base_url: "{url}/v1", api_key: k}}
          other: {{like: openai, base_url: "{url}/v1", api_key: k, unsupported: drop}}
        models: {{first: claude/first, second: other/second}}
        routes: {{chat: {{fallback: [first, second]}}}}
    """


@pytest.mark.parametrize("dialect", ASKED)
async def test_the_dry_run_drops_what_the_server_passes_by(
    dialect: str, upstream: FaultUpstream, tmp_path: Path
) -> None:
    path, asked, lost = ASKED[dialect]
    told = asked if dialect == "gemini_generate" else {"model": "chat", **asked}
    answer = json_answer(chat_answer("well")) if lost else json_answer(message())
    upstream.script(answer)
    async with served(config(upstream.url)) as gateway, aiohttp.ClientSession() as client:
        response = await client.post(gateway.url + path, json=told)
        body = await response.text()
    file, sent = tmp_path / "llmgw.yaml", tmp_path / "body.json"
    file.write_text(config(upstream.url))
    sent.write_text(json.dumps(told))
    more = ("--model", "chat") if dialect == "gemini_generate" else ()
    shown = called("test-route", str(file), "--request", str(sent), "--dialect", dialect, *more, "--json")
    run = json.loads(shown.stdout)

    assert response.status == 200, body
    assert run["answers"] == response.headers["x-llmgw-target"] == ("second" if lost else "first")
    assert run["targets"] == [request.json["model"] for request in upstream.requests]
    assert [one["dropped"] for one in run["candidates"]] == ([f"unsupported: {lost}", None] if lost else [None, None])


def message() -> dict[str, Any]:
    said = [{"type": "text", "text": "well"}]
    usage = {"input_tokens": 1, "output_tokens": 1}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "first"}
    return {**head, "content": said, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}
