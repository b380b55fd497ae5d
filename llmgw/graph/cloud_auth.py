"""What providers of a cloud need beside an address: a region, a project, and credentials of the cloud's own.

What the file leaves out comes from the variables that the cloud's other tools read too.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from llmgw.config.model import ProviderEntry
from llmgw.config.problems import quoted
from llmgw.config.secrets import Secret
from llmgw.graph.route import CloudAuth
from llmgw.providers.auth import CLOUDS as KINDS
from llmgw.providers.auth import Auth
from llmgw.providers.catalog import Provider
from llmgw.providers.clouds import CLOUDS, first_set

# `bedrock-runtime.eu-west-1.amazonaws.com`, and as it is called in a network of one's own.
_AWS_REGION = re.compile(r"\.([a-z]{2,3}(?:-[a-z]+){1,2}-\d)\.")


def region(row: Provider, settings: ProviderEntry, env: Mapping[str, str]) -> str:
    """Where it is called: as the file says, or its address, or the cloud's variables, or the row."""
    return settings.region or _told_by_host(row, settings) or _set(row, "region_env", env) or row.region


def region_in_name(row: Provider, upstream_model: str) -> str | None:
    """The region that other tools write before a model of AWS, as in `us-east-1/anthropic.claude-v2`."""
    first, slash, _ = upstream_model.partition("/")
    return first if slash and row.own_cloud is Auth.AWS and _AWS_REGION.search(f".{first}.") else None


def project(row: Provider, settings: ProviderEntry, env: Mapping[str, str]) -> str:
    """In whose name it is called; empty where that is not set."""
    return settings.project or _set(row, "project_env", env)


def project_env(row: Provider) -> str:
    """The variable that a project is usually in."""
    return CLOUDS[row.own_cloud].project_env[0] if row.own_cloud in KINDS else ""


def wants_own(row: Provider, settings: ProviderEntry) -> bool:
    """Whether the file says that the cloud's own credentials are to be used, whatever keys there are."""
    return row.own_cloud in KINDS and bool(settings.auth == "cloud" or settings.profile or settings.credentials_file)


def faults(row: Provider, settings: ProviderEntry) -> Iterator[tuple[str, str, str]]:
    """Settings that mean nothing for this row: the key, what is wrong, and what to do."""
    yield from _misplaced(row, settings)
    if settings.profile and row.own_cloud is not Auth.AWS:
        yield "profile", f"{quoted(row.name)} is not called with a profile of AWS", "leave it out"
    if settings.credentials_file and row.own_cloud is not Auth.GCP:
        yield "credentials_file", f"{quoted(row.name)} is not called with credentials of Google Cloud", "leave it out"
    if settings.auth == "cloud" and row.own_cloud not in KINDS:
        yield "auth", f"{quoted(row.name)} takes no credentials of a cloud", "leave it out; a key goes into api_key"
    elif settings.api_key and wants_own(row, settings):
        yield "api_key", "the cloud's own credentials and a key exclude each other", "leave one of the two out"


def _misplaced(row: Provider, settings: ProviderEntry) -> Iterator[tuple[str, str, str]]:
    """A region or a project that the address has no place for. A signature of AWS has one for the region."""
    for key, value in (("region", settings.region), ("project", settings.project)):
        if not value or (key == "region" and row.own_cloud is Auth.AWS):
            continue
        if f"{{{key}}}" not in row.base_url:
            yield key, f"{quoted(row.name)} has no {key}s", "leave it out, or set base_url"
        elif settings.base_url:
            yield key, f"`base_url` is all of the address, and tells the {key} itself", "leave out one of the two"


def cloud_auth(kind: Auth, row: Provider, settings: ProviderEntry, env: Mapping[str, str]) -> CloudAuth | None:
    """Which credential of the cloud it is; None: of no cloud."""
    if kind not in KINDS:
        return None
    cloud = CLOUDS[kind]
    profile, file = settings.profile, settings.credentials_file
    variables = () if profile else tuple((name, Secret(env[name])) for name in cloud.key_env if env.get(name))
    return CloudAuth(
        kind=kind,
        region=region(row, settings, env),
        service=row.service if kind is Auth.AWS else "",
        profile=profile or ("" if variables else first_set(cloud.profile_env, env)),
        credentials_file=file or first_set(cloud.file_env, env),
        variables=variables,
    )


def secrets(auth: CloudAuth | None) -> tuple[Secret, ...]:
    """What of it nobody else may see."""
    variables = () if auth is None else auth.variables
    return tuple(value for name, value in variables if "SECRET" in name or "TOKEN" in name)


def _told_by_host(row: Provider, settings: ProviderEntry) -> str:
    if not settings.base_url or row.own_cloud is not Auth.AWS:
        return ""
    try:
        host = urlsplit(settings.base_url).hostname or ""
    except ValueError:  # not a URL, which is told where it stands
        return ""
    match = _AWS_REGION.search(host)
    return match[1] if match else ""


def _set(row: Provider, names: str, env: Mapping[str, str]) -> str:
    return first_set(getattr(CLOUDS[row.own_cloud], names), env) if row.own_cloud in KINDS else ""
