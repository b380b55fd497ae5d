"""Pairs of questions, labelled: whether the answer to one would be an answer to the other.

By rule: a family says one thing in several ways, for several fills, and beside it what is only nearly the same.
`tuning` may be looked at when the slot check is changed; `held_out` may not: it has other families, and is for showing
what the check is worth on what it was not made for. `fresh` has no families: pairs as people write them, one by one.
`python -m tests.semantic.pairs` prints them all for `cache tune`.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

SAME = "same"


@dataclass(frozen=True, slots=True)
class Pair:
    """`kind` says in what they differ, or `same`."""

    a: str
    b: str
    same: bool
    kind: str = SAME

    @property
    def line(self) -> str:
        return json.dumps({"a": self.a, "b": self.b, "same": self.same, "kind": self.kind})


@dataclass(frozen=True, slots=True)
class Family:
    """One thing to ask. Fills differ in `kind`; `near` are other questions, by the kind of their difference."""

    says: Sequence[str]
    fills: Sequence[Mapping[str, str]] = ({},)
    kind: str = "entity"
    near: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def pairs(self) -> Iterator[Pair]:
        for fill in self.fills:
            said = [text.format(**fill) for text in self.says]
            yield from (Pair(a, b, same=True) for a, b in combinations(said, 2))
            for kind in self.near:
                for number, text in enumerate(self.near[kind]):
                    yield Pair(said[number % len(said)], text.format(**fill), same=False, kind=kind)
        for number, (one, other) in enumerate(combinations(self.fills, 2)):
            text = self.says[number % len(self.says)]
            yield Pair(text.format(**one), text.format(**other), same=False, kind=self.kind)
            second = self.says[(number + 1) % len(self.says)]
            yield Pair(text.format(**one), second.format(**other), same=False, kind=self.kind)


# Small words, large letters and signs that change what is asked: to tune with.
SMALL_THINGS = (
    Family(
        ["Can I {v} my {x}?", "Could I {v} my {x}?", "Am I able to {v} my {x}?"],
        [{"v": "sue", "x": "landlord"}, {"v": "fire", "x": "boss"}, {"v": "divorce", "x": "cousin"}],
        near={"direction": ["Can my {x} {v} me?", "Could my {x} {v} me?"], "entity": ["Can I {v} a {x}?"]},
    ),
    Family(
        ["Can I invite my friend to the team?", "Is it possible to invite my friend to the team?"],
        near={"direction": ["Can my friend invite me to the team?"]},
    ),
    Family(
        ["Should I pay my landlord?", "Is it a good idea to pay my landlord?"],
        near={"direction": ["Should my landlord pay me?"], "polarity": ["May I pay my landlord?"]},
    ),
    Family(["Do I owe my boss overtime?"], near={"direction": ["Does my boss owe me overtime?"]}),
    Family(
        ["How much do I owe", "how much do I owe?"],
        near={"direction": ["How much do you owe", "How much am I owed"]},
    ),
    Family(
        ["What should I do about a fire alarm", "What do I do about a fire alarm"],
        near={"direction": ["What do you do about a fire alarm"]},
    ),
    Family(
        ["How long does it take to load {n}?", "How long will it take to load {n}?"],
        [{"n": "5 mb"}, {"n": "5 Mb"}, {"n": "5 MB"}, {"n": "10 MB"}],
        "unit",
    ),
    Family(
        ["Is {n} a lot?", "is {n} a lot"],
        [{"n": "10 mW"}, {"n": "10 MW"}, {"n": "3 mm"}, {"n": "3 Mm"}, {"n": "10 m"}, {"n": "10 M"}],
        "unit",
    ),
    Family(
        ["Where do I find the best {x}?", "Where can I find the best {x}?"],
        [{"x": "China"}, {"x": "china"}, {"x": "Turkey"}, {"x": "turkey"}, {"x": "Polish"}, {"x": "polish"}],
        "name",
    ),
    Family(["What does {x} mean", "what does {x} mean?"], [{"x": "👍"}, {"x": "👎"}, {"x": ":)"}, {"x": ":("}]),
    Family(
        ["what does {x} do", "What does {x} do?"],
        [{"x": "rm -rf /"}, {"x": "rm -rf"}, {"x": "foo()"}, {"x": "foo"}, {"x": "cd .."}, {"x": "cd"}],
        "name",
    ),
    Family(
        ["rename {a} to {b}", "please rename {a} to {b}", "How do I rename {a} to {b}?"],
        [{"a": "a", "b": "b"}, {"a": "b", "b": "a"}, {"a": "i", "b": "j"}, {"a": "j", "b": "i"}],
        "direction",
    ),
    Family(
        ["What is the cure for {x}", "what's the cure for {x}?"],
        [{"x": "hepatitis"}, {"x": "hepatitis a"}, {"x": "hepatitis b"}],
    ),
    Family(["Who wrote {x} book?", "who wrote {x} book"], [{"x": "this"}, {"x": "that"}, {"x": "my"}, {"x": "your"}]),
    Family(["Is it safe to swim {x}?", "is it safe to swim {x}"], [{"x": "here"}, {"x": "there"}]),
    Family(["can I leave my job", "Am I able to leave my job?"], near={"polarity": ["may I leave my job"]}),
)


def all_of(families: Sequence[Family]) -> list[Pair]:
    """Of every family, and each one's first question beside that of another one."""
    unrelated = [
        Pair(one.says[0].format(**one.fills[0]), other.says[-1].format(**other.fills[-1]), same=False, kind="topic")
        for one, other in zip(families, [*families[3:], *families[:3]], strict=True)
    ]
    found = [*(pair for family in families for pair in family.pairs()), *unrelated]
    return list(dict.fromkeys(found))


def tuning() -> list[Pair]:
    from tests.semantic.tuning_families import FAMILIES
    from tests.semantic.tuning_pairs import NEAR

    return [*all_of([*FAMILIES, *SMALL_THINGS]), *_near(NEAR)]


def held_out() -> list[Pair]:
    from tests.semantic.held_out_families import FAMILIES

    return all_of(FAMILIES)


def fresh() -> list[Pair]:
    from tests.semantic.fresh_pairs import NEAR, SAME

    return [*(Pair(a, b, same=True) for a, b in SAME), *_near(NEAR)]


def later() -> list[Pair]:
    from tests.semantic.fresh_pairs import LATER

    return [*_near({"near": LATER})]


def _near(told: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[Pair]:
    return (Pair(a, b, same=False, kind=kind) for kind, pairs in told.items() for a, b in pairs)


def main() -> None:
    for pair in [*tuning(), *held_out(), *fresh(), *later()]:
        sys.stdout.write(f"{pair.line}\n")


if __name__ == "__main__":
    main()
