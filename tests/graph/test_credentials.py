"""Who pays, and what has to be set for that. That a key stays with its host is told in test_providers."""

from collections.abc import Mapping

from llmgw.config.load import load
from llmgw.config.secrets import Secret
from llmgw.graph.credentials import Credentials, Lack, told
from llmgw.graph.model import Credential
from llmgw.providers.auth import Auth
from llmgw.providers.catalog import catalog
from tests.graph.files import no_file


def found(entry: str, row: str, env: Mapping[str, str] | None = None) -> tuple[Credential, list[Lack]]:
    """The credential of a provider x of that row, and what it lacks."""
    loaded = load([("a.yaml", f"providers: {{x: {entry}}}\nmodels: {{m: x/y}}")], env or {}, no_file)
    credentials = Credentials(loaded, env or {})
    settings = loaded.config.providers["x"]
    credential = credentials.of("x", catalog()[row], settings)
    return credential, [*credentials.lacks("x", catalog()[row], settings, credential)]


def test_the_files_key_comes_before_the_variable() -> None:
    env = {"OPENAI_API_KEY": "usual"}

    assert found("{like: openai, api_key: own}", "openai", env)[0].key == Secret("own")
    assert found("{like: openai}", "openai", env)[0] == Credential(Auth.BEARER, Secret("usual"), "OPENAI_API_KEY")


def test_a_local_server_gets_a_key_only_if_there_is_one() -> None:
    assert found("{like: ollama}", "ollama") == (Credential(Auth.NONE, None, ""), [])
    assert found("{like: ollama, api_key: k}", "ollama")[0] == Credential(Auth.BEARER, Secret("k"), "")


def test_several_keys_are_known_by_their_numbers_also_where_one_is_not_set() -> None:
    several, lacks = found('{like: openai, api_key: [a, "${GONE}", c]}', "openai")
    single, _ = found('{like: openai, api_key: [a, "${GONE}"]}', "openai")

    assert (several.key, several.keys, lacks) == (Secret("a"), ((1, Secret("a")), (3, Secret("c"))), [])
    assert single == Credential(Auth.BEARER, Secret("a"), "OPENAI_API_KEY")


def test_where_no_key_of_a_list_is_set_it_is_as_if_one_was_not() -> None:
    credential, lacks = found('{like: openai, api_key: ["${A}", "${B}"]}', "openai", {"OPENAI_API_KEY": "usual"})
    single, _ = found('{like: openai, api_key: "${A}"}', "openai", {"OPENAI_API_KEY": "usual"})

    assert (credential, lacks) == (single, [])


def test_what_is_not_set_is_lacked_by_its_variable() -> None:
    (lack,) = found("{like: openai}", "openai")[1]

    assert lack == Lack("OPENAI_API_KEY", "export OPENAI_API_KEY=…, or mark the provider `optional: true`")


def test_all_that_is_lacked_is_told_in_one_sentence() -> None:
    gone = Lack("ca_file", "create it", "the file own.pem cannot be read")

    assert told([Lack("A", ""), gone, Lack("B", "")]) == "A, B are not set; the file own.pem cannot be read"


def test_a_reference_that_nothing_fills_tells_that_itself() -> None:
    credential, lacks = found('{like: openai, api_key: "${OWN}"}', "openai", {"OPENAI_API_KEY": ""})

    assert (credential.key, lacks) == (None, [])


def test_a_cloud_may_lack_a_key_but_not_a_project() -> None:
    credential, lacks = found("{like: vertex-openai}", "vertex-openai")

    assert credential == Credential(Auth.GCP, None, "")
    assert [lack.name for lack in lacks] == ["GOOGLE_CLOUD_PROJECT"]
    assert found('{like: vertex-openai, project: "${P}"}', "vertex-openai")[1] == []
