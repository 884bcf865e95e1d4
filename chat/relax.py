"""What to give up when nothing satisfies every constraint, least important first.

Pure. Refusals ("not leather", "not that one") are never given up: to show what was refused is worse than nothing.
"""

from collections.abc import Iterator

from retrieval.filters import PRICE_BOUNDS, Filter


def relaxations(asked: Filter) -> Iterator[tuple[str, Filter]]:
    """Looser filters with the name of what each gives up, each looser than the one before.

    The kind of thing (category) goes last: a shopper who asked for boots under $20 wants to see boots.
    """
    relaxed = asked
    if asked.rating_min is not None:
        relaxed = relaxed.model_copy(update={"rating_min": None})
        yield "rating", relaxed
    if asked.highest is not None or asked.lowest is not None:
        relaxed = relaxed.model_copy(update=dict.fromkeys(PRICE_BOUNDS))
        yield "price", relaxed
    for count in reversed(range(len(asked.one_of))):
        relaxed = relaxed.model_copy(update={"one_of": asked.one_of[:count]})
        yield "attribute", relaxed
    for name in reversed(asked.attributes):
        left = {other: values for other, values in relaxed.attributes.items() if other != name}
        relaxed = relaxed.model_copy(update={"attributes": left})
        yield name, relaxed
    if asked.brands:
        relaxed = relaxed.model_copy(update={"brands": ()})
        yield "brand", relaxed
    if asked.in_stock_only:
        relaxed = relaxed.model_copy(update={"in_stock_only": False})
        yield "stock", relaxed
    if asked.categories:
        yield "category", relaxed.model_copy(update={"categories": ()})
