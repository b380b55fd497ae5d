"""The numbers of a run as tables: medians over the rounds, their spread, and ratios taken round by round.

A ratio of one round compares neighbours in time, so a noisy machine disturbs it less than either of its sides.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.contestants import DIRECT, Contestant
from benchmarks.tally import Measurement

MIB = 1024 * 1024
NONE = "-"
REFERENCES = ("nginx", "aiohttp", "llmgw")


@dataclass(slots=True)
class Results:
    """By workload and contestant, one measurement a round; by contestant, what its process needs."""

    rounds: dict[str, dict[str, list[Measurement]]] = field(default_factory=dict)
    ready_ratios: dict[str, list[float]] = field(default_factory=dict)
    rss_idle_bytes: dict[str, int] = field(default_factory=dict)
    rss_after_bytes: dict[str, int] = field(default_factory=dict)

    def add(self, workload: str, contestant: str, measurement: Measurement) -> None:
        self.rounds.setdefault(workload, {}).setdefault(contestant, []).append(measurement)

    def rates(self, workload: str, contestant: str) -> list[float]:
        return [measured.rate for measured in self.rounds.get(workload, {}).get(contestant, [])]

    def medians_s(self, workload: str, contestant: str) -> list[float]:
        """The median wait of each round."""
        measured = self.rounds.get(workload, {}).get(contestant, [])
        return [wait_s for one in measured if (wait_s := one.wait_s(0.5)) is not None]


def report(results: Results, entrants: Sequence[Contestant], latency_workload: str) -> str:
    present = [DIRECT, *(entrant.name for entrant in entrants if not entrant.absent)]
    parts = [_workload_table(results, workload, present) for workload in results.rounds]
    parts.append(_process_table(results, present, latency_workload))
    parts += [f"{entrant.name}: {entrant.absent}" for entrant in entrants if entrant.absent]
    return "\n\n".join(parts)


def median_ratio(own: Sequence[float], reference: Sequence[float]) -> float | None:
    ratios = [mine / other for mine, other in zip(own, reference, strict=False) if other > 0]
    return statistics.median(ratios) if ratios else None


def spread(values: Sequence[float]) -> float:
    """Half the distance between the extremes, as a fraction of the median."""
    middle = statistics.median(values)
    return (max(values) - min(values)) / 2 / middle if middle else 0.0


def added_s(results: Results, workload: str, contestant: str) -> list[float]:
    """Round by round, how much longer than without a proxy."""
    pairs = zip(results.medians_s(workload, contestant), results.medians_s(workload, DIRECT), strict=False)
    return [own_s - direct_s for own_s, direct_s in pairs]


def _workload_table(results: Results, workload: str, present: Sequence[str]) -> str:
    unit = "events/s" if "stream" in workload else "requests/s"
    to = [f"to {name}" for name in REFERENCES]
    head = [workload, unit, "spread", *to, "CPU us", "core", "p50 ms", "p99 ms", "errors"]
    return _aligned([head, *(_workload_row(results, workload, name) for name in present)])


def _workload_row(results: Results, workload: str, name: str) -> list[str]:
    measured = results.rounds[workload].get(name, [])
    rates = results.rates(workload, name)
    if not measured:
        return [name, *[NONE] * (7 + len(REFERENCES))]
    ratios = [median_ratio(rates, results.rates(workload, reference)) for reference in REFERENCES]
    return [
        name,
        f"{statistics.median(rates):,.0f}",
        f"{spread(rates):.0%}",
        *(_number(ratio, "{:.2f}") for ratio in ratios),
        _median(measured_values(one.cpu_us_per_count for one in measured), "{:.1f}"),
        _median(measured_values(one.core_share for one in measured), "{:.0%}"),
        *(_milliseconds(measured, fraction) for fraction in (0.5, 0.99)),
        str(sum(one.errors for one in measured)),
    ]


def _process_table(results: Results, present: Sequence[str], workload: str) -> str:
    to = [f"to {name}" for name in REFERENCES]
    head = ["process", "added us", *to, "RSS idle MiB", "RSS after MiB", "ready / python -c pass"]
    proxies = [name for name in present if name != DIRECT]
    return _aligned([head, *(_process_row(results, workload, name) for name in proxies)])


def _process_row(results: Results, workload: str, name: str) -> list[str]:
    own_s = added_s(results, workload, name)
    ratios = [median_ratio(own_s, added_s(results, workload, reference)) for reference in REFERENCES]
    return [
        name,
        _median([value_s * 1e6 for value_s in own_s], "{:.0f}"),
        *(_number(ratio, "{:.2f}") for ratio in ratios),
        *(_mebibytes(table.get(name)) for table in (results.rss_idle_bytes, results.rss_after_bytes)),
        _median(results.ready_ratios.get(name, []), "{:.1f}"),
    ]


def measured_values(values: Iterator[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _milliseconds(measured: Sequence[Measurement], fraction: float) -> str:
    waits_s = measured_values(one.wait_s(fraction) for one in measured)
    return _median([wait_s * 1000 for wait_s in waits_s], "{:.2f}")


def _mebibytes(size_bytes: int | None) -> str:
    return _number(size_bytes / MIB if size_bytes is not None else None, "{:.0f}")


def _median(values: Sequence[float], form: str) -> str:
    return _number(statistics.median(values) if values else None, form)


def _number(value: float | None, form: str) -> str:
    return form.format(value) if value is not None else NONE


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """The first column is as wide in all tables, so that the tables stand under each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    widths[0] = max(widths[0], 28)
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells))
    return "\n".join(lines)
