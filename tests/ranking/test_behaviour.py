import numpy as np
import pytest

from ranking.behaviour import Step, split, steps, tracks
from ranking.history import Event


def event(kind, item_id="1", time=1.0, **more):
    return Event(shopper_id="ann", kind=kind, item_id=item_id, time=time, **more)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], []),
        ([event("search", "", query="tent")], []),
        (
            [event("view", "1", 1), event("view", "2", 2), event("purchase", "1", 3)],
            [Step("2", "view", 0.2, 2), Step("1", "purchase", 1.0, 3)],
        ),
        ([event("purchase", "1", 1), event("view", "1", 2)], [Step("1", "purchase", 1.0, 2)]),
        ([event("like", "1", 1), event("dislike", "1", 2)], [Step("1", "dislike", -1.0, 2)]),
        ([event("dislike", "1", 1), event("view", "1", 2)], [Step("1", "dislike", -1.0, 2)]),
        ([event("dislike", "1", 1), event("like", "1", 2)], [Step("1", "like", 0.7, 2)]),
        ([event("purchase", "1", 1), event("rating", "1", 2, rating=1)], [Step("1", "rating", -1.0, 2)]),
    ],
)
def test_one_step_an_item_and_the_latest_opinion_wins(events, expected):
    assert steps(events) == expected


def test_tracks_and_their_split():
    place = {name: number for number, name in enumerate("abcde")}
    rows = [("ann", "purchase", name, None, "", float(time), None) for time, name in enumerate("abcde")]
    rows += [("bob", "purchase", "a", None, "", 1.0, None), ("bob", "view", "b", None, "", 2.0, None)]
    rows += [("cy", "purchase", "gone", None, "", 1.0, None)]
    made = tracks(rows, place)
    assert {name: track.places.tolist() for name, track in made.items()} == {"ann": [0, 1, 2, 3, 4], "bob": [0, 1]}
    parts = split(made)
    assert {name: track.places.tolist() for name, track in parts.train.items()} == {"ann": [0, 1, 2], "bob": [0, 1]}
    assert [(case.shopper_id, case.history.places.tolist(), case.target) for case in parts.validation] == [
        ("ann", [0, 1, 2], 3)
    ]
    assert [(case.history.places.tolist(), case.target) for case in parts.test] == [([0, 1, 2, 3], 4)]


def test_the_target_is_the_last_liking_not_the_last_view():
    place = {name: number for number, name in enumerate("abcde")}
    kinds = ["purchase", "view", "purchase", "purchase", "view"]
    rows = [("ann", kind, name, None, "", 1.0, None) for kind, name in zip(kinds, "abcde", strict=True)]
    parts = split(tracks(rows, place))
    assert parts.test[0].target == 3
    assert parts.test[0].history.weights == pytest.approx(np.array([1, 0.2, 1]))


def test_where_there_are_only_views_a_view_is_a_liking():
    place = {name: number for number, name in enumerate("abc")}
    parts = split(tracks([("ann", "view", name, None, "", 1.0, None) for name in "abc"], place))
    assert [case.target for case in parts.test] == [2]


@pytest.mark.parametrize(
    ("ratings", "weights"),
    [
        ([3], [1 / 3]),  # nothing else is known of this shopper: half a star above the middle
        ([5, 5, 5, 5, 5, 3.25], [1, 1, 1, 1, 1, 1 / 6]),  # from one who gives five to all, that is faint praise
        ([2, 2, 2, 2, 2, 3.5], [*[7 / 30] * 5, 1]),  # and from one who gives two, it is high
    ],
)
def test_a_rating_is_read_by_what_its_shopper_mostly_gives(ratings, weights):
    events = [event("rating", str(at), float(at), rating=stars) for at, stars in enumerate(ratings)]
    assert [step.weight for step in steps(events)] == pytest.approx(weights)


def test_a_habit_of_giving_one_star_is_believed_only_so_far():
    events = [event("rating", str(at), float(at), rating=1) for at in range(40)]
    assert {round(step.weight, 3) for step in steps(events)} == {-0.333}
