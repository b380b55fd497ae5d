"""What each command about keys takes and tells about itself, as in `commands`: `llmgw keys create` and its kin."""

from collections.abc import Callable, Mapping

from llmgw.cli import flags


def create(  # noqa: PLR0913 - one for each flag
    *,
    configs: flags.KeyConfigs = None,
    name: flags.KeyName = "",
    team: flags.Team = None,
    user: flags.KeyUser = None,
    models: flags.KeyModels = None,
    endpoints: flags.KeyEndpoints = None,
    metadata: flags.KeyMetadata = None,
    expires: flags.Expires = None,
    sha256: flags.Sha256 = None,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Make a key.

    With CONFIG it goes into the ledger of that file, and a running server takes it within a second. Without, nothing is
    kept: it prints the lines to paste under `keys`, which hold no secret. The secret is shown this once; with --sha256
    the caller goes on to use the one that he has.

    With --json: name, sha256, secret, and what else was said; with CONFIG what `keys show` tells, and secret.

    Exit code: 0 fine, 1 the name is taken or a bad file, 2 wrong usage.

    For example:
      llmgw keys create --name search-prod
      llmgw keys create llmgw.yaml --name search-prod --team search --models "smart,cheap*" --expires 90d
      llmgw keys create llmgw.yaml --name batch --metadata tier=paid --json | jq -r .secret
    """
    from llmgw.cli import key_flags

    asked = key_flags.asked(
        name=name,
        team=team,
        user=user,
        models=models,
        endpoints=endpoints,
        metadata=metadata,
        expires=expires,
        sha256=sha256,
    )
    if configs:
        from llmgw.cli import ledger_keys

        return ledger_keys.run(configs, env_file, lambda keys: keys.create(asked), as_json=as_json)

    from llmgw.cli import keys as command

    return key_flags.told(lambda: command.create(asked, as_json=as_json))


def list_(*, configs: flags.Configs = None, as_json: flags.Json = False, env_file: flags.EnvFile = None) -> int:
    """List all keys.

    Those of the file and those of its ledger: whose they are, what they open, until when, and when each was used last.
    No secret and no digest. Without a name the file is ./llmgw.yaml.

    With --json: a list of name, source (file, ledger), state (active, expired, revoked; shadowed: the file has a key of
    that name, which wins), team, user, models, endpoints, metadata, created, expires, revoked, last_used.

    For example:
      llmgw keys list
      llmgw keys list llmgw.yaml --json | jq -r '.[] | select(.last_used == null) | .name'
    """
    from llmgw.cli import ledger_keys

    return ledger_keys.run(configs, env_file, lambda keys: keys.list(), as_json=as_json)


def show(
    *,
    name: flags.NamedKey,
    configs: flags.FurtherConfigs = None,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Show a key.

    Whose it is, what it opens, until when, and the SHA-256 of each of its secrets. Without a name the file is
    ./llmgw.yaml.

    With --json: what `keys list` tells, and secrets (sha256, created, not_after).

    Exit code: 0 fine, 1 there is none of that name or a bad file, 2 wrong usage.

    For example:
      llmgw keys show search-prod
      llmgw keys show search-prod llmgw.yaml --json | jq -r '.secrets[].sha256'
    """
    from llmgw.cli import ledger_keys

    return ledger_keys.run(configs, env_file, lambda keys: keys.show(name), as_json=as_json)


def rotate(
    *,
    name: flags.NamedKey,
    configs: flags.FurtherConfigs = None,
    overlap: flags.Overlap = "1h",
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Give a key another secret.

    The old one holds as long as --overlap says, so that no caller is turned away meanwhile; 0s: not any more. The new
    one is shown this once. For keys of the ledger; those of the file are rotated in the file.

    With --json: what `keys show` tells, and secret.

    Exit code: 0 fine, 1 there is none of that name or a bad file, 2 wrong usage.

    For example:
      llmgw keys rotate search-prod
      llmgw keys rotate search-prod llmgw.yaml --overlap 7d --json | jq -r .secret
    """
    from llmgw.cli import key_flags, ledger_keys

    overlap_s = key_flags.overlap_s(overlap)
    return ledger_keys.run(configs, env_file, lambda keys: keys.rotate(name, overlap_s), as_json=as_json)


def revoke(
    *,
    name: flags.NamedKey,
    configs: flags.FurtherConfigs = None,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """End a key, for good.

    A running server turns its callers away within a second; answers under way go on to their end. Its name is not given
    to another key, because usage and budgets know keys by their names. For keys of the ledger.

    Exit code: 0 fine, 1 there is none of that name or a bad file, 2 wrong usage.

    For example:
      llmgw keys revoke intern
      llmgw keys revoke intern llmgw.yaml --json
    """
    from llmgw.cli import ledger_keys

    return ledger_keys.run(configs, env_file, lambda keys: keys.revoke(name), as_json=as_json)


def expire(
    *,
    name: flags.NamedKey,
    when: flags.When,
    configs: flags.FurtherConfigs = None,
    as_json: flags.Json = False,
    env_file: flags.EnvFile = None,
) -> int:
    """Say until when a key holds.

    A day (with the whole of it) or a time, in the time zone of the file; a duration from now on; `now`, or `never`. It
    can be said again. For keys of the ledger.

    Exit code: 0 fine, 1 there is none of that name or a bad file, 2 wrong usage.

    For example:
      llmgw keys expire intern 2027-01-31
      llmgw keys expire intern 30d llmgw.yaml
      llmgw keys expire intern never
    """
    from llmgw.cli import key_flags, ledger_keys

    key_flags.check_when(when)
    return ledger_keys.run(configs, env_file, lambda keys: keys.expire(name, when), as_json=as_json)


def digest(*, as_json: flags.Json = False) -> int:
    """Tell the SHA-256 of a secret on standard input.

    As `sha256` of a key takes it, so that keys move here from elsewhere without touching a client. A line break at the
    end is not part of the secret.

    Exit code: 0 fine, 1 nothing came in.

    For example:
      llmgw keys digest < secret.txt
      printf %s "$SECRET" | llmgw keys digest
    """
    from llmgw.cli import keys as command

    return command.tell_digest(as_json=as_json)


COMMANDS: Mapping[str, Callable[..., int]] = {
    "create": create,
    "list": list_,
    "show": show,
    "rotate": rotate,
    "revoke": revoke,
    "expire": expire,
    "digest": digest,
}
