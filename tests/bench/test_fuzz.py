"""How many requests the fuzzing sends, whatever of it can be varied."""

from collections import Counter

from bench.fuzz import Kind, in_rounds
from bench.generated import Broken

KINDS: list[Kind] = [(("GET", f"/{number}"), allowed) for number in range(3) for allowed in (True, False)]


def test_what_one_operation_has_too_few_of_the_others_make_up_for() -> None:
    """10,000 were asked for and 9,968 sent, for a route without parameters has no more than one request."""
    sent: Counter[Kind] = Counter()
    seeds: dict[Kind, list[int]] = {kind: [] for kind in KINDS}

    def some(kind: Kind, share: int, seed: int) -> int:
        seeds[kind].append(seed)
        count = min(share, 1) if kind == KINDS[0] else share
        sent[kind] += count
        return count

    assert in_rounds(KINDS, 1_000, some) == 1_000 == sum(sent.values())
    assert sent[KINDS[0]] <= 5
    assert max(sent.values()) <= 205
    assert all(asked == sorted(set(asked)) for asked in seeds.values()), "a seed that comes again asks the same again"


def test_a_broken_operation_is_asked_no_more_and_the_count_is_reached_by_the_others() -> None:
    asked: list[Kind] = []

    def some(kind: Kind, share: int, seed: int) -> int:
        asked.append(kind)
        if kind == KINDS[1]:
            raise Broken("500")
        return share

    assert in_rounds(KINDS, 60, some) == 60
    assert asked.count(KINDS[1]) == 1


def test_it_ends_where_nothing_can_be_sent() -> None:
    def broken(kind: Kind, share: int, seed: int) -> int:
        raise Broken("500")

    assert in_rounds(KINDS, 60, broken) == 0
    assert in_rounds(KINDS, 60, lambda kind, share, seed: 0) == 0
    assert in_rounds([], 60, lambda kind, share, seed: share) == 0
