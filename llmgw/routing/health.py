"""How the targets are, as one value: what a decision looks at, and what a dry run can be given.

Empty says that all are well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmgw.errors import FailureClass


@dataclass(frozen=True, slots=True)
class HealthSnapshot:
    """`ejected` holds the targets that are skipped for now, by id, with the failure that brought each there."""

    ejected: Mapping[str, FailureClass] = field(default_factory=dict)


ALL_WELL = HealthSnapshot()
