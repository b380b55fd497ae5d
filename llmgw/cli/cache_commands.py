"""What each command about the cache takes and tells about itself, as in `commands`: `llmgw cache stats` and its kin."""

from collections.abc import Callable, Mapping

import typer

from llmgw.cli import flags


def stats(
    *,
    configs: flags.Configs = None,
    url: flags.AdminUrl = None,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Show how much is kept, and of how much use it is.

    What is in a file is read there, whether or not a gateway runs; what is in memory is told by the running gateway,
    which is asked with `server.admin_key`. Without a name the file is ./llmgw.yaml.

    With --json: store, entries, bytes, max_bytes, hits, misses, kept, evicted, expired, rejected, dropped, trouble, and
    rules (by name: entries, bytes, hits). From hits to dropped they count from the start of the gateway, and are null
    where a file is read.

    Exit code: 0 fine, 1 it cannot be had or a bad file, 2 wrong usage.

    For example:
      llmgw cache stats
      llmgw cache stats llmgw.yaml --url http://127.0.0.1:4000 --json | jq .hits
    """
    from llmgw.cli import cache as command

    return command.run(configs, env_file, url, lambda there: command.stats(there, as_json=as_json))


def ls(  # noqa: PLR0913 - one for each flag
    *,
    configs: flags.Configs = None,
    rule: flags.OfRule = None,
    scope: flags.OfScope = None,
    model: flags.OfModel = None,
    older_than: flags.OlderThan = None,
    key: flags.EntryKey = None,
    most: flags.Most = 50,
    url: flags.AdminUrl = None,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """List what is kept, the newest first.

    Under which rule, for whom, what was asked and who answered, how old it is and for how long it holds still; the
    answers are not shown. Without a name the file is ./llmgw.yaml.

    With --json: a list of key, rule, scope, model, target, form (whole, stream), bytes, age_s, ends_in_s, hits,
    question (of a semantic rule).

    Exit code: 0 fine, 1 it cannot be had or a bad file, 2 wrong usage.

    For example:
      llmgw cache ls
      llmgw cache ls llmgw.yaml --rule faq --older-than 1h --limit 10
      llmgw cache ls --json | jq -r '.[] | select(.hits == 0) | .key'
    """
    from llmgw.cli import cache as command

    wanted = command.filters(rule=rule, scope=scope, model=model, older_than=older_than, key=key)
    return command.run(configs, env_file, url, lambda there: command.ls(there, wanted, most, as_json=as_json))


def purge(  # noqa: PLR0913 - one for each flag
    *,
    configs: flags.Configs = None,
    rule: flags.OfRule = None,
    scope: flags.OfScope = None,
    model: flags.OfModel = None,
    older_than: flags.OlderThan = None,
    key: flags.EntryKey = None,
    everything: flags.Everything = False,
    url: flags.AdminUrl = None,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Throw away what is kept.

    What all of the flags say, or all of it with --all. A running gateway that shares the file drops it within a second.
    Without a name the file is ./llmgw.yaml.

    With --json: purged (how many).

    Exit code: 0 fine, 1 it cannot be had or a bad file, 2 wrong usage.

    For example:
      llmgw cache purge --rule faq
      llmgw cache purge llmgw.yaml --model "gpt-*" --older-than 1h
      llmgw cache purge --all --url http://127.0.0.1:4000
    """
    from llmgw.cli import cache as command

    wanted = command.filters(rule=rule, scope=scope, model=model, older_than=older_than, key=key)
    if bool(wanted) == everything:
        message = "leave out the others" if wanted else "say what (--rule, --scope, --model, --older-than, --key), or"
        raise typer.BadParameter(f"{message} --all" if not wanted else message, param_hint="--all")
    return command.run(configs, env_file, url, lambda there: command.purge(there, wanted, as_json=as_json))


def explain(
    *,
    files: flags.Compared,
    dialect: flags.Spoken = None,
    model: flags.PathModel = None,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Tell whether two requests are the same to the cache.

    Two bodies as JSON, and which of their fields say no. With files before them, their rules are asked too, as for a
    caller without a key: which rule is about each request, and whether anything beside the bodies keeps them apart. Of
    two that are not the same a semantic rule is asked whether their questions could be alike. Nothing is looked up, no
    vector is made, and nobody is called.

    With --json: same, differ and ignored (paths of fields, as messages[1].content), and with CONFIG decisions (rule,
    scope, bypass; null: no rule is about it) and alike (possible, threshold, slots, difference: what the slots say no
    for, barrier and context: why nothing makes them alike; null: no semantic rule is about both).

    Exit code: 0 the same, 1 not the same or a bad file, 2 wrong usage.

    For example:
      llmgw cache explain monday.json tuesday.json
      llmgw cache explain llmgw.yaml a.json b.json --json | jq .differ
      llmgw cache explain a.json b.json --dialect anthropic_messages
    """
    if len(files) < 2:
        raise typer.BadParameter("two bodies are compared: A.json B.json", param_hint="FILES")

    from llmgw.cli import cache_explain as command

    return command.explain(files[:-2], files[-2:], dialect=dialect, model=model, env_file=env_file, as_json=as_json)


def tune(
    *,
    file: flags.PairsFile,
    configs: flags.TunedConfigs = None,
    embed: flags.Embed,
    check_slots: flags.Slots = True,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Find the threshold of a semantic rule.

    Takes pairs of questions, each labelled whether an answer to the one is an answer to the other, and shows for each
    threshold how often two questions that are taken for the same are so (precision), and how many of the same are
    found (recall). It recommends the highest threshold with a precision of 0.99 that costs no recall.

    With --json: embed, slots, pairs, same, recommended, and thresholds (threshold, precision, recall, found, wrong).

    Exit code: 0 there is one to recommend, 1 there is none or no vectors or a bad file, 2 wrong usage.

    For example:
      llmgw cache tune pairs.jsonl --embed openai/text-embedding-3-small
      llmgw cache tune pairs.csv llmgw.yaml --embed my-embedder --no-slots
      llmgw cache tune pairs.jsonl --embed local/./models/minilm --json | jq .recommended
    """
    from llmgw.cli import cache_tune

    return cache_tune.tune(file, configs, env_file, embed, check_slots=check_slots, as_json=as_json)


# A command of its own name each: whoever adds one writes it as those above are written.
COMMANDS: Mapping[str, Callable[..., int]] = {
    "stats": stats,
    "ls": ls,
    "purge": purge,
    "explain": explain,
    "tune": tune,
}
