"""What each command takes and tells about itself; it imports what it needs when it is called.

The docstrings are the help: paragraphs are joined, examples keep their lines.
"""

from collections.abc import Callable, Mapping

import typer

from llmgw.cli import cache_commands, flags, key_commands


def serve(  # noqa: PLR0913 - one for each flag
    *,
    configs: flags.Configs = None,
    model: flags.ServedModel = None,
    fallbacks: flags.Fallbacks = None,
    host: flags.Host = None,
    port: flags.Port = None,
    is_open: flags.Open = False,
    workers: flags.Workers = 1,
    watch: flags.Watch = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Serve a file, flags, or what is found.

    Without a file or --model it takes ./llmgw.yaml. If there is none, it looks for provider keys in the environment and
    a local Ollama, and without those the built-in simulator answers. Reloads on SIGHUP or with --watch, drains on
    SIGTERM.

    Exit code: 0 after a stop, 1 bad file, 2 wrong usage, 3 cannot bind.

    For example:
      llmgw serve
      llmgw serve llmgw.yaml --watch --env-file .env
      llmgw serve --model openai/gpt-4o-mini --fallbacks anthropic/claude-haiku-4-5,ollama/llama3.3 --port 4000
    """
    if workers > 1:
        raise typer.BadParameter("more than one worker is not in this version yet", param_hint="--workers")
    chain = [name.strip() for name in (fallbacks or "").split(",") if name.strip()]
    _check_served(configs, model, chain)

    from llmgw.cli import serve as command

    return command.serve(
        configs or [],
        command.Flags(
            model=model,
            fallbacks=tuple(chain),
            host=host,
            port=port,
            open=is_open,
            watch=watch,
            env_file=env_file,
        ),
    )


def _check_served(configs: list[str] | None, model: str | None, chain: list[str]) -> None:
    if configs and (model or chain):
        raise typer.BadParameter("a file says it all: leave out --model and --fallbacks", param_hint="--model")
    if chain and not model:
        raise typer.BadParameter("give --model too: --fallbacks answer when it fails", param_hint="--fallbacks")
    for name in (model, *chain):
        if name is not None and "/" not in name:
            raise typer.BadParameter(f"'{name}' is not provider/model, as in openai/gpt-4o-mini", param_hint="--model")


def init(*, path: flags.NewFile = "llmgw.yaml", force: flags.Force = False) -> int:
    """Write what is found as a file.

    Provider keys in the environment and a local Ollama become a commented llmgw.yaml to go on from.

    For example:
      llmgw init
      llmgw init gateway.yaml --force
      llmgw init - | less
    """
    from llmgw.cli import init as command

    return command.init(path, force=force)


def validate(
    *,
    configs: flags.Configs = None,
    as_json: flags.Json = False,
    strict: flags.Strict = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Find every problem of a file.

    Each with its place; then the file's tests run. Contacts nothing and needs no keys. Without a name it is
    ./llmgw.yaml.

    With --json: valid, errors, warnings, problems (file, line, column, path, severity, message, hint), models, routes,
    and tests (name, passed, targets, code, fault).

    Exit code: 0 fine, 1 problems or failed tests, 2 wrong usage.

    For example:
      llmgw validate
      llmgw validate base.yaml prod.yaml --strict
      cat llmgw.yaml | llmgw validate - --json
    """
    from llmgw.cli import validate as command
    from llmgw.cli.sources import needed

    return command.validate(needed(configs), env_file, as_json=as_json, strict=strict)


def dry_run(  # noqa: PLR0913 - one for each flag
    *,
    configs: flags.Configs = None,
    model: flags.Model = None,
    metadata: flags.Metadata = None,
    header: flags.Header = None,
    user: flags.User = None,
    input_tokens: flags.InputTokens = None,
    max_tokens: flags.MaxTokens = None,
    stream: flags.Stream = False,
    tools: flags.Tools = False,
    images: flags.Images = False,
    request: flags.RequestFile = None,
    dialect: flags.Spoken = None,
    fail: flags.Fail = None,
    assume_keys: flags.AssumeKeys = False,
    at: flags.At = None,
    seed: flags.Seed = None,
    run_all: flags.All = False,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
    key: flags.Key = None,
    spent: flags.Spent = None,
    drawn: flags.Drawn = None,
    facts: flags.FactsFile = None,
) -> int:
    """Show what a request would do.

    By the very code that serves, but nothing is called: the path through the graph, every candidate and why it was kept
    or dropped, the time limits; with --fail the outage is played through, attempt by attempt. Without a name the file
    is ./llmgw.yaml.

    A body in --request is read and prepared as the server does it, so that a target that cannot take it is shown as
    dropped, and what another would not be sent is named. --dialect tells whose it is: openai_chat, openai_responses,
    openai_completions, anthropic_messages, gemini_generate.

    An `optional` provider without its key has left the graph, here as in the server; --assume-keys keeps it, as the
    file's own tests do. Without --key access is not checked.

    Budgets and limits are asked as the server asks them, over counters that are empty but for what --spent says; the
    rules of the cache, too, over one in which nothing is kept.

    Nothing is known of the targets unless --facts tells how they are: which are left alone, how long answers take.
    A running gateway tells what it decides by: curl -H 'Authorization: Bearer ADMIN_KEY' HOST/admin/health > now.json

    Failure classes: connection, timeout, rate_limited, quota_exhausted, overloaded, server_error, unauthorized,
    not_found, context_length, content_filter, blocked, protocol, stream_cut, invalid_request.

    --graph draws all routes instead, or with --model what that name leads to: fallbacks, pools and conditions with
    their targets, and the limits that are not the defaults. --graph mermaid and --graph dot do so in those notations.

    With --json: model, route, deadline_s, max_attempts, candidates (target, provider, upstream_model, path, dropped,
    left_out, connect_s, first_token_s, idle_s, total_s, attempts, backoff_s, max_backoff_s, on_failure), cache
    (rule, mode, scope, ttl_s, look, keep, why; null: no rule is about it), attempts (attempt, target, try, delay_s,
    failure), targets, answers, and error (status, code, message, passed_on) if none answers.

    Exit code: 0 a target answers, 1 none or a bad file, 2 wrong usage.

    For example:
      llmgw test-route llmgw.yaml --model chat --fail gpt=rate_limited --fail claude=overloaded,server_error
      llmgw test-route llmgw.yaml --model tiered --metadata tier=paid --input-tokens 120000
      llmgw test-route llmgw.yaml --model chat --key search-prod --spent team-month=12000
      llmgw test-route llmgw.yaml --request body.json --json
      llmgw test-route llmgw.yaml --model chat --facts now.json
      llmgw test-route --request message.json --dialect anthropic_messages
      llmgw test-route --all
      llmgw test-route llmgw.yaml --graph
      llmgw test-route llmgw.yaml --graph dot | dot -Tsvg > routes.svg
    """
    from llmgw.cli import test_route as command
    from llmgw.cli.pretended import Asked
    from llmgw.cli.sources import needed

    if drawn:
        if drawn not in flags.NOTATIONS or run_all or request or fail or as_json:
            message = "is text, mermaid or dot, and shows no request: leave out --all, --request, --fail and --json"
            raise typer.BadParameter(message, param_hint="--graph")
        return command.test_graph(needed(configs), env_file, drawn, model, assume_keys=assume_keys)
    if run_all:
        if model or request or fail:
            message = "runs the file's own tests: leave out --model, --request and --fail"
            raise typer.BadParameter(message, param_hint="--all")
        return command.test_all(needed(configs), env_file, as_json=as_json)
    asked = Asked(
        model=model,
        metadata=metadata or [],
        headers=header or [],
        user=user,
        input_tokens=input_tokens,
        max_tokens=max_tokens,
        stream=stream,
        tools=tools,
        images=images,
        body=request,
        dialect=dialect,
        fail=fail or [],
        assume_keys=assume_keys,
        at=at,
        seed=seed,
        key=key,
        spent=spent or [],
        facts=facts,
    )
    return command.test_route(needed(configs), env_file, asked, as_json=as_json)


def doctor(
    *,
    configs: flags.Configs = None,
    model: flags.Tried = None,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Call every target once, for real.

    A question of two words with an answer of at most 16 tokens goes to each target of the file, by the server's own
    way, four at a time and for at most 30 s each: it costs next to nothing, but it is billed. Tells what each answered,
    or how it failed and what to do about that. Without a name the file is ./llmgw.yaml.

    With --json: answers (how many), targets (target, provider, upstream_model, answers, elapsed_s, model, failure,
    status, message, remedy), and skipped (target, reason).

    Exit code: 0 all answer, 1 some do not or a bad file, 2 wrong usage.

    For example:
      llmgw doctor
      llmgw doctor llmgw.yaml --env-file .env
      llmgw doctor --model chat --json | jq '.targets[] | select(.answers | not)'
    """
    from llmgw.cli import doctor as command
    from llmgw.cli.sources import needed

    return command.doctor(needed(configs), env_file, model, as_json=as_json)


def providers(*, text: flags.SearchText = None, as_json: flags.Json = False, env_file: flags.EnvFile = None) -> int:
    """List the providers that need no entry in the file.

    Their names, also those that other tools use; the variable of the key, and whether it is set; the dialects that it
    speaks; the address; the page that tells more. Contacts nobody.

    With --json: a list of name, aliases, dialect, also, base_url, key_env, key_is_set, auth, takes_stream_options,
    unsupported, local, docs.

    Exit code: 0 fine, 1 nothing has TEXT in it, 2 wrong usage.

    For example:
      llmgw providers
      llmgw providers alibaba
      llmgw providers --json | jq '.[] | select(.key_is_set) | .name'
    """
    from llmgw.cli import providers as command

    return command.providers(text or "", env_file, as_json=as_json)


def prices(
    *,
    model: flags.PricedModel = None,
    configs: flags.PriceConfigs = None,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Show what a model costs, and who says so.

    In USD per million tokens of each class that has a price of its own, with the size of the prompt, the day, the hours
    and the service tier from which it holds. With a file: what its models cost, whatever their price is from. Without a
    model it lists the providers whose prices are known, with a provider its models. Contacts nobody.

    With --json: source, date, and models (name, priced_by, price, context_window, row); a price is a list of since,
    hours_utc, service_tier, above_prompt_tokens, request_usd, and usd_per_mtok by class. Without a model: source, date,
    and providers (priced_as, names, models).

    Exit code: 0 fine, 1 no price is known or a bad file, 2 wrong usage.

    For example:
      llmgw prices openai/gpt-4o
      llmgw prices anthropic
      llmgw prices chat llmgw.yaml --json
    """
    from llmgw.cli import prices as command

    return command.prices(model, configs or [], env_file, as_json=as_json)


def usage(  # noqa: PLR0913 - one for each flag
    *,
    configs: flags.Configs = None,
    by: flags.By = "",
    where: flags.Where = None,
    since: flags.Since = None,
    until: flags.Until = None,
    as_csv: flags.Csv = False,
    as_json: flags.Json = False,
    requests: flags.Requests = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Show what was used, and what it cost.

    From the ledger of the file, with all that has been answered so far, whether or not a server runs. A row for each
    value of --by, and their sum; calls whose price is not known are counted apart. Days and times are those of
    `server.timezone`. Without a name the file is ./llmgw.yaml.

    Names for --by and --where: key, team, user, request.user, model, route, target, provider, endpoint, outcome,
    status, cached (hit, semantic or coalesced; --where also takes true and false), metadata.NAME; for --by also day,
    hour.

    With --json: by, where, since_ms, until_ms, timezone, rows, and total; a row is what --by names, and requests,
    attempts, errors, unpriced, estimated, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens,
    cost_nanousd, saved_nanousd (a billionth of a dollar each), from_cache. With --requests a line for
    each request, in order of time: request_id, at_ms, key, status, outcome, cost_nanousd, and more.

    Exit code: 0 fine, 1 no ledger or a bad file, 2 wrong usage.

    For example:
      llmgw usage
      llmgw usage llmgw.yaml --by team,model --since 2026-11 --until 2026-11
      llmgw usage --by day --where metadata.tier=free --csv
      llmgw usage --requests --since 1h | jq -r 'select(.outcome != "ok") | .request_id'
    """
    if as_csv + as_json + requests > 1:
        raise typer.BadParameter("one of --csv, --json and --requests", param_hint="--csv")

    from llmgw.cli import usage as command
    from llmgw.cli.sources import needed

    shapes = ((as_csv, command.CSV), (as_json, command.JSON), (requests, command.REQUESTS), (True, command.TABLE))
    shape = next(shape for is_asked, shape in shapes if is_asked)
    return command.usage(needed(configs), env_file, command.Asked(by, where or (), since, until, shape))


def schema() -> int:
    """Print the JSON Schema of the config file.

    For example:
      llmgw schema > llmgw.schema.json
    """
    from llmgw.cli import schema as command

    return command.schema()


def version(*, as_json: flags.Json = False) -> int:
    """Print the version.

    For example:
      llmgw version
      llmgw version --json
    """
    from llmgw.cli import version as command

    return command.version(as_json=as_json)


COMMANDS: Mapping[str, Callable[..., int]] = {
    "serve": serve,
    "init": init,
    "validate": validate,
    "test-route": dry_run,
    "doctor": doctor,
    "providers": providers,
    "prices": prices,
    "usage": usage,
    "schema": schema,
    "version": version,
}

# Commands in two words, by the first.
GROUPS: Mapping[str, tuple[str, Mapping[str, Callable[..., int]]]] = {
    "keys": ("Make keys for those who call, and administer those that the ledger keeps.", key_commands.COMMANDS),
    "cache": ("See what is kept of answers, and throw it away.", cache_commands.COMMANDS),
}
