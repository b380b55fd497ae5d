"""What we know of the clouds, and which of their libraries are here."""

import subprocess
import sys

import pytest

from llmgw.providers.auth import CLOUDS as KINDS
from llmgw.providers.auth import Auth
from llmgw.providers.clouds import CLOUDS, first_set, placed

VERTEX = "https://{region}-aiplatform.googleapis.com/v1/projects/{project}/locations/{region}"


def test_every_cloud_is_known() -> None:
    assert CLOUDS.keys() == KINDS
    assert [CLOUDS[kind].install for kind in (Auth.AWS, Auth.GCP, Auth.AZURE)] == [
        "pip install 'llmgw[aws]'",
        "pip install 'llmgw[gcp]'",
        "pip install 'llmgw[azure]'",
    ]


@pytest.mark.parametrize("kind", CLOUDS)
def test_whether_a_library_is_there_is_known_without_it(kind: Auth, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CLOUDS[kind].is_installed()
    monkeypatch.setitem(sys.modules, CLOUDS[kind].library, None)
    assert not CLOUDS[kind].is_installed()


LOOKED = """
import sys
from llmgw.providers.clouds import CLOUDS
assert all(cloud.is_installed() for cloud in CLOUDS.values())
print(*sorted({"botocore", "google.auth", "azure.identity", "requests", "msal"} & sys.modules.keys()))
"""


def test_looking_imports_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", LOOKED], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == []


def test_a_parent_that_is_not_there_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google", None)
    monkeypatch.delitem(sys.modules, "google.auth", raising=False)

    assert not CLOUDS[Auth.GCP].is_installed()


def test_the_first_variable_that_is_set_counts() -> None:
    assert first_set(("A", "B", "C"), {"A": "", "B": "b", "C": "c"}) == "b"
    assert first_set(("A",), {}) == ""


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
    ],
)
def test_locations_of_vertex_have_their_hosts(region: str, host: str) -> None:
    assert placed(VERTEX, region, "p") == f"https://{host}/v1/projects/p/locations/{region}"


def test_other_addresses_have_their_region_as_they_write_it() -> None:
    assert placed("https://bedrock.{region}.example/v1", "global", "") == "https://bedrock.global.example/v1"
