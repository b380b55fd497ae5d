"""Log lines for people on a terminal: a request on one short line, its outcome in colour, every text once.

JSON in a pipe has the whole canonical line; here is what one looks at while trying things out. What came from a caller
or a provider is made printable first: it must not steer the terminal.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import structlog

from llmgw.policy.cost import as_usd
from llmgw.transcript import OK

REQUEST = "request"
TIME_FORMAT = "%H:%M:%S"
TEXT_CHARS_MAX = 200  # of a provider's own words, and of a name that a caller made up

_GREEN, _YELLOW, _RED, _DIM, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"
_LEFT = "unfinished"  # of an attempt that the caller did not wait for
_BODIES = ("request_body", "response_body")


class PrettyRenderer:
    """A structlog renderer: requests as a short line, every other event as structlog's console shows it."""

    def __init__(self) -> None:
        self._others = structlog.dev.ConsoleRenderer(colors=True, sort_keys=False)

    def __call__(self, logger: Any, method: str, event: Mapping[str, Any]) -> str:
        if event["event"] == REQUEST and "outcome" in event:
            return request_line(event)
        others = {name: _lines(value) if name == "exception" else _shown(value) for name, value in event.items()}
        return str(self._others(logger, method, others))


def request_line(line: Mapping[str, Any]) -> str:
    """`12:01:19 200 chat → claude  (gpt overloaded x2)  350 ms, first token 120 ms  7+20 tokens  ID`, in colour."""
    told = "  ".join(
        [
            f"{line.get('timestamp', '')} {_colour(line)}{_status(line)}{_PLAIN} {_way(line)}".lstrip(),
            *_failures(line),
            *_times(line),
            *_amounts(line),
            f"{_DIM}{line['request_id']}{_PLAIN}",
        ]
    )
    return "\n".join([told, *(f"    {name}: {text(line[name])}" for name in _BODIES if name in line)])


def text(value: str) -> str:
    """On one line, without what a terminal would obey."""
    return "".join(
        char if char.isprintable() else " " if char.isspace() else "\N{REPLACEMENT CHARACTER}" for char in value
    )


def _lines(traceback: str) -> str:
    """A traceback needs its lines; what others said in it is harmless."""
    return "\n".join(map(text, traceback.split("\n")))


def _shown(value: Any) -> Any:
    return text(value) if isinstance(value, str) else value


def _short(value: str) -> str:
    value = text(value)
    return value if len(value) <= TEXT_CHARS_MAX else f"{value[: TEXT_CHARS_MAX - 1]}…"


def _colour(line: Mapping[str, Any]) -> str:
    """Green: at once. Yellow: by a detour, or for a reason of the caller's. Red: somebody should look."""
    if line.get("level") == "warning":
        return _RED
    return _GREEN if line["outcome"] == OK and len(line["attempts"]) < 2 else _YELLOW


def _status(line: Mapping[str, Any]) -> str:
    """With the outcome where the status does not say it: a stream may break after its 200."""
    status, outcome = line["status"], line["outcome"]
    return f"{status}" if outcome == OK else f"{status} {outcome}"


def _way(line: Mapping[str, Any]) -> str:
    """The name asked for, and which target answered."""
    model, target = line["model"], line.get("target", line["model"])
    is_another = target != model and not _is_failed(line["attempts"][-1])
    return f"{_short(model)} → {_short(target)}" if is_another else _short(model)


def _failures(line: Mapping[str, Any]) -> Iterator[str]:
    """Which attempts failed, repeats in a row once; if in the end nobody answered, in whose words."""
    failed = [attempt for attempt in line["attempts"] if _is_failed(attempt)]
    error = "" if line["outcome"] == OK else line.get("error", "")
    runs = [list(run) for _, run in groupby(failed, key=lambda attempt: (attempt["target"], attempt["class"]))]
    if runs:
        yield f"({', '.join(_run(run, with_words=bool(error)) for run in runs)})"
    if error and not any(attempt.get("message") and attempt["message"] in error for attempt in failed):
        yield _short(error)


def _is_failed(attempt: Mapping[str, Any]) -> bool:
    return attempt["class"] not in (OK, _LEFT)


def _run(run: Sequence[Mapping[str, Any]], *, with_words: bool) -> str:
    last = run[-1]
    times = f" \N{MULTIPLICATION SIGN}{len(run)}" if len(run) > 1 else ""
    words = f": {_short(last['message'])}" if with_words and last.get("message") else ""
    return f"{_short(last['target'])} {last['class']}{times}{words}"


def _times(line: Mapping[str, Any]) -> Iterator[str]:
    first = f", first token {_time(line['first_token_ms'])}" if line["stream"] and "first_token_ms" in line else ""
    yield f"{_time(line['total_ms'])}{first}"


def _time(value_ms: float) -> str:
    return f"{value_ms:.0f} ms" if value_ms < 10_000 else f"{value_ms / 1000:.1f} s"


def _amounts(line: Mapping[str, Any]) -> Iterator[str]:
    if "usage" in line:
        yield f"{line['usage']['input_tokens']}+{line['usage']['output_tokens']} tokens"
    if line.get("cost_nanousd"):
        yield f"${as_usd(line['cost_nanousd']).rstrip('0').rstrip('.')}"
    if "dropped" in line:
        yield f"without {', '.join(line['dropped'])}"
