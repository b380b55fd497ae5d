"""Which fields of two bodies keep them apart."""

from dataclasses import replace

import msgspec
import pytest

from llmgw.graph.cache_rules import CacheRule, Embedding, Mode
from llmgw.policy.cache_compare import DIFFERENCES_MAX, Alike, Comparison, alike, explain
from llmgw.policy.cache_key import UnkeyableError
from llmgw.policy.caching import Decision

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def compared(one: str, other: str, dialect: str = "") -> Comparison:
    return explain(_fields(one.encode()), _fields(other.encode()), dialect)


def asking(question: str, context: str = "") -> str:
    return f'{{"messages": [{{"role": "user", "content": "{question}"}}]{context}}}'


@pytest.mark.parametrize(
    ("one", "other", "differ", "ignored"),
    [
        ("{}", "{}", (), ()),
        ('{"a": 1.0, "b": [1]}', '{"b": [1e0], "a": 1}', (), ()),
        ('{"user": "x", "stream": true}', '{"user": "y"}', (), ("stream", "user")),
        ('{"temperature": 0}', '{"temperature": 1}', ("temperature",), ()),
        ('{"temperature": 0}', "{}", ("temperature",), ()),
        ('{"a": null}', "{}", ("a",), ()),
        ('{"a": true}', '{"a": 1}', ("a",), ()),
        ('{"m": [{"c": "x"}, {"c": "y"}]}', '{"m": [{"c": "x"}, {"c": "z"}, 5]}', ("m[1].c", "m[2]"), ()),
        ('{"m": [1]}', '{"m": {"0": 1}}', ("m",), ()),
        ('{"b": 1, "a": {"d": 1, "c": 1}}', '{"b": 2, "a": {"d": 2, "c": 2}}', ("a.c", "a.d", "b"), ()),
    ],
)
def test_they_are_told_by_their_paths(one: str, other: str, differ: tuple[str, ...], ignored: tuple[str, ...]) -> None:
    assert compared(one, other) == Comparison(differ, ignored)
    assert compared(one, other).same is (not differ)


@pytest.mark.parametrize(
    ("other", "context"),
    [
        (asking("Hello?"), ()),
        (asking("Hello?", ', "seed": 1'), ("seed",)),
        ('{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi?"}]}]}', ("messages[0].content",)),
        ('{"messages": [{"role": "tool", "content": "Hi?"}]}', None),
    ],
)
def test_what_differs_beside_the_question_is_told_apart(other: str, context: tuple[str, ...] | None) -> None:
    assert compared(asking("Hi?"), other, "openai_chat").context == context


EMBEDDING = Embedding("local/any")
RULE = CacheRule(name="help", ttl_s=60.0, mode=Mode.SEMANTIC, embedding=EMBEDDING, threshold=0.8)


def decided(question: str = "Why 3?", rule: CacheRule = RULE, key: bytes = b"k", context: bytes = b"c") -> Decision:
    return Decision(rule=rule, key=key, question=question, context=context)


@pytest.mark.parametrize(
    ("other", "context", "expected"),
    [
        (decided("So why 3?"), (), Alike(0.8, slots=True)),
        (decided("Why 4?"), (), Alike(0.8, slots=True, difference="3 / 4")),
        (decided("Why 4?"), ("seed",), Alike(0.8, slots=True, barrier="their contexts differ", context=("seed",))),
        (
            decided("Why 4?", context=b"d"),
            (),
            Alike(0.8, slots=True, barrier="what is beside the bodies keeps them apart"),
        ),
        (decided("Why 4?", rule=replace(RULE, name="other")), (), None),
        (decided("", key=b""), (), None),
    ],
)
def test_a_semantic_rule_says_whether_their_questions_could_be_alike(
    other: Decision, context: tuple[str, ...], expected: Alike | None
) -> None:
    found = alike(decided(), other, Comparison(("messages",), (), context))

    assert found == expected
    assert expected is None or expected.possible is (other.question == "So why 3?")


def test_without_slots_the_vectors_alone_decide_and_an_exact_rule_has_none() -> None:
    plain = replace(RULE, slots=False)
    exact = CacheRule(name="faq", ttl_s=60.0)
    compared_ = Comparison(("messages",), (), ())

    assert alike(decided(rule=plain), decided("Why 4?", rule=plain), compared_) == Alike(0.8, slots=False)
    assert alike(decided(rule=exact), decided("Why 4?", rule=exact), compared_) is None


def test_only_the_first_of_many_are_told() -> None:
    differ = compared('{"m": [' + "1," * 1000 + "0]}", '{"m": []}').differ

    assert (len(differ), differ[0]) == (DIFFERENCES_MAX, "m[0]")


def test_a_deep_body_can_be_compared() -> None:
    one, other = ('{"a": ' + "[" * 500 + inner + "]" * 500 + "}" for inner in "12")

    assert len(compared(one, other).differ) == 1


def test_what_has_no_key_is_like_nothing() -> None:
    with pytest.raises(UnkeyableError):
        compared('{"a": {"b": 1, "b": 2}}', "{}")
