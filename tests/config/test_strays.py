from typing import Any

import pytest

from llmgw.config.strays import strays


def told(value: Any) -> dict[str, str]:
    return {
        ".".join(map(str, path)): f"{finding.path[1]}: {finding.message} ({finding.hint})"
        for path, finding in strays(value).items()
    }


def test_a_setting_beside_an_empty_name_belongs_under_it_and_explains_its_emptiness() -> None:
    line = 'fallback: `fallback` stands beside "r" (indent it by two more spaces)'

    assert told({"routes": {"r": None, "fallback": ["gpt"]}}) == {"routes.r": line, "routes.fallback": line}


def test_a_setting_beside_a_sound_entry_is_asked_about() -> None:
    assert told({"models": {"gpt": "openai/x", "timeout": {"total": "5s"}}}) == {
        "models.timeout": 'timeout: `timeout` is a setting (does it belong under "gpt"? then indent it)'
    }


def test_a_setting_before_all_names_lacks_one() -> None:
    assert told({"routes": {"fallback": ["gpt"]}}) == {
        "routes.fallback": "fallback: `fallback` is a setting (it stands under a name: routes: {NAME: {fallback: …}})"
    }


def test_several_settings_belong_to_the_name_above_them() -> None:
    found = told({"providers": {"a": None, "like": "openai", "api_key": "k", "b": {}, "region": "x"}})

    assert [text.partition(" (")[0] for text in found.values()] == [
        'like: `like` stands beside "a"',
        'like: `like` stands beside "a"',
        'api_key: `api_key` stands beside "a"',
        "region: `region` is a setting",
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"models": {"gpt": None, "default": "openai/x"}},
        {"models": {"gpt": None, "default": {"target": "openai/x", "timeuot": 1}}},
        {"routes": {"pool": {"fallback": ["a"]}}},
        {"models": {"gpt": "openai/x"}},
        {"models": ["timeout"], "server": {"timeout": 1}},
        [],
    ],
)
def test_names_that_are_also_settings_are_left_alone(value: Any) -> None:
    assert told(value) == {}
