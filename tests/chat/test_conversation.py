"""The words of a conversation are values: equal by what they say, and nothing is said by default."""

from llmgw.chat.conversation import Conversation, Message, Role, Sampling, Text


def test_what_was_not_said_is_not_there() -> None:
    asked = Conversation(model="m", messages=(Message(Role.USER, (Text("hi"),)),))

    assert asked.sampling == Sampling()
    assert (asked.max_tokens, asked.tool_choice, asked.response_format, asked.effort) == (None, None, None, None)
    assert (asked.tools, asked.stop, asked.beyond) == ((), (), ())


def test_conversations_are_equal_by_what_they_say() -> None:
    asked = [Conversation(model="m", messages=(Message(Role.USER, (Text("hi"),)),)) for _ in range(2)]

    assert asked[0] == asked[1]
