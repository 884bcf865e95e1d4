import pytest

from ranking.cleaning import clean, fence

NOW = 1.7e9
ITEMS = {f"i{number}" for number in range(2_000)}


def rows(shopper, count, gap, kind="view", start=NOW, item="i{}"):
    return [(shopper, kind, item.format(at), None, "", start + at * gap, None) for at in range(count)]


def left(*groups):
    every = [row for group in groups for row in group]
    cleaning = clean(lambda: iter(every), ITEMS)
    kept = [(row[0], row[2]) for row in cleaning.rows()]
    return cleaning, kept


PEOPLE = [group for number in range(30) for group in rows(f"p{number:02}", 5 + number % 4, 300.0, "purchase")]


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        (rows("z", 60, 1.0), "robot"),  # quicker than anyone reads
        (rows("z", 40, 1.0), None),  # too few to say so
        (rows("z", 1_100, 60.0), "robot"),  # more than a day holds
        (rows("z", 1_900, 3_600.0), "robot"),  # ever so slow, far more than anyone, and never more than a look
        (rows("z", 1_900, 3_600.0, "like"), None),
        (rows("z", 300, 3_600.0, "purchase"), "bulk buyer"),
        (rows("z", 240, 3_600.0, "purchase"), None),
        (rows("z", 1_900, 60.0, start=788918400.0), "robot"),  # numbered, without times: never of its pace
        (rows("z", 900, 60.0, start=788918400.0), None),
    ],
)
def test_robots_and_bulk_buyers_are_left_out_by_the_stated_rules(group, reason):
    cleaning, kept = left(PEOPLE, group)
    assert cleaning.apart == ({"z": reason} if reason else {})
    assert dict(cleaning.dropped) == ({reason: len(group)} if reason else {})
    assert kept == [(row[0], row[2]) for row in [*PEOPLE, *([] if reason else group)]]


def test_few_shoppers_have_no_outliers_by_number():
    cleaning, _ = left(PEOPLE[:20], rows("z", 300, 3_600.0, "purchase"))
    assert cleaning.apart == {}
    assert fence([1, 2, 3]) == float("inf")


def test_what_is_repeated_or_of_a_gone_item_is_left_out_and_counted():
    own = [
        ("ann", "view", "i1", None, "", NOW, None),
        ("ann", "view", "i1", None, "", NOW + 59, None),
        ("ann", "like", "i1", None, "", NOW + 59, None),
        ("ann", "view", "i1", None, "", NOW + 120, None),
        ("ann", "view", "gone", None, "", NOW + 130, None),
        ("ann", "search", "", None, "red tent", NOW + 140, None),
        ("ann", "search", "", None, "red tent", NOW + 150, None),
        ("ann", "search", "", None, "blue tent", NOW + 150, None),
    ]
    cleaning = clean(lambda: iter(own), ITEMS)
    kept = [own[0], *own[2:4], own[5], own[7]]
    assert list(cleaning.rows()) == kept
    assert list(cleaning.rows()) == kept
    assert dict(cleaning.dropped) == {"repeated": 2, "gone": 1}
