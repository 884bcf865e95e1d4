"""The bench of the reranker, on a small shop in the form of the real data."""

import csv
import json

import pytest
from small_shop_data import events, items

from bench.beauty import beauty_items, measure
from chat.settings import Settings
from ranking.features import GROUPS
from retrieval.encoder import MiniLMEncoder, ensure_encoder

OURS = ["popularity", "same_category", "content", "item_cosine", "item_pearson", "shopper_cosine", "shopper_pearson"]
OURS += ["ease", "transitions", "logistic", "svm", "network", "sequence"]
TOGETHER = ["blend.average", "blend.weighted", "blend.network", "shipped"]
PEERS = ["peer.als", "peer.bpr", "peer.item_cosine", "peer.item_bm25"]
METRICS = ["recall@5", "ndcg@5", "mrr@5", "recall@10", "ndcg@10", "mrr@10", "auc"]


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beauty")
    with (folder / "items.jsonl").open("w") as lines:
        for item in items():
            row = {"item_id": item.id, "asin": item.id, "title": item.title, "categories": [list(item.category)]}
            lines.write(json.dumps(row) + "\n")
    with (folder / "interactions.csv").open("w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(["user_id", "item_id", "position"])
        writer.writerows([event.shopper_id, event.item_id, int(event.time - 1.7e9)] for event in events())
    settings = Settings()
    encoder = MiniLMEncoder(ensure_encoder(settings.models))
    (folder / "home").mkdir()
    return measure(beauty_items(folder), folder / "interactions.csv", folder / "home", encoder, settings, quick=True)


def test_every_model_and_peer_is_measured_in_the_same_run(figures):
    measured = {name for name in figures if name.endswith(".auc") and not name.startswith("cold.")}
    names = [*OURS, *TOGETHER, *PEERS]
    assert measured == {f"{name}.auc" for name in names}
    assert all(0 <= figures[f"{name}.{metric}"] <= 1 for name in names for metric in METRICS)
    assert figures["shipped.ndcg@10"] in [figures[f"{name}.ndcg@10"] for name in [*OURS, *TOGETHER[:-1]]]
    assert figures["shipped.ndcg@10"] > max(figures["popularity.ndcg@10"], figures["same_category.ndcg@10"])


def test_each_group_of_features_that_says_anything_here_is_left_out_once(figures):
    silent = {"record", "times", "visit", "searches"}  # this shop has no prices, ratings, times or searches
    without = [name.split(".")[1] for name in figures if name.startswith("without.") and name.endswith("ndcg@10")]
    assert without == ["nothing", *(group for group in GROUPS if group not in silent)]


def test_cold_starts_are_measured_apart(figures):
    for few in (0, 1, 2):
        assert figures[f"cold.{few}_events"] == figures["shoppers"]
    auc = [figures[f"cold.{few}_events.shipped.auc"] for few in (0, 1, 2)]
    assert auc[1] > auc[0] + 0.1
    assert figures["cold.1_events.shipped.auc"] > figures["cold.1_events.popularity.auc"]


def test_a_request_and_a_history_are_measured_alone_and_together(figures):
    alone = [figures["request.hit@10"], figures["grounding.hit@10"], figures["history.hit@10"]]
    assert figures["request.found"] >= figures["both.hit@10"] > 0
    assert figures["both.gain"] == pytest.approx(figures["both.hit@10"] / max(alone))
