"""`llmgw version`: which llmgw on which Python."""

import platform
import sys

from llmgw import __version__
from llmgw.cli.render import show_json


def version(*, as_json: bool) -> int:
    """One line, or a JSON document."""
    if as_json:
        show_json({"version": __version__, "python": platform.python_version()}, sys.stdout)
    else:
        sys.stdout.write(f"llmgw {__version__}\n")
    return 0
