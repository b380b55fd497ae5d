"""The flags of `llmgw keys` as what they mean, and what is wrong told by the flag's name."""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC

import typer

from llmgw.adapters.key_register import moment_ms
from llmgw.adapters.new_key import NewKey
from llmgw.cli.render import show
from llmgw.config.units import duration_hint, duration_s
from llmgw.errors import ConfigError, GatewayError, InvalidRequestError


def asked(  # noqa: PLR0913 - one for each flag
    *,
    name: str,
    team: str | None,
    user: str | None,
    models: str | None,
    endpoints: str | None,
    metadata: Sequence[str] | None,
    expires: str | None,
    sha256: str | None,
) -> NewKey:
    """The key that is to be. Raises BadParameter."""
    return NewKey(
        name=name,
        team=team or "",
        user=user or "",
        models=_names(models),
        endpoints=_names(endpoints),
        metadata=dict(map(_pair, metadata or ())),
        expires=expires,
        sha256=sha256,
    )


def check_when(when: str) -> None:
    """Raises BadParameter."""
    try:
        moment_ms(when, UTC, time.time())
    except InvalidRequestError as error:
        raise typer.BadParameter(error.message.removeprefix("expires: "), param_hint="WHEN") from None


def overlap_s(text: str) -> float:
    """Raises BadParameter."""
    try:
        return duration_s(text)
    except ValueError:
        raise typer.BadParameter(f"not a duration: {duration_hint(text)}", param_hint="--overlap") from None


def told(action: Callable[[], int]) -> int:
    """Its exit code; what it cannot do is told in a line. Raises ConfigError, or BadParameter for a flag at fault."""
    try:
        return action()
    except ConfigError:
        raise
    except InvalidRequestError as error:
        if error.param is not None:
            raise typer.BadParameter(error.message, param_hint=f"--{error.param}") from None
        return _refused(error)
    except GatewayError as error:
        return _refused(error)


def _refused(error: GatewayError) -> int:
    show([((str(error), "bold red"),)], sys.stderr)
    return 1


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(","))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise typer.BadParameter("write K=V, as in tier=paid", param_hint="--metadata")
    return name, value
