import msgspec

from llmgw.errors import FailureClass
from llmgw.routing.health import HealthSnapshot, ProviderHealth, TargetHealth, WaitsHealth
from tests.routing.boards import opened


def test_an_empty_snapshot_is_short() -> None:
    assert msgspec.json.encode(HealthSnapshot()) == b"{}"


def test_it_crosses_the_wire_as_it_is() -> None:
    well = TargetHealth(streams=WaitsHealth(average_s=0.5, ago_s=1.0), in_flight=3)
    snapshot = HealthSnapshot(
        at=1.5, targets={"gpt": opened(FailureClass.TIMEOUT), "b": well}, providers={"p": ProviderHealth(requests=3)}
    )

    assert msgspec.json.decode(msgspec.json.encode(snapshot), type=HealthSnapshot) == snapshot
