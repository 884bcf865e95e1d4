"""The history item that a reason names is the one without which the model would think least of the item shown."""

import numpy as np
import pytest
from small_shop_data import vectors

from ranking.behaviour import Search, Step, Track
from ranking.causes import causes
from ranking.folder import save
from ranking.history import Event
from ranking.pulls import Pulls, without
from ranking.reranker import Reranker
from retrieval.ground import Candidate


@pytest.fixture(scope="module")
def reranker(tmp_path_factory, small_shop, material, training):
    folder = save(tmp_path_factory.mktemp("model") / "reranker", training, material[0].ids)
    return Reranker.load(folder, small_shop[0], vectors)


def bought(table, track):
    return [
        Event(shopper_id="ann", kind="purchase", item_id=table.ids[place], time=1.7e9 + at)
        for at, place in enumerate(track.places)
    ]


def p_like(reranker, events, candidates):
    return {one.item_id: one.score for one in reranker.rank(events, candidates, len(candidates), 0.0)}


def test_no_other_item_s_removal_lowers_the_shown_item_more(reranker, material):
    table, _, made = material
    candidates = [Candidate(item_id, 1.0, ()) for item_id in table.ids]
    named = 0
    for track in list(made.values())[:25]:
        events, had = bought(table, track), {table.ids[place] for place in track.places}
        new = [candidate for candidate in candidates if candidate.item_id not in had]
        shown = reranker.rank(events, new, 5, 0.25)
        scored = [Candidate(one.item_id, 1.0, ()) for one in shown]
        removed = {own.item_id: p_like(reranker, [one for one in events if one is not own], scored) for own in events}
        nobody = p_like(reranker, [], scored)
        for one in shown:
            if one.reason.kind == "history":
                named += 1
                lowest = min(scores[one.item_id] for scores in removed.values())
                assert removed[one.reason.item_id][one.item_id] == pytest.approx(lowest, rel=1e-5)
                assert lowest < one.score
                assert nobody[one.item_id] < one.score
    assert named > 60


def test_an_item_that_history_lowers_has_no_reason_of_history(reranker, material):
    table, _, made = material
    candidates = [Candidate(item_id, 1.0, ()) for item_id in table.ids]
    nobody, lowered = p_like(reranker, [], candidates), 0
    for track in list(made.values())[:10]:
        for one in reranker.rank(bought(table, track), candidates, len(candidates), 0.0):
            if one.score < nobody[one.item_id]:
                lowered += 1
                assert one.reason.kind != "history"
    assert lowered > 100


TRACK = Track(
    np.array([3, 50, 4, 90]),
    np.array([1, 0.2, -1, 0.7], np.float32),
    np.arange(4.0),
    (Search("red tent", 0, 0.0), Search("mug", 2, 1.5)),
)


def test_without_a_step_all_else_stays():
    left = without(TRACK, 1)
    assert left.places.tolist() == [3, 4, 90]
    assert left.weights == pytest.approx([1, -1, 0.7])
    assert left.times.tolist() == [0, 2, 3]
    assert left.searches == (Search("red tent", 0, 0.0), Search("mug", 1, 1.5))


def test_pulls_are_what_a_sum_is_made_of():
    worth = np.arange(100.0)

    def logits(tracks, places, need):
        assert need is None
        own = [worth[track.places[track.weights > 0]].sum() + 7 * len(track.searches) for track in tracks]
        return np.array(own)[:, None] * np.ones(places.shape)

    pulls = Pulls.of(logits, TRACK, np.array([8, 9]))
    assert pulls.positions.tolist() == [0, 1, 3]
    assert pulls.items.tolist() == [[3, 3], [50, 50], [90, 90]]
    assert pulls.searches.tolist() == [14, 14]


def test_searches_are_the_cause_where_they_pull_most_and_nothing_is_where_all_push(material, training):
    table, items, _ = material
    behaviour = [Step(table.ids[place], "purchase", 1.0, 1.0) for place in TRACK.places]

    def cause(of_items, of_searches):
        pulls = Pulls(np.array([0, 1, 3]), np.array(of_items)[:, None], np.array([of_searches]))
        (found,) = causes(pulls, TRACK, behaviour, np.array([85]), table, training.relations)
        return found and found.reason(items[85], {item.id: item for item in items})

    assert cause([0.1, 0.4, 0.2], 0.3).item_id == table.ids[50]
    assert cause([0.1, 0.2, 0.2], 0.3).text == "you searched for “red tent”"
    assert cause([-0.1, -0.4, -0.2], -0.1) is None
