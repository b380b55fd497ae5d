"""The log's own thread: nobody waits for it, nothing vanishes unseen, and it ends."""

import io
import threading
import time

from llmgw.adapters.log_writer import LINES_WAITING_MAX, LogWriter


class Blocked(io.StringIO):
    """A pipe that is full until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.released = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        self.released.wait(10)
        return super().write(text)


class Broken(io.StringIO):
    """A pipe whose reader has gone for the first two lines."""

    failures = 2

    def write(self, text: str) -> int:
        if self.failures:
            self.failures -= 1
            raise BrokenPipeError
        return super().write(text)


def test_lines_arrive_in_order_and_whole() -> None:
    file = io.StringIO()
    writer = LogWriter(file)
    for number in range(100):
        writer.write(f"{number}\n")
    writer.flush()
    writer.close()

    assert file.getvalue() == "".join(f"{number}\n" for number in range(100))


def test_a_full_pipe_stops_nobody_and_what_was_dropped_is_counted() -> None:
    file = Blocked()
    writer = LogWriter(file)
    writer.write("first\n")
    file.reached.wait(5)
    began_s = time.monotonic()
    for _ in range(LINES_WAITING_MAX + 7):
        writer.write("line\n")
    took_s = time.monotonic() - began_s
    file.released.set()
    writer.close()

    assert (writer.dropped, took_s < 2) == (7, True)
    lines = file.getvalue().splitlines()
    assert lines[1] == '{"event":"log_lines_dropped","level":"warning","count":7}'
    assert len(lines) == 1 + 1 + LINES_WAITING_MAX


def test_a_reader_that_has_gone_does_not_stop_it() -> None:
    file = Broken()
    writer = LogWriter(file)
    for line in ("lost\n", "lost too\n", "kept\n"):
        writer.write(line)
    writer.close()

    assert file.getvalue() == "kept\n"


def test_what_a_terminal_cannot_show_is_spelled_out() -> None:
    raw = io.BytesIO()
    writer = LogWriter(io.TextIOWrapper(raw, encoding="ascii"))
    writer.write("gr\u00fcn \udcff …\n")
    writer.close()

    assert raw.getvalue() == b"gr\\xfcn \\udcff \\u2026\n"


def test_closing_does_not_wait_for_ever() -> None:
    file = Blocked()
    writer = LogWriter(file, flush_s=0.05)
    for _ in range(LINES_WAITING_MAX + 2):
        writer.write("line\n")
    began_s = time.monotonic()
    writer.close()

    assert time.monotonic() - began_s < 2
    file.released.set()
