"""Hard constraints on items, exact: what passes satisfies every one of them.

Knows the Item and nothing of SQL, vectors or conversation. ``retrieval.columns`` makes a mask of a Filter; a test holds
the two to the same answers.
"""

import re
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from retrieval.items import Item

PRICE_BOUNDS = ("price_min", "price_max", "price_above", "price_below")  # the fields of a Filter that bound the price


class Filter(BaseModel):
    """What an item must satisfy. Empty fields constrain nothing; comparison of text ignores case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    price_min: Decimal | None = None  # inclusive, in the shop's currency
    price_max: Decimal | None = None  # inclusive; an item without a price satisfies no price bound
    price_above: Decimal | None = None  # exclusive: dearer than something that was seen
    price_below: Decimal | None = None  # exclusive: cheaper than something that was seen
    brands: tuple[str, ...] = ()  # any of
    excluded_brands: tuple[str, ...] = ()
    categories: tuple[tuple[str, ...], ...] = ()  # any of these path prefixes
    excluded_categories: tuple[tuple[str, ...], ...] = ()  # none of these path prefixes; no category is none of them
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # for each name, any of the values
    one_of: tuple[tuple[tuple[str, str], ...], ...] = ()  # of each group, any of these (attribute name, value) pairs
    excluded_attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # none of the values
    excluded_terms: tuple[str, ...] = ()  # whole words that stand in neither title, category nor attribute values
    rating_min: float | None = Field(None, allow_inf_nan=False)
    in_stock_only: bool = True
    excluded_ids: tuple[str, ...] = ()

    @property
    def highest(self) -> Decimal | None:
        """The upper bound on the price, inclusive or not; None if there is none."""
        return min((bound for bound in (self.price_max, self.price_below) if bound is not None), default=None)

    @property
    def lowest(self) -> Decimal | None:
        """The lower bound on the price, inclusive or not; None if there is none."""
        return max((bound for bound in (self.price_min, self.price_above) if bound is not None), default=None)

    def matches(self, item: Item) -> bool:
        """True if the item satisfies every constraint."""
        return not self.broken_by(item)

    def broken_by(self, item: Item) -> list[str]:
        """Names of the fields whose constraint the item breaks, in the order of the fields; empty if it matches."""
        price = item.price
        values = {name.lower(): {value.lower() for value in held} for name, held in item.attributes.items()}
        path = tuple(part.lower() for part in item.category)
        words = words_of(item)
        checks = {
            "price_min": self.price_min is not None and (price is None or price < self.price_min),
            "price_max": self.price_max is not None and (price is None or price > self.price_max),
            "price_above": self.price_above is not None and (price is None or price <= self.price_above),
            "price_below": self.price_below is not None and (price is None or price >= self.price_below),
            "brands": bool(self.brands) and item.brand.lower() not in {brand.lower() for brand in self.brands},
            "excluded_brands": item.brand.lower() in {brand.lower() for brand in self.excluded_brands},
            "categories": bool(self.categories) and not any(_is_prefix(prefix, path) for prefix in self.categories),
            "excluded_categories": any(_is_prefix(prefix, path) for prefix in self.excluded_categories),
            "attributes": any(
                not values.get(name.lower(), set()) & {value.lower() for value in wanted}
                for name, wanted in self.attributes.items()
            ),
            "one_of": any(
                not any(value.lower() in values.get(name.lower(), set()) for name, value in group)
                for group in self.one_of
            ),
            "excluded_attributes": any(
                values.get(name.lower(), set()) & {value.lower() for value in refused}
                for name, refused in self.excluded_attributes.items()
            ),
            "excluded_terms": any(contains_term(words, term) for term in self.excluded_terms),
            "rating_min": self.rating_min is not None and (item.rating is None or item.rating < self.rating_min),
            "in_stock_only": self.in_stock_only and not item.in_stock,
            "excluded_ids": item.id in self.excluded_ids,
        }
        return [name for name, broken in checks.items() if broken]


def _is_prefix(prefix: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return path[: len(prefix)] == tuple(part.lower() for part in prefix)


def words_of(item: Item) -> str:
    """The text in which excluded terms are looked for: title, category and attribute values."""
    return " ".join([item.title, *item.category, *(value for held in item.attributes.values() for value in held)])


def contains_term(text: str, term: str) -> bool:
    """True if the term stands in the text as whole words, in any case: "tea" is in "Tea set" and not in "steam"."""
    # Folded first, so that whatever is found here is also a plain substring of the folded text: SQL can narrow by that.
    return re.search(rf"(?<!\w){re.escape(term.casefold())}(?!\w)", text.casefold()) is not None
