"""A certificate for 127.0.0.1 that nobody trusts unless told to, made anew for each test session."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_SUBJECT = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files."""

    cert: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """With the `openssl` command; where there is none the test is skipped."""
    command = shutil.which("openssl")
    if command is None:
        pytest.skip("NOT TESTED, for want of the openssl command")
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    files = ("-keyout", str(made.key), "-out", str(made.cert))
    subprocess.run(
        [command, "req", "-x509", "-days", "2", *_KEY, *_SUBJECT, *files], check=True, capture_output=True, timeout=30
    )
    return made
