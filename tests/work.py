"""How much a piece of our code does, counted in lines of it that run: the same on every machine, unlike time."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import llmgw

_OURS = str(Path(llmgw.__file__).parent)


def lines_run(function: Callable[[], object]) -> int:
    """The lines of `llmgw` that run while the function does."""
    count = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(_OURS):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


def is_linear(work: Callable[[int], object], small: int = 200) -> bool:
    """Whether four times as much takes about four times the lines."""
    once, more = lines_run(lambda: work(small)), lines_run(lambda: work(4 * small))
    return more <= 4.4 * once
