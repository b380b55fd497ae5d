import msgspec

from llmgw.policy.kept import Form, Kept


def test_its_size_is_that_of_all_that_grows() -> None:
    plain = Kept(form=Form.WHOLE, body=b"")
    grown = Kept(form=Form.WHOLE, body=b"12345", question="why?", vector=b"\0" * 8)

    assert grown.size_bytes - plain.size_bytes == 5 + 4 + 8


def test_it_comes_back_from_the_disk_as_it_was() -> None:
    kept = Kept(form=Form.STREAM, body=b"\xff", model="m", cost_nanousd=0, dropped=("seed",))

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(kept), type=Kept) == kept


def test_an_entry_of_an_older_version_has_the_usual_values_in_its_new_fields() -> None:
    older = msgspec.msgpack.encode({"form": "whole", "body": b"{}"})

    assert msgspec.msgpack.decode(older, type=Kept) == Kept(form=Form.WHOLE, body=b"{}")
