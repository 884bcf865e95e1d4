"""A small shop with tastes that can be learned: makers, categories, and shoppers who keep to a few of them."""

import hashlib
import random
from decimal import Decimal

import numpy as np

from ranking.history import Event
from ranking.settings import BlendSettings, SequenceSettings, TrainingSettings
from retrieval.items import Item

KINDS = ("Lipstick", "Razor", "Shampoo", "Candle", "Tent", "Lantern", "Mug", "Kettle")
MAKERS = ("Acme", "Borel", "Corvo", "Dune", "Elka")
COLOURS = ("red", "blue", "green", "black")
DIMENSION = 256
SETTINGS = TrainingSettings(
    epochs=10,
    batch=32,
    learning_rate=1e-2,
    sequence=SequenceSettings(epochs=4, width=16, batch=16, learning_rate=1e-2),
    blend=BlendSettings(epochs=2),
)


def items() -> list[Item]:
    """160 items: each kind by each maker in each colour."""
    made = []
    for kind in KINDS:
        for maker in MAKERS:
            for number, colour in enumerate(COLOURS):
                made.append(
                    Item(
                        id=f"{kind}-{maker}-{colour}".lower(),
                        title=f"{maker} {colour} {kind.lower()}",
                        category=("Shop", kind),
                        brand=maker,
                        price=Decimal(10 + number),
                        currency="EUR",
                        attributes={"colour": (colour,)},
                        rating=3.5 + 0.3 * number,
                        rating_count=20,
                    )
                )
    return made


def encode(texts) -> np.ndarray:
    """Unit vectors of words: texts that share words are near."""
    made = np.zeros((len(texts), DIMENSION), np.float32)
    for row, text in zip(made, texts, strict=True):
        for word in text.lower().split():
            row[hashlib.sha256(word.encode()).digest()[0]] += 1
    return made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-6)


def vectors(ids) -> np.ndarray:
    """Vectors of the items with these ids."""
    return encode([" ".join(item_id.split("-")) for item_id in ids])


def events(shoppers: int = 60, seed: int = 5) -> list[Event]:
    """Each shopper buys one maker's goods, walking from kind to kind in the order of KINDS, mostly in one colour."""
    stream = random.Random(seed)
    made = []
    for number in range(shoppers):
        maker, colour, at = stream.choice(MAKERS), stream.choice(COLOURS), stream.randrange(len(KINDS))
        for step in range(stream.randint(5, 8)):
            shade = colour if stream.random() < 0.8 else stream.choice(COLOURS)
            item_id = f"{KINDS[(at + step) % len(KINDS)]}-{maker}-{shade}".lower()
            made.append(Event(shopper_id=f"s{number:03}", kind="purchase", item_id=item_id, time=1.7e9 + step))
    return made
