import pytest
import typer

from llmgw.cli.key_flags import asked, check_when, overlap_s, told
from llmgw.errors import InvalidRequestError, KeyExistsError, UnknownKeyError

NOTHING = {"team": None, "user": None, "models": None, "endpoints": None, "metadata": None, "expires": None}


def test_flags_become_a_key() -> None:
    found = asked(
        name="k",
        team="t",
        user=None,
        models="smart, cheap*",
        endpoints="chat",
        metadata=["tier=paid", "note=a=b"],
        expires="90d",
        sha256=None,
    )

    assert (found.name, found.team, found.user) == ("k", "t", "")
    assert (found.models, found.endpoints) == (("smart", "cheap*"), ("chat",))
    assert (found.metadata, found.expires) == ({"tier": "paid", "note": "a=b"}, "90d")


@pytest.mark.parametrize("text", ["paid", "=paid", ""])
def test_metadata_is_a_name_and_a_value(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="write K=V"):
        asked(name="k", sha256=None, **{**NOTHING, "metadata": [text]})  # type: ignore[arg-type]


def test_times_and_durations_are_checked_before_anything_is_opened() -> None:
    check_when("30d")

    assert overlap_s("90m") == 5400.0
    for wrong in (lambda: check_when("soon"), lambda: overlap_s("60")):
        with pytest.raises(typer.BadParameter):
            wrong()


def test_what_a_flag_is_at_fault_for_is_told_by_its_name() -> None:
    def fails() -> int:
        raise InvalidRequestError("models is a list", param="models")

    with pytest.raises(typer.BadParameter) as caught:
        told(fails)

    assert caught.value.param_hint == "--models"


@pytest.mark.parametrize(
    "error", [UnknownKeyError("no key 'x'"), KeyExistsError("no key 'x'"), InvalidRequestError("no key 'x'")]
)
def test_what_cannot_be_done_is_told_in_a_line(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> int:
        raise error

    assert (told(fails), capsys.readouterr().err) == (1, "no key 'x'\n")
