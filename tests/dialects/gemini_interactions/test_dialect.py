"""Google's Interactions, as the gateway finds them."""

import json

from llmgw.chat.answer import fold
from llmgw.chat.events import Finish
from llmgw.dialects.gemini_interactions.dialect import gemini_interactions
from llmgw.errors import FailureClass
from llmgw.providers.catalog import dialect
from llmgw.wire import sse
from tests.dialects.prompted import HELLO, NO_EDITS


def test_it_is_found_by_its_name_and_speaks_both_ways() -> None:
    found = dialect("gemini_interactions")
    body, unsaid = found.write_conversation(HELLO, NO_EDITS)

    assert found is gemini_interactions
    assert (json.loads(body)["model"], unsaid, found.framing) == ("up", (), sse.SERVER_SENT_EVENTS)
    assert fold(found.read_events(b'{"id":"a","status":"completed"}')).finish is Finish.STOP
    assert found.decoder().read(b": ping\n\n") == []


def test_an_error_is_read_as_googles() -> None:
    body = b'{"error":{"code":429,"message":"slow down","details":[{"retryDelay":"3s"}]}}'
    told = gemini_interactions.read_error(429, body)

    assert (told.message, told.retry_after_s) == ("slow down", 3.0)
    assert gemini_interactions.read_error(400, b"API key not valid").failure is FailureClass.UNAUTHORIZED
