"""Targets as they may be, for tests of what is decided then."""

from llmgw.errors import FailureClass
from llmgw.routing.breaker import State
from llmgw.routing.health import HealthSnapshot, TargetHealth
from llmgw.routing.health_board import HealthBoard, View


def opened(
    failure: FailureClass, ago_s: float = 1.0, *, open_for_s: float = 15.0, probing: bool = False
) -> TargetHealth:
    """A target that is left alone."""
    return TargetHealth(state=State.OPEN, failure=failure, opened_ago_s=ago_s, open_for_s=open_for_s, probing=probing)


def board(**targets: TargetHealth) -> HealthBoard:
    """At the moment 0."""
    return HealthBoard.of(HealthSnapshot(targets=targets))


def ill(target_id: str, failure: FailureClass) -> View:
    """All are well but this one."""
    return board(**{target_id: opened(failure)}).at(0.0)
