"""`llmgw doctor` against real local servers and the simulator: what answers, what does not, and what to do about it."""

import asyncio
import json
import os
import pty
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.answering import answering, http
from tests.cli.machine import Ended, called, command, environment
from tests.partners.behaviours import json_answer
from tests.partners.bodies import chat_answer
from tests.partners.exchange import ReceivedRequest
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.steps import Behaviour, Pause
from tests.served import served

SIMULATED = "models: {sim: simulator/echo}\n"


async def doctor(tmp_path: Path, config: str, *args: str, env: Mapping[str, str] | None = None) -> Ended:
    file = tmp_path / "llmgw.yaml"
    file.write_text(config)
    return await asyncio.to_thread(lambda: called("doctor", str(file), *args, env=env))


async def test_a_target_that_answers_is_fine(tmp_path: Path) -> None:
    told = await doctor(tmp_path, SIMULATED)

    assert (told.returncode, told.stderr) == (0, "")
    first, last = told.stdout.splitlines()
    assert first.startswith("ok  sim  simulator/echo: answers as echo in ")
    assert last == "fine: 1 target answers"


async def test_the_call_is_small_and_one_per_target_and_not_a_stream(tmp_path: Path, upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    providers = f'providers: {{p: {{like: openai, base_url: "{upstream.url}", api_key: k}}}}'
    told = await doctor(tmp_path, f"{providers}\nmodels: {{a: p/up-a, b: p/up-b}}\nroutes: {{c: {{pool: [a, b]}}}}")
    bodies = [request.json for request in upstream.requests]

    assert told.returncode == 0, told
    assert sorted(body.pop("model") for body in bodies) == ["up-a", "up-b"]
    assert bodies == [{"messages": [{"role": "user", "content": "Say ok"}], "max_tokens": 16}] * 2


async def test_another_gateway_is_a_provider_like_others(tmp_path: Path) -> None:
    async with served("models: {echo: simulator/echo}") as gateway:
        providers = f'providers: {{p: {{like: openai, base_url: "{gateway.url}/v1", auth: none}}}}'
        told = await doctor(tmp_path, f"{providers}\nmodels: {{m: p/echo, typo: p/ecco}}")

    assert told.returncode == 1
    assert told.stdout.splitlines()[0].startswith("ok  m  p/echo: answers as echo in ")
    assert told.stdout.splitlines()[1].startswith("not_found  typo  p/ecco: 404 no model 'ecco'.")
    assert told.stdout.splitlines()[2] == "    did you mean echo?"
    assert told.stdout.splitlines()[3] == "1 of 2 targets answer"


async def test_what_fails_says_how_and_what_to_do(tmp_path: Path, upstream: FaultUpstream, refused: str) -> None:
    def answer(request: ReceivedRequest) -> Behaviour:
        model = request.json["model"]
        key = (request.header("authorization") or "").removeprefix("Bearer ")
        return json_answer({"error": {"message": f"bad\n{model} for {key}", "code": None}}, status=int(model))

    upstream.script(otherwise=answer)
    config = f"""
        providers:
          p: {{like: openai, base_url: "{upstream.url}", api_key: "${{TEAM_KEY}}"}}
          groq: {{base_url: "{upstream.url}"}}
          vllm: {{base_url: "{refused}"}}
          away: {{like: openai, base_url: "{refused}", api_key: k}}
        models: {{a: p/401, b: groq/403, c: p/429, d: p/500, e: vllm/m, f: away/m, g: p/400}}
    """
    told = await doctor(tmp_path, config, env={"TEAM_KEY": "sk-planted-key-1", "GROQ_API_KEY": "gsk-planted-2"})
    lines = told.stdout.splitlines()

    assert told.returncode == 1
    assert "planted" not in told.stdout + told.stderr
    assert lines[0] == "unauthorized  a  p/401: 401 bad 401 for ***"
    assert lines[1].startswith("    check api_key of providers.p: it may be mistyped, revoked, ")
    assert lines[3].startswith("    check GROQ_API_KEY: ")
    assert lines[4].startswith("rate_limited  c")
    assert lines[5] == "    the key is taken, but there are too many requests: try again later"
    assert lines[6].startswith("server_error  d")
    assert lines[8].startswith("connection  e  vllm/m: 127.0.0.1:")
    assert lines[9] == f"    start it; it is looked for at {refused}"
    assert lines[11].startswith(f"    check base_url ({refused}), the network, and `proxy`")
    assert lines[12].startswith("invalid_request  g  p/400: 400 bad 400")
    assert lines[-1] == "0 of 7 targets answer"


async def test_what_is_not_set_is_not_called(tmp_path: Path) -> None:
    config = """
        providers: {own: {like: openai, api_key: "${TEAM_KEY}"}, left: {like: groq, optional: true}}
        models: {gpt: openai/gpt-4o, mine: own/gpt-4o, gone: left/x}
    """
    told = await doctor(tmp_path, config)

    assert told.returncode == 1
    assert told.stdout.splitlines() == [
        "unauthorized  gpt  openai/gpt-4o: not called: OPENAI_API_KEY is not set",
        "    export OPENAI_API_KEY=…, or mark the provider `optional: true`",
        "unauthorized  mine  own/gpt-4o: not called: ${TEAM_KEY} is not set",
        "    set it: export TEAM_KEY=…, or give a default: ${TEAM_KEY:-…}",
        "skipped  gone: left the graph: GROQ_API_KEY is not set",
        "0 of 2 targets answer",
    ]


async def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    config = """
        providers: {vertex: {project: p, credentials_file: gone.json}}
        models: {m: vertex/gemini-2.5-flash}
    """
    told = await doctor(tmp_path, config)

    first, second, _ = told.stdout.splitlines()
    assert first.startswith("unauthorized  m  vertex/gemini-2.5-flash: not called: the file /")
    assert first.endswith(" cannot be read: No such file or directory")
    assert second == "    create it, or name another one"


async def test_a_profile_that_there_is_not_is_asked_about(tmp_path: Path) -> None:
    config = """
        providers: {bedrock-mantle: {profile: nope}}
        models: {m: bedrock-mantle/y}
    """
    told = await doctor(tmp_path, config, env={"HOME": str(tmp_path)})

    assert told.stdout.splitlines()[:2] == [
        "unauthorized  m  bedrock-mantle/y: no credentials of AWS: The config profile (nope) could not be found",
        "    is the profile 'nope' in ~/.aws/config? `aws configure list-profiles` tells; a login of it may have ended",
    ]


async def test_a_cloud_without_credentials_says_it_once(tmp_path: Path) -> None:
    env = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path), "AWS_REGION": "eu-west-1"}
    told = await doctor(tmp_path, "models: {m: bedrock-mantle/y}", env=env)

    assert told.stdout.splitlines() == [
        "unauthorized  m  bedrock-mantle/y: no credentials of AWS: Unable to locate credentials",
        "    export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or give this machine a role",
        "0 of 1 target answer",
    ]


async def test_a_name_tries_what_it_leads_to_whatever_the_conditions(tmp_path: Path) -> None:
    config = """
        models:
          a: simulator/a
          b: simulator/b
          "s-*": simulator/x-*
          hidden: {target: simulator/h, expose: false}
          other: simulator/o
        routes: {chat: {when: [{if: 'request.tools', use: a}, {use: deep}]}, deep: {fallback: [b, a]}}
    """
    chat = await doctor(tmp_path, config, "--model", "chat", "--json")
    pattern = await doctor(tmp_path, config, "-m", "s-one", "--json")
    hidden = await doctor(tmp_path, config, "-m", "hidden", "--json")
    everything = await doctor(tmp_path, config)

    assert [target["target"] for target in json.loads(chat.stdout)["targets"]] == ["a", "b"]
    assert [target["upstream_model"] for target in json.loads(pattern.stdout)["targets"]] == ["x-one"]
    assert [target["target"] for target in json.loads(hidden.stdout)["targets"]] == ["hidden"]
    assert everything.stdout.splitlines()[-2:] == [
        "skipped  s-*: stands for many names: --model s-NAME tries one",
        "fine: 4 targets answer",
    ]


@pytest.mark.parametrize("name", ["nope", "s-*"])
async def test_a_name_that_leads_nowhere_is_told(tmp_path: Path, name: str) -> None:
    told = await doctor(tmp_path, 'models: {sim: simulator/x, "s-*": simulator/*}', "--model", name)

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(f"no model '{name}'.")


async def test_nothing_to_try_is_not_fine(tmp_path: Path) -> None:
    told = await doctor(tmp_path, 'models: {"s-*": simulator/*}')

    assert told.returncode == 1
    assert told.stdout.splitlines()[-1] == "no target could be tried"


async def test_a_bad_file_is_told_and_nobody_is_called(tmp_path: Path, upstream: FaultUpstream) -> None:
    config = f'providers: {{p: {{like: openai, base_url: "{upstream.url}"}}}}\nmodels: {{a: p/x, b: nowhere/x}}'
    told = await doctor(tmp_path, config)

    assert (told.returncode, told.stdout) == (1, "")
    assert "nowhere" in told.stderr
    assert upstream.requests == []


async def test_tls_where_nobody_speaks_it_is_told(tmp_path: Path) -> None:
    with answering(http("{}", "400 Bad Request")) as port:
        address = f"127.0.0.1:{port}"
        providers = f'providers: {{v: {{like: vllm, base_url: "https://{address}/v1"}}}}'
        told = await doctor(tmp_path, f"{providers}\nmodels: {{m: v/x}}")

    assert told.stdout.splitlines()[1] == (
        f"    what listens there speaks no TLS: should base_url be http://{address}/v1 ?"
    )


async def test_programs_read_a_document(tmp_path: Path, upstream: FaultUpstream) -> None:
    upstream.script(json_answer({"error": {"message": "no"}}, status=401))
    providers = f'providers: {{p: {{like: openai, base_url: "{upstream.url}", api_key: k}}}}'
    told = await doctor(tmp_path, f'{providers}\nmodels: {{bad: p/x, sim: simulator/echo, "s-*": p/*}}', "--json")
    document = json.loads(told.stdout)
    elapsed = [target.pop("elapsed_s") for target in document["targets"]]
    remedy = document["targets"][0].pop("remedy")

    assert told.returncode == 1
    assert document == {
        "answers": 1,
        "targets": [
            {
                "target": "bad",
                "provider": "p",
                "upstream_model": "x",
                "answers": False,
                "model": None,
                "failure": "unauthorized",
                "status": 401,
                "message": "no",
            },
            {
                "target": "sim",
                "provider": "simulator",
                "upstream_model": "echo",
                "answers": True,
                "model": "echo",
                "failure": None,
                "status": 200,
                "message": None,
                "remedy": None,
            },
        ],
        "skipped": [{"target": "s-*", "reason": "stands for many names: --model s-NAME tries one"}],
    }
    assert all(0 <= seconds < 30 for seconds in elapsed)
    assert remedy.startswith("check api_key of providers.p")


async def test_not_more_than_four_are_called_at_once(tmp_path: Path, upstream: FaultUpstream) -> None:
    upstream.script(otherwise=(Pause(0.05), *json_answer(chat_answer())))
    providers = f'providers: {{p: {{like: openai, base_url: "{upstream.url}", api_key: k}}}}'
    models = ", ".join(f"m{turn}: p/x{turn}" for turn in range(10))
    told = await doctor(tmp_path, f"{providers}\nmodels: {{{models}}}")

    assert told.stdout.splitlines()[-1] == "fine: 10 targets answer"
    assert [line.split()[1] for line in told.stdout.splitlines()[:-1]] == [f"m{turn}" for turn in range(10)]
    assert upstream.connections_seen <= 4


def test_a_terminal_sees_colours_and_a_pipe_does_not(tmp_path: Path) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text(SIMULATED)
    primary, secondary = pty.openpty()
    env = environment({"TERM": "xterm-256color"})
    with subprocess.Popen(command("doctor", str(file)), stdout=secondary, stdin=subprocess.DEVNULL, env=env) as process:
        os.close(secondary)
        process.wait(timeout=60)
        text = os.read(primary, 65536).decode()
    os.close(primary)

    assert process.returncode == 0
    assert "\x1b[" in text
    assert "\x1b[" not in called("doctor", str(file)).stdout


async def test_who_is_called_with_its_callers_credential_is_not_called(tmp_path: Path) -> None:
    config = "providers: {seats: {like: anthropic, auth: client}}\nmodels: {sim: simulator/echo, seat: seats/x}\n"
    for args in ((), ("--model", "seat")):
        told = await doctor(tmp_path, config, *args)

        assert "skipped  seat: is called with its caller's own credential, and there is no caller" in told.stdout
