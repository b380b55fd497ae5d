"""Converse as the gateway sees it."""

from llmgw.dialects.bedrock_converse.dialect import bedrock_converse
from llmgw.wire.event_stream import EVENT_STREAM
from tests.dialects.bedrock_converse.wire import asking, written


def test_it_has_a_name_and_comes_in_frames() -> None:
    assert (bedrock_converse.name, bedrock_converse.framing) == ("bedrock_converse", EVENT_STREAM)


def test_the_model_and_the_stream_are_the_paths_to_tell() -> None:
    assert written(asking(stream=True)) == ({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}, ())


def test_each_stream_has_its_own_decoder() -> None:
    assert bedrock_converse.decoder() is not bedrock_converse.decoder()
