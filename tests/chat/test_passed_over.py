"""What was shown before and passed over comes after what was not, and nothing is hidden by it."""

import pytest
from small_shop import TENTS, VOCABULARY

from chat.finding import fresh_first
from chat.need import Need, read_message
from chat.want import MOST_SEEN, Want
from ranking.reranker import Ranked, Reason


def ranked(*ids: str, relevance: float = 1.0) -> list[Ranked]:
    return [Ranked(item_id, 0.5, relevance, Reason("need", "")) for item_id in ids]


def order(want: Want, *ids: str) -> list[str]:
    return [one.item_id for one in fresh_first(ranked(*ids), want)]


def test_what_was_not_shown_comes_first_in_its_order() -> None:
    want = Want(words="tent", seen_ids=("a", "c"))
    assert order(want, "a", "b", "c", "d") == ["b", "d", "a", "c"]
    assert order(Want(words="tent"), "a", "b") == ["a", "b"]


def test_what_was_passed_over_is_shown_again_only_where_nothing_else_is_left() -> None:
    want = Want(words="tent", seen_ids=("a", "b"), passed_ids=("a", "b"))
    assert order(want, "a", "c", "b") == ["c"]
    assert order(want, "b", "a") == ["b", "a"]


def test_what_hardly_fits_does_not_come_before_what_was_seen() -> None:
    want = Want(words="tent", seen_ids=("a",))
    found = [*ranked("a", "b"), *ranked("lamp", relevance=0.2)]
    assert [one.item_id for one in fresh_first(found, want)] == ["b", "a", "lamp"]


@pytest.mark.parametrize(
    ("message", "passed"),
    [
        ("cheaper ones please", True),
        ("something more expensive", True),
        ("something like the second one", True),
        ("in red", False),
        ("not the brand Acme", False),
        ("under $200", False),
    ],
)
def test_a_critique_passes_over_what_is_shown_and_a_new_detail_does_not(message: str, passed: bool) -> None:
    need = read_message("tents", Need(turns=0), VOCABULARY, ()).need
    want = read_message(message, need, VOCABULARY, TENTS).need.current
    ids = tuple(item.id for item in TENTS)
    assert want.seen_ids == ids
    assert want.passed_ids == (ids if passed else ())


def test_another_thing_begins_with_nothing_seen() -> None:
    need = read_message("tents", Need(turns=0), VOCABULARY, ()).need
    need = read_message("cheaper", need, VOCABULARY, TENTS).need
    assert read_message("and a coffee maker", need, VOCABULARY, TENTS).need.current.seen_ids == ()


def test_so_many_are_remembered_and_no_more() -> None:
    want = Want(words="tent")
    for n in range(MOST_SEEN):
        want = want.having_seen([f"{n}a", f"{n}b"], passed=True)
    assert len(want.seen_ids) == len(want.passed_ids) == MOST_SEEN
    assert want.seen_ids[-1] == f"{MOST_SEEN - 1}b"


def test_what_was_seen_is_no_part_of_what_is_wanted() -> None:
    seen = Want(seen_ids=("a",), passed_ids=("a",))
    assert seen.is_empty
    assert Need(wants=(seen,)).tags() == ()
    assert Want(words="tent", seen_ids=("a",)).hard_filter() == Want(words="tent").hard_filter()
