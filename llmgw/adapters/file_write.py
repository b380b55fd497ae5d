"""Writing to a file without letting go of the interpreter.

`os.write` does, in every call, and then has to wait until whichever thread has taken it gives it back: where the kernel
only copies a short line, that waiting takes many times as long as the write. The price: a write that blocks holds every
thread of the process. So this is for short lines, in regular files of a local disk, and for nothing else.
"""

import os
from collections.abc import Callable

Write = Callable[[int, bytes], int]


def found() -> Write:
    """The C library's, called as if it were the interpreter's own; what comes to nothing is left to `os.write`."""
    try:
        import ctypes  # here, for there are interpreters that were built without it

        function = ctypes.PyDLL(None).write
    except (ImportError, OSError, AttributeError):  # nobody to be asked for it: slower, and otherwise the same
        return os.write
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
    function.restype = ctypes.c_ssize_t

    def write(descriptor: int, data: bytes) -> int:
        written: int = function(descriptor, data, len(data))
        return os.write(descriptor, data) if written < 0 else written

    return write


write = found()
"""Like `os.write`: how many bytes it took. Raises OSError."""
