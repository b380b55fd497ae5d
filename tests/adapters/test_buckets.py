from llmgw.adapters.buckets import LOOKED_AT, Buckets, Values


class Bucket:
    def __init__(self, values: Values) -> None:
        self.values = values
        self.idle = False
        self.looked_at = 0

    def is_idle(self, now: int) -> bool:
        self.looked_at += 1
        return self.idle


def opened(buckets: Buckets[Bucket], name: str) -> Bucket | None:
    return buckets.open((name,), Bucket, 0)


def names(buckets: Buckets[Bucket]) -> list[str]:
    return sorted(it.values[0] for it in buckets)


def test_a_bucket_is_found_by_its_values() -> None:
    buckets = Buckets[Bucket](3)
    one = opened(buckets, "a")

    assert buckets.find(("a",)) is one
    assert buckets.find(("b",)) is None


def test_a_table_that_is_full_of_those_in_use_takes_no_more() -> None:
    buckets = Buckets[Bucket](2)

    assert [opened(buckets, name) is not None for name in "abc"] == [True, True, False]
    assert names(buckets) == ["a", "b"]


def test_those_in_which_nothing_would_be_forgotten_go() -> None:
    buckets = Buckets[Bucket](2)
    one = opened(buckets, "a")
    opened(buckets, "b")
    assert one is not None
    one.idle = True

    assert opened(buckets, "c") is not None
    assert names(buckets) == ["b", "c"]


def test_only_a_few_are_looked_at_and_all_in_their_turn() -> None:
    buckets = Buckets[Bucket](100)
    for number in range(50):
        opened(buckets, str(number))
    for it in buckets:
        it.looked_at = 0
    looked_at = []
    for _ in range(25):
        buckets._sweep(0)
        looked_at.append(sum(it.looked_at for it in buckets))

    assert looked_at[0] == LOOKED_AT
    assert {it.looked_at for it in buckets} == {25 * LOOKED_AT // 50}


def test_what_has_to_be_kept_is_kept_in_a_full_table_too() -> None:
    buckets = Buckets[Bucket](1)
    opened(buckets, "a")
    buckets.add(("b",), Bucket)

    assert names(buckets) == ["a", "b"]
