"""The figures that only a shop with times, kinds and ratings has, on a small one."""

import pytest
from small_shop_data import SETTINGS, events, items

from bench.demo_figures import demo_figures
from ranking import folder as model_folder
from ranking.history import Event, Events
from ranking.material import Material
from ranking.training import train
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.embeddings import EmbeddingCache

MONTH_S = 30 * 86_400.0
FIGURES = ["recall@10", "ndcg@10"]


@pytest.fixture(scope="module")
def figures(tmp_path_factory, minilm):
    home = tmp_path_factory.mktemp("demo")
    connections, encoder = Connections(home / "shop.sqlite3"), minilm
    bought = [event.model_copy(update={"id": "", "time": 1.6e9 + (event.time - 1.7e9) * MONTH_S}) for event in events()]
    bought = [Event.model_validate(event.model_dump()) for event in bought]
    rated = [
        Event(
            shopper_id=event.shopper_id,
            kind="rating",
            item_id=event.item_id,
            rating=5 - number % 2,
            time=event.time + 9,
        )
        for number, event in enumerate(bought)
    ]
    Catalog(connections).upsert(items())
    Events(connections).add([*bought, *rated])
    cache = EmbeddingCache(home / "embeddings.sqlite3")
    material = Material.gather(Catalog(connections), Events(connections), encoder, cache)
    training = train(material.table, material.items, material.tracks, material.encode, SETTINGS, measure=False)
    model_folder.save(home / "rerankers", training, material.table.ids)
    cache.close()
    connections.close()
    return demo_figures(home, encoder, lambda what, done, total: None, quick=False)


def test_ratings_are_foretold_beside_plain_averages(figures):
    assert figures["ratings"] >= 60
    assert all(0 < figures[f"{name}mae"] < 1.5 for name in ("", "mean.", "item_mean.", "shopper_mean."))
    assert figures["mae.less_than.item_mean"] == pytest.approx(figures["item_mean.mae"] - figures["mae"])
    assert figures["like.accuracy"] > 0.7


def test_drift_is_told(figures):
    assert figures["drift.purchase.before"] == figures["drift.rating.before"] > 0
    assert figures["drift.kinds_psi"] == pytest.approx(0, abs=1e-3)
    assert 0 <= figures["drift.top_items_kept"] <= 1


def test_time_and_shoppers_are_held_out_by_models_of_their_own(figures):
    assert figures["split.shoppers.cases"] == 12
    assert figures["split.time.cases"] > 20
    for way in ("time", "shoppers"):
        assert all(figures[f"split.{way}.{name}.low"] <= figures[f"split.{way}.{name}"] for name in FIGURES)
        assert figures[f"split.{way}.ndcg@10"] > figures[f"split.{way}.popularity.ndcg@10"]
