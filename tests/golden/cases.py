"""Golden files: what is written beside a case is what comes out, or `UPDATE_GOLDEN=1` writes it anew for review."""

import os
from pathlib import Path

ROUTES = Path(__file__).parent / "routes"


def route_cases() -> list[Path]:
    return sorted(path for path in ROUTES.iterdir() if path.is_dir())


def golden(path: Path, actual: str) -> str:
    """What `path` holds, after writing it if that is asked for."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(actual, encoding="utf-8")
    return path.read_text(encoding="utf-8") if path.exists() else ""
