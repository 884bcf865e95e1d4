from decimal import Decimal

import pytest

from ranking.behaviour import Step
from ranking.reasons import Reason, of_history, of_need, of_popularity
from retrieval.items import Item


def item(**more):
    fields = {"id": "1", "title": "Trailhawk rain jacket", "category": ("Outdoor", "Jackets"), "price": Decimal(9)}
    return Item(**{**fields, **more})


@pytest.mark.parametrize(
    ("kind", "weight", "similar", "text"),
    [
        ("purchase", 1.0, True, "like the Larch tent you bought"),
        ("like", 0.8, True, "like the Larch tent you liked"),
        ("cart", 0.7, True, "like the Larch tent you put in your basket"),
        ("click", 0.3, True, "like the Larch tent you looked at"),
        ("rating", 1.0, True, "like the Larch tent you rated highly"),
        ("rating", 0.3, True, "like the Larch tent you rated"),
        ("view", 0.2, False, "often chosen after the Larch tent you looked at"),
    ],
)
def test_of_history_says_what_was_done(kind, weight, similar, text):
    assert of_history(Step("7", kind, weight, 1.0), "Larch tent", similar) == Reason("history", text, "7")


@pytest.mark.parametrize(
    ("request_text", "more", "text"),
    [
        ("a waterproof jacket", {"attributes": {"features": ("waterproof",)}}, "matches “waterproof jacket”"),
        ("waterproof jackets", {}, "matches “jackets”"),
        ("something for the hills", {}, "close to what you asked for"),
        ("", {}, "from Jackets"),
        ("", {"category": ()}, "close to what you asked for"),
    ],
)
def test_of_need_claims_only_words_that_stand_in_the_record(request_text, more, text):
    assert of_need(item(**more), request_text) == Reason("need", text)


@pytest.mark.parametrize(
    ("rating", "count", "popular", "text"),
    [
        (4.6, 50, False, "rated 4.6 by 50 shoppers"),
        (4.6, 3, False, None),
        (4.0, 500, False, None),
        (4.0, 500, True, "popular with other shoppers"),
        (None, None, False, None),
    ],
)
def test_of_popularity_claims_only_what_is(rating, count, popular, text):
    expected = None if text is None else Reason("popular", text)
    assert of_popularity(item(rating=rating, rating_count=count), popular) == expected
