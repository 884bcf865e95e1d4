from dataclasses import replace

import numpy as np
import pytest
import torch
from small_shop_data import SETTINGS, encode, items, vectors

from ranking.behaviour import split
from ranking.blend import Shipped
from ranking.blending import fitted, lists_of
from ranking.features import Features
from ranking.folder import go_live, save
from ranking.history import Event
from ranking.reasons import shortened
from ranking.relations import Relations
from ranking.reranker import Reranker, Untrained, open_reranker
from ranking.training import gathered
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.ground import Candidate, Evidence
from retrieval.items import Item


@pytest.fixture(scope="module")
def reranker(tmp_path_factory, small_shop, material, training):
    folder = save(tmp_path_factory.mktemp("model") / "reranker", training, material[0].ids)
    return Reranker.load(folder, small_shop[0], vectors)


@pytest.fixture(scope="module")
def find(material):
    """Candidates for a request, by the words that it shares with an item; all items for a blank one."""
    table = material[0]

    def found(request):
        if not request:
            return [Candidate(item_id, 1 - rank / 200, ()) for rank, item_id in enumerate(table.ids)]
        cosines = table.vectors @ encode([request])[0]
        order = sorted(range(len(table)), key=lambda at: -cosines[at])
        best = cosines[order[0]]
        return [
            Candidate(table.ids[at], float(cosines[at] / best), (Evidence("query", "dense", rank, float(cosines[at])),))
            for rank, at in enumerate(order, start=1)
        ]

    return found


def did(kind, item_id, time=1.0, **more):
    return Event(shopper_id="ann", kind=kind, item_id=item_id, time=time, **more)


LIPSTICKS = [did("purchase", f"lipstick-{maker}-red", time) for time, maker in enumerate(("acme", "borel", "corvo"))]


@pytest.fixture(scope="module", params=["average", "weighted", "network"])
def blended(request, tmp_path_factory, small_shop, material, training):
    """A reranker of every model, brought together in each of the ways."""
    table, held, made = material
    parts = split(made)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    committee, _ = gathered(features, training.network, parts, SETTINGS)
    lists = lists_of(committee, held, parts.validation, encode, SETTINGS, np.random.default_rng(0))
    recipe = fitted(request.param, committee.names, committee.names, lists, SETTINGS)
    shipped = Shipped.of(recipe, committee, SETTINGS.sequence)
    folder = save(tmp_path_factory.mktemp("model") / "reranker", replace(training, shipped=shipped), table.ids)
    return Reranker.load(folder, small_shop[0], vectors)


@pytest.mark.parametrize("diversity", [0.0, 0.25])
def test_whatever_the_blend_a_lipstick_lover_who_asks_for_a_razor_gets_razors(blended, find, diversity):
    ranked = blended.rank(LIPSTICKS, find("razor"), 5, diversity, request="razor")
    assert {one.item_id.split("-")[0] for one in ranked} == {"razor"}


@pytest.mark.parametrize("diversity", [0.0, 0.25, 0.9])
def test_a_lipstick_lover_who_asks_for_a_razor_gets_razors(reranker, find, diversity):
    ranked = reranker.rank(LIPSTICKS, find("razor"), 5, diversity, request="razor")
    assert {one.item_id.split("-")[0] for one in ranked} == {"razor"}
    assert {one.reason.text for one in ranked if one.reason.kind == "need"} <= {"matches “razor”"}


def test_history_orders_what_answers_the_request(reranker, find):
    history = [did("purchase", f"{kind}-dune-green", time) for time, kind in enumerate(("tent", "lantern", "mug"))]
    ranked = reranker.rank(history, find("kettle"), 5, 0.0)
    assert {one.item_id.split("-")[0] for one in ranked} == {"kettle"}
    assert ranked[0].item_id.startswith("kettle-dune")


def test_without_history_relevance_then_rating_and_never_a_reason_of_history(reranker, find):
    asked = reranker.rank([], find("blue kettle"), 5, 0.0, request="blue kettle")
    assert {one.item_id.split("-")[0] for one in asked} == {"kettle"}
    assert asked[0].item_id.endswith("blue")
    assert asked[0].reason.text == "matches “blue kettle”"
    blank = reranker.rank([], find(""), 5, 0.25)
    assert len(blank) == 5
    assert {one.reason.kind for one in [*asked, *blank]} <= {"need", "popular"}


def test_a_like_changes_the_next_ranking_without_training(reranker, find):
    before = reranker.rank(LIPSTICKS, find(""), 5, 0.0)
    after = reranker.rank([*LIPSTICKS, did("like", "tent-elka-black", 9.0)], find(""), 5, 0.0)
    assert [one.item_id for one in before] != [one.item_id for one in after]
    assert any("elka" in one.item_id for one in after)


def test_a_dislike_leaves_the_item_out_and_pushes_its_likes_down(reranker, find):
    candidates = find("mug")
    before = reranker.rank([], candidates, 20, 0.0)
    refused = before[0].item_id
    after = reranker.rank([did("dislike", refused)], candidates, 20, 0.0)
    assert refused not in {one.item_id for one in after}
    like = [one.item_id for one in before[1:] if len(set(one.item_id.split("-")) & set(refused.split("-"))) == 2]
    places = {one.item_id: place for place, one in enumerate(after)}
    assert all(places.get(item_id, 99) >= 8 for item_id in like)


def test_a_reason_of_history_names_an_item_of_the_history_and_what_was_done(reranker, find):
    history = [did("purchase", "tent-dune-green", 1), did("view", "lantern-dune-green", 2)]
    ranked = reranker.rank(history, find(""), 8, 0.0)
    reasons = {one.reason for one in ranked if one.reason.kind == "history"}
    assert reasons
    texts = {
        "tent-dune-green": "the Dune green tent you bought",
        "lantern-dune-green": "the Dune green lantern you looked at",
    }
    before = {"you bought this before", "you looked at this before"}
    assert all(reason.text.endswith(texts[reason.item_id]) or reason.text in before for reason in reasons)


def test_scores_are_probabilities_and_the_relevance_is_grounding_s(reranker, find):
    candidates = find("razor")
    given = {candidate.item_id: candidate.score for candidate in candidates}
    ranked = reranker.rank(LIPSTICKS, candidates, 10, 0.0)
    assert all(0 <= one.score <= 1 and one.relevance == given[one.item_id] for one in ranked)
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)


@pytest.mark.parametrize("kind", ["Reranker", "Untrained"])
def test_candidates_are_held_against_what_is_described_where_the_words_name_nothing(kind, reranker, small_shop, find):
    ranker = reranker if kind == "Reranker" else Untrained(small_shop[0], vectors)
    described = {one.item_id: replace(one, evidence=(replace(one.evidence[0], source="description 1"),))
                 for one in find("razor")}  # fmt: skip
    # By chance an item has a word of what was said, and its text is the nearest to it.
    said = {one.item_id: one.evidence[0] for one in find("lipstick")}
    both = [replace(one, evidence=(*one.evidence, said[item_id])) for item_id, one in described.items()]
    places = {}
    for told in ("razor", ""):
        ranked = ranker.rank(
            LIPSTICKS, both, len(both), 0.0, request="a lipstick of mornings", described=[told] if told else []
        )
        places[told] = [one.item_id.split("-")[0] for one in ranked].index("lipstick")
    assert places["razor"] > places[""]


def test_what_others_had_after_the_same_things_is_known_to_a_trained_one(reranker, small_shop):
    had = {event.item_id for event in LIPSTICKS}
    found = reranker.followed(LIPSTICKS, 5)
    assert 0 < len(found) <= 5
    assert not had & set(found)
    assert reranker.followed([], 5) == []
    assert reranker.followed([did("purchase", "gone")], 5) == []
    assert Untrained(small_shop[0], vectors).followed(LIPSTICKS, 5) == []


def test_an_item_that_came_after_training_can_be_ranked_at_once(tmp_path, material, training):
    connections = Connections(tmp_path / "shop.sqlite3")
    catalog = Catalog(connections)
    catalog.upsert(items()[:80])
    ranker = Reranker.load(save(tmp_path / "reranker", training, material[0].ids), catalog, vectors)
    catalog.upsert([Item(id="razor-new-red", title="New red razor", category=("Shop", "Razor"))])
    found = [
        Candidate("razor-new-red", 1.0, (Evidence("query", "dense", 1, 0.9),)),
        Candidate("razor-acme-red", 0.9, (Evidence("query", "dense", 2, 0.8),)),
    ]
    assert {one.item_id for one in ranker.rank(LIPSTICKS, found, 5, 0.0)} == {"razor-new-red", "razor-acme-red"}
    connections.close()


def test_a_ranking_leaves_the_number_of_threads_as_it_was(reranker, find):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        reranker.rank(LIPSTICKS, find("razor"), 5, 0.25)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("kind", ["Reranker", "Untrained"])
def test_nothing_to_rank_and_items_that_left_the_catalogue(kind, reranker, small_shop, find):
    ranker = reranker if kind == "Reranker" else Untrained(small_shop[0], vectors)
    assert ranker.rank(LIPSTICKS, [], 5, 0.25) == []
    assert ranker.rank([], [Candidate("gone", 1.0, ())], 5, 0.25) == []
    assert len(ranker.rank([], find("razor")[:2], 5, 0.25)) == 2
    assert ranker.rank([did("dislike", "razor-acme-red")], [Candidate("razor-acme-red", 1.0, ())], 5, 0.25) == []


def test_without_a_live_model_the_untrained_one_ranks(tmp_path, small_shop, material, training, find):
    catalog = small_shop[0]
    opened = open_reranker(tmp_path / "reranker", catalog, vectors)
    assert opened.version == "untrained"
    ranked = opened.rank([], find("razor"), 3, 0.0, request="razor")
    assert [one.item_id.split("-")[0] for one in ranked] == ["razor"] * 3
    assert ranked[0].reason.text == "matches “razor”"
    folder = save(tmp_path / "reranker", training, material[0].ids)
    go_live(folder)
    assert open_reranker(tmp_path / "reranker", catalog, vectors).version == folder.name
    (folder / "network.safetensors").unlink()
    assert open_reranker(tmp_path / "reranker", catalog, vectors).version == "untrained"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Short title", "Short title"),
        ("Trailhawk waterproof trail running shoes", "Trailhawk waterproof…"),
        ("Trailhawk waterproof - trail running", "Trailhawk waterproof…"),
        ("x" * 40, "x" * 23 + "…"),
    ],
)
def test_titles_are_cut_at_a_word(title, expected):
    assert shortened(title, 24) == expected
