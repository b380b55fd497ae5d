from llmgw.config.hint_tables import under


def test_each_word_of_a_place_gets_its_hint() -> None:
    found = under("budgets[]", ("limit max", "here it is `limit_usd`"), ("reset", "here it is `per`"))

    assert found == {
        "budgets[].limit": "here it is `limit_usd`",
        "budgets[].max": "here it is `limit_usd`",
        "budgets[].reset": "here it is `per`",
    }
