"""The CEL library, loaded when the first condition is compiled, and without its command line.

Its package imports a command line with a terminal toolkit whenever anything of it is imported: 180 ms, where the
compiled part alone takes 16. So that part is loaded by itself, where it can be found; else the package as it is.
"""

import importlib
from functools import cache
from importlib.machinery import ExtensionFileLoader, PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

# What `execute` raises for values that an expression does not fit.
EVALUATION_ERRORS = (TypeError, ValueError, LookupError, RuntimeError, ArithmeticError)


def compile_program(source: str) -> Any:
    """A program with `execute(values)`. Raises ValueError with the library's words for what is no CEL."""
    return _library().compile(source)


@cache
def _library() -> Any:
    package = find_spec("cel")
    compiled = PathFinder.find_spec("cel", package.submodule_search_locations) if package else None
    if compiled is None or not isinstance(compiled.loader, ExtensionFileLoader):
        return importlib.import_module("cel")
    module = module_from_spec(compiled)
    compiled.loader.exec_module(module)
    return module
