"""Config files from the disk: what cannot be read says so as every other problem does."""

from pathlib import Path

import pytest

from llmgw.adapters.config_files import FILE_BYTES_MAX, Text, build
from llmgw.errors import ConfigError

GOOD = "models: {one: ollama/llama3.3}"


def test_a_file_and_a_text_build_the_same_graph(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(GOOD)

    built = build([file], {}, need_secrets=True)
    assert built.checked().digest == build([Text("flags", GOOD)], {}, need_secrets=True).checked().digest
    assert built.errors == ()


def test_several_sources_are_one_config(tmp_path: Path) -> None:
    file = tmp_path / "more.yaml"
    file.write_text("routes: {chat: {fallback: [one]}}")

    assert build([Text("flags", GOOD), file], {}, need_secrets=True).checked().names() == ("chat", "one")


def test_problems_come_in_the_order_of_their_places() -> None:
    built = build([Text("a.yaml", "modles: {}\nroutes: {chat: {falback: [none]}}")], {}, need_secrets=False)

    lines = [problem.mark.line for problem in built.errors]
    assert (lines, set(lines)) == (sorted(lines), {1, 2})
    with pytest.raises(ConfigError, match="modles"):
        built.checked()


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"none\.yaml:1:1: cannot be read: No such file or directory \(check the path\)"
    ):
        build([tmp_path / "none.yaml"], {}, need_secrets=False)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is a directory \(name a file in it\)"):
        build([tmp_path], {}, need_secrets=False)


def test_a_file_that_is_far_too_large(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    with pytest.raises(ConfigError, match=f"larger than {FILE_BYTES_MAX} bytes"):
        build([file], {}, need_secrets=False)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("sk-from-a-file\n")
    config = f'providers: {{openai: {{api_key: "${{file:{secret}}}"}}}}\nmodels: {{one: openai/gpt-4o}}'

    graph = build([Text("config.yaml", config)], {}, need_secrets=True).checked()
    assert graph.targets["one"].headers["authorization"].reveal() == "Bearer sk-from-a-file"
