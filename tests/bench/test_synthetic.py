from decimal import Decimal
from pathlib import Path

import numpy as np

from bench.mixing import Mixer, neighbours
from bench.synthetic import CAPS, Assortment
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import MiniLMEncoder


def test_an_item_is_the_same_whatever_the_catalogue_s_size() -> None:
    items = list(Assortment().items(60))
    assert [item.id for item in items] == [f"s-{number:08d}" for number in range(60)]
    assert list(Assortment().items(7)) == items[:7]
    assert list(Assortment().items(20, 30)) == items[30:50]
    assert list(Assortment(seed=1).items(6)) != items[:6]


def test_items_are_like_a_shop_s() -> None:
    items = list(Assortment().items(3000))
    words = [len(item.title.split()) for item in items]
    prices = [float(item.price or 0) for item in items]
    products = {item.group_id for item in items if item.group_id}
    assert 6 <= np.percentile(words, 5) <= np.percentile(words, 95) <= 12
    assert 20 < np.median(prices) < 50 < np.percentile(prices, 90) < max(prices)
    assert all(len(item.category) == 3 and item.brand and item.attributes for item in items)
    assert 600 < len(products) < 900
    assert 0.03 < np.mean([item.stock == 0 for item in items]) < 0.12


def test_every_ask_caps_the_price_and_the_caps_go_from_wide_to_narrow() -> None:
    asks = Assortment().asks(4 * len(CAPS))
    items = list(Assortment().items(6000))
    shares = [np.mean([ask.filter.price_max >= item.price for item in items]) for ask in asks[: len(CAPS)]]
    assert np.abs(np.array(shares) - CAPS).max() < 0.05
    assert all(ask.query and len(ask.descriptions) == 2 for ask in asks)
    assert all(isinstance(ask.filter.price_max, Decimal) for ask in asks)
    assert Assortment().asks(4 * len(CAPS)) == asks


def test_mixed_vectors_are_as_near_to_one_another_as_encoded_ones(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    assortment, cache = Assortment(), EmbeddingCache(tmp_path / "embeddings.sqlite3")
    encoded = list(assortment.items(240))
    mixer = Mixer(encoded, cache, minilm)
    more = list(assortment.items(120, 600))
    mixer.fill(iter(more), len(more), lambda *_: None)
    titles = cache.encode([item.title for item in more], minilm)
    assert cache.missing([item.encoder_text() for item in more], minilm.name) == []
    assert np.linalg.norm(titles, axis=1).round(2).tolist() == [1.0] * len(more)
    assert np.median(neighbours(titles)) < 0.999
    assert abs(np.median(mixer.real) - np.median(mixer.mixed)) < 0.05
    assert mixer.vectors(more)[0].tobytes() == mixer.vectors(more)[0].tobytes()
