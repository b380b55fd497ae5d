"""Log lines leave through one thread: a full pipe or a slow disk never stops a request.

The queue is bounded; what does not fit is counted, and the count is written as soon as there is room again.
"""

import queue
import threading
from typing import TextIO

LINES_WAITING_MAX = 10_000
FLUSH_S_MAX = 5.0


class LogWriter:
    """A file that only promises to write. `close` waits for what is queued, but not for ever."""

    def __init__(self, file: TextIO, flush_s: float = FLUSH_S_MAX) -> None:
        self._file = file
        self._flush_s = flush_s
        self._told = 0  # of those dropped; the thread's own
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_WAITING_MAX)
        self._thread = threading.Thread(target=self._work, name="log-writer", daemon=True)
        self._thread.start()
        self.dropped = 0

    def write(self, text: str) -> None:
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self.dropped += 1

    def flush(self) -> None:
        """Nothing to do: the thread flushes whenever the queue runs empty."""

    def close(self) -> None:
        try:
            self._lines.put(None, timeout=self._flush_s)
        except queue.Full:
            return
        self._thread.join(self._flush_s)

    def _work(self) -> None:
        while (line := self._lines.get()) is not None:
            self._put(line)
        self._put("")  # flushes

    def _put(self, line: str) -> None:
        try:
            self._write(line)
            self._tell_dropped()
            if self._lines.empty():
                self._file.flush()
        except (OSError, ValueError):
            pass  # nobody reads the log any more: serving goes on

    def _write(self, line: str) -> None:
        try:
            self._file.write(line)
        except UnicodeEncodeError:  # a terminal may know less than we do
            self._file.write(line.encode(self._file.encoding, "backslashreplace").decode(self._file.encoding))

    def _tell_dropped(self) -> None:
        dropped = self.dropped
        if dropped > self._told:
            self._file.write(f'{{"event":"log_lines_dropped","level":"warning","count":{dropped - self._told}}}\n')
            self._told = dropped
