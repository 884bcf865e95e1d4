"""What one message states: its constraints, as far as they were read, and the text that is left to read.

Pure data. How each kind of constraint is worded, ``chat.pricing``, ``chat.indifference`` and ``chat.values`` know.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from chat.mentions import Mention
from chat.money import Money
from chat.references import Reference
from chat.refusals import BLANK
from chat.want import Order


@dataclass
class Constraints:
    """What one message constrains. ``rest`` is the text with all of this blanked out."""

    rest: str = ""
    price: Money | None = None
    price_below: Decimal | None = None  # by comparison with what is shown
    price_above: Decimal | None = None
    stretch: bool = False  # "a bit more": the bound is raised by a quarter
    cheaper: bool = False
    rating_min: float | None = None
    in_stock_only: bool | None = None
    order: Order = ""
    brands: list[str] = field(default_factory=list)
    attributes: dict[str, list[str]] = field(default_factory=dict)
    groups: list[tuple[tuple[str, str], ...]] = field(default_factory=list)  # each: one of these pairs must hold
    who: list[tuple[int, int]] = field(default_factory=list)  # words for whom it is, which are in the rest as well
    counted: bool = False  # a value with a number was read: "500 g"
    adds: bool = False  # "lavender is fine too": a value widens what was asked for rather than replacing it
    categories: list[Mention] = field(default_factory=list)  # wherever they stand; which is wanted, need decides
    implied: Mention | None = None  # the only kind of thing that has the properties asked for, where none is named
    excluded_brands: list[str] = field(default_factory=list)
    excluded_attributes: dict[str, list[str]] = field(default_factory=dict)
    excluded_terms: list[str] = field(default_factory=list)
    relaxed: list[str] = field(default_factory=list)  # attribute names, "brand", "price", "rating"
    optional: dict[str, list[str]] = field(
        default_factory=dict
    )  # values that need not be: "doesn't have to be waterproof"
    references: list[Reference] = field(default_factory=list)
    no_preference: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def any_set(self) -> bool:
        """True if something other than a category or a reference was read."""
        return bool(
            self.price or self.price_below is not None or self.price_above is not None or self.stretch or self.cheaper
            or self.rating_min is not None or self.in_stock_only is not None or self.order or self.brands
            or self.attributes or self.groups or self.excluded_brands or self.excluded_attributes or self.excluded_terms
            or self.relaxed or self.optional or self.no_preference
        )  # fmt: skip

    def blank(self, span: tuple[int, int]) -> None:
        """Take what stands there out of the rest: it was read."""
        start, end = span
        self.rest = self.rest[:start] + BLANK * (end - start) + self.rest[end:]


def overlaps(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """True if the spans share a place."""
    return a[0] < b[1] and b[0] < a[1]
