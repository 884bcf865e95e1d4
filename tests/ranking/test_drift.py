import numpy as np
import pytest

from ranking import drift
from ranking.errors import TooFewEvents

DAY = 86_400.0
END = 1.7e9


def row(shopper, kind, item, days_ago):
    return (shopper, kind, item, None, "a tent" if kind == "search" else "", END - days_ago * DAY, None)


def shop(now_items, shoppers=50, kind="purchase"):
    """Everyone buys an item in the month before, and one in the month now."""
    rows = []
    for number in range(shoppers):
        name = f"s{number:02}"
        rows.append(row(name, "view", f"i{number % 7}", 45))
        rows.append(row(name, "purchase", f"i{number % 10}", 40))
        rows.append(row(name, "view", "i1", 20))
        rows.append(row(name, kind, now_items.format(number % 10), number / 10))
    return rows


def test_the_same_again_is_stable_and_the_figures_are_those_of_the_two_periods():
    found = drift.compare(shop("i{}"), 30, lambda history, item: 0.2 + 0.06 * int(item[1:]))
    assert found.kinds == {"purchase": (50, 50), "view": (50, 50)}
    assert (found.shoppers, found.returning, found.items, found.kept) == ((50, 50), 50, (10, 10), 10)
    assert (found.top_kept, found.fresh, found.kinds_psi) == ((10, 10), 0.0, 0.0)
    assert found.verdict == "stable"
    assert drift.table(found)[1] == ("purchase", "50", "50", "+0%")


def test_new_items_and_other_kinds_are_told():
    rows = [*shop("new{}", kind="like"), row("z", "search", "", 3)]
    found = drift.compare(rows, 30)
    assert found.kinds == {"like": (0, 50), "purchase": (50, 0), "search": (0, 1), "view": (50, 50)}
    assert found.fresh == pytest.approx(0.5)
    assert found.top_kept == (10, 1)
    assert found.verdict == "shifted"
    assert np.isnan(found.scores_psi)
    assert ("like", "0", "50", "new") in drift.table(found)


def test_scores_are_of_what_was_liked_by_the_history_before_it():
    asked = []

    def score(history, item):
        asked.append(([event.item_id for event in history], item))
        return 0.9 if len(history) < 2 else 0.1

    found = drift.compare(shop("new{}"), 30, score)
    assert found.scores_psi > drift.SHIFTED
    assert found.verdict == "shifted"
    assert (["i3", "i3", "i1"], "new3") in asked
    assert len(asked) == 100
    assert all(item not in history for history, item in asked)
    assert "<svg" in drift.page(found)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "No event has a time"),
        ([("ann", "view", "i1", None, "", 788918460.0, None)], "No event has a time"),
        ([row("ann", "view", "i1", 1)], "In the 30 days before those nothing happened: compare longer periods"),
    ],
)
def test_without_two_periods_it_says_so(rows, message):
    with pytest.raises(TooFewEvents, match=message):
        drift.compare(rows, 30)


def test_psi_grows_with_the_distance():
    same = drift.psi(np.array([50, 50]), np.array([500, 500]))
    moved = drift.psi(np.array([50, 50]), np.array([60, 40]))
    turned = drift.psi(np.array([90, 10]), np.array([10, 90]))
    assert same == 0 < moved < drift.STABLE < drift.SHIFTED < turned
    assert np.isfinite(drift.psi(np.array([1, 0]), np.array([0, 1])))
