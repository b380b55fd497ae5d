from llmgw.errors import FailureClass
from llmgw.routing.health import ALL_WELL, HealthSnapshot


def test_an_empty_snapshot_says_that_all_are_well() -> None:
    assert HealthSnapshot({}) == ALL_WELL
    assert HealthSnapshot({"gpt": FailureClass.OVERLOADED}).ejected["gpt"] is FailureClass.OVERLOADED
