"""The clouds whose own credentials we can use: what installs their library, and which variables speak of them.

The libraries are extras. Here it is only asked whether they are there: importing one takes longer than a command may.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from llmgw.providers.auth import Auth


@dataclass(frozen=True, slots=True)
class Cloud:
    """What is particular to one cloud. Of several variables the first that is set counts."""

    name: str
    extra: str
    library: str  # as it is imported
    remedy: str  # where there is no credential
    permission: str  # what its owner needs
    region_env: tuple[str, ...] = ()
    project_env: tuple[str, ...] = ()
    profile_env: tuple[str, ...] = ()
    file_env: tuple[str, ...] = ()
    key_env: tuple[str, ...] = ()  # what its library takes for a credential, all of them together

    @property
    def install(self) -> str:
        """The command that brings its library."""
        return f"pip install 'llmgw[{self.extra}]'"

    def is_installed(self) -> bool:
        """Whether its library could be imported. Its parents are, but these are empty."""
        try:
            return find_spec(self.library) is not None
        except ModuleNotFoundError:  # not even a parent is there
            return False


CLOUDS: Mapping[Auth, Cloud] = {
    Auth.AWS: Cloud(
        name="AWS",
        extra="aws",
        library="botocore",
        remedy="export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or give this machine a role",
        permission="the credentials need bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream for this model",
        region_env=("AWS_REGION", "AWS_DEFAULT_REGION"),
        profile_env=("AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
        key_env=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    ),
    Auth.GCP: Cloud(
        name="Google Cloud",
        extra="gcp",
        library="google.auth",
        remedy="run `gcloud auth application-default login`, or export GOOGLE_APPLICATION_CREDENTIALS=FILE",
        permission="the account needs the role roles/aiplatform.user in the project, and the Vertex AI API enabled",
        region_env=("GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION"),
        project_env=("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"),
        file_env=("GOOGLE_APPLICATION_CREDENTIALS",),
    ),
    Auth.AZURE: Cloud(
        name="Azure",
        extra="azure",
        library="azure.identity",
        remedy="run `az login`, give this machine an identity, or export AZURE_TENANT_ID, AZURE_CLIENT_ID and "
        "AZURE_CLIENT_SECRET",
        permission="the identity needs the role Cognitive Services User (or Cognitive Services OpenAI User)",
        key_env=("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"),
    ),
}


def first_set(names: Iterable[str], env: Mapping[str, str]) -> str:
    """The value of the first of the variables that has one."""
    return next((env[name] for name in names if env.get(name)), "")


# Locations of Vertex that are more than a region have hosts of their own.
_REGIONAL_HOST = "{region}-aiplatform.googleapis.com"
_OTHER_HOSTS: Mapping[str, str] = {
    "global": "aiplatform.googleapis.com",
    "eu": "aiplatform.eu.rep.googleapis.com",
    "us": "aiplatform.us.rep.googleapis.com",
}


def placed(base_url: str, region: str, project: str) -> str:
    """A row's base URL with its region and its project filled in."""
    host = _OTHER_HOSTS.get(region, _REGIONAL_HOST)
    return base_url.replace(_REGIONAL_HOST, host).replace("{region}", region).replace("{project}", project)
