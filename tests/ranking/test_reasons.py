from decimal import Decimal

import pytest

from ranking.behaviour import Step
from ranking.reasons import Reason, Ties, of_history, of_need, of_popularity, of_searches
from retrieval.items import Item


def item(**more):
    fields = {"id": "1", "title": "Trailhawk rain jacket", "category": ("Outdoor", "Jackets"), "price": Decimal(9)}
    return Item(**{**fields, **more})


LIKE = Ties(cosine=0.7)


@pytest.mark.parametrize(
    ("kind", "weight", "ties", "text"),
    [
        ("purchase", 1.0, LIKE, "like the Larch tent you bought"),
        ("like", 0.8, LIKE, "like the Larch tent you liked"),
        ("cart", 0.7, LIKE, "like the Larch tent you put in your basket"),
        ("click", 0.3, LIKE, "like the Larch tent you looked at"),
        ("rating", 1.0, LIKE, "like the Larch tent you rated highly"),
        ("rating", 0.3, LIKE, "like the Larch tent you rated"),
        ("view", 0.2, Ties(cosine=0.6, followed=2.0), "often chosen after the Larch tent you looked at"),
        ("view", 0.2, Ties(cosine=0.5, followed=1.9, leaf=True), "like the Larch tent you looked at"),
        ("view", 0.2, Ties(cosine=0.4, followed=90, leaf=True), "often chosen after the Larch tent you looked at"),
        (
            "purchase",
            1.0,
            Ties(followed=1.0, preceded=5.0),
            "popular with shoppers who chose the Larch tent you bought",
        ),
        ("purchase", 1.0, Ties(followed=1.9, leaf=True), "of the same kind as the Larch tent you bought"),
        ("purchase", 1.0, Ties(maker=True), "by the maker of the Larch tent you bought"),
        ("purchase", 1.0, Ties(followed=1.0), "suggested by the Larch tent you bought"),
        ("view", 0.2, Ties(same=True, cosine=1.0, leaf=True, maker=True), "you looked at this before"),
        ("cart", 0.6, Ties(same=True, cosine=1.0, leaf=True, maker=True), "you put this in your basket before"),
    ],
)
def test_of_history_says_what_was_done_and_only_what_holds(kind, weight, ties, text):
    assert of_history(Step("7", kind, weight, 1.0), "Larch tent", ties) == Reason("history", text, "7")


@pytest.mark.parametrize(
    ("searches", "text"),
    [
        (("red lipstick", "a tent"), None),
        (("rain jacket", "tents"), "you searched for “rain jacket”"),
        (("jackets", "rain jacket", "mug"), "you searched for “rain jacket”"),
    ],
)
def test_of_searches_names_the_latest_search_of_which_the_item_has_a_word(searches, text):
    assert of_searches(item(), searches) == (None if text is None else Reason("search", text))


@pytest.mark.parametrize(
    ("request_text", "more", "text"),
    [
        ("a waterproof jacket", {"attributes": {"features": ("waterproof",)}}, "matches “waterproof jacket”"),
        ("waterproof jackets", {}, "matches “jackets”"),
        ("jacket for 2 people", {"attributes": {"fits": ("2 people",)}}, "matches “jacket”, “2 people”"),
        ("2 jackets or jackets", {}, "matches “jackets”"),
        ("a 2", {"attributes": {"fits": ("2 people",)}}, "close to what you asked for"),
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
