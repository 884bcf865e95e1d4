"""What a message seems to ask for, and nothing like what is described has: misread words.

Who asks for something to "jazz up plain popcorn" wants no pattern, and of what helps a cat that shreds sofas no record
says whom it is for. Only what a taught LLM describes can tell, and only where the words name nothing: then it is looked
up what the things of that description state. Knows the grounder and the catalogue; asks no LLM.
"""

import re
from collections.abc import Sequence

from chat.relax import without
from chat.want import Want
from chat.words import forms
from retrieval.catalog import Catalog
from retrieval.filters import Filter
from retrieval.ground import Ask, Grounder
from retrieval.items import Item

LOOKED_AT = 8  # items that the description finds
CATEGORY = "category"
# Nobody is served what may harm or not fit them because a record is silent.
_FIRM = re.compile(
    r"size|\bage\b|diet|allerg|\bfree\b|\bsafe|proof\b|\bnon-|\bno |vegan|vegetarian|halal|kosher|organic|fragrance"
    r"|sensitive",
    re.IGNORECASE,
)

_TIMES = frozenset({"season", "month", "occasion", "time"})


def as_described(
    want: Want, before: Filter, message: str, grounder: Grounder, catalog: Catalog, *, implied: bool = False
) -> Want:
    """The want less the attributes that none of the things which its description finds states, and less a category
    that is only ``implied`` ("in winter" stands for gloves where nothing else is for winter).

    ``before``: the filter as it stood before the message; what it held already was asked for, and stays, as does what
    the ``message`` asks for outright: "something red", "for my dog".
    """
    limits = want.filter
    read = _read_of(limits, before, message)
    if implied and limits.categories != before.categories:
        read[CATEGORY] = ()
    if not want.taught or not want.descriptions or not read:
        return want
    loose = want.model_copy(update={"filter": without(limits, tuple(read))}).hard_filter()
    found = grounder.ground_many([Ask(want.descriptions, want.words, loose, LOOKED_AT, trusted=True)])[0]
    if found.named:
        return want
    items = list(catalog.many([candidate.item_id for candidate in found.candidates]).values())
    gone = tuple(key for key, names in read.items() if not _has(items, key, names, limits))
    if not gone:
        return want
    topic = "" if CATEGORY in gone else want.topic  # nobody named that thing
    return want.model_copy(update={"filter": without(limits, gone), "topic": topic})


def _read_of(limits: Filter, before: Filter, message: str) -> dict[str, tuple[str, ...]]:
    """The attributes' names of each constraint of the message that may be left out, as ``chat.relax`` names it."""
    held = {
        f"attribute:{name}": [(name, value) for value in values]
        for name, values in limits.attributes.items()
        if values != before.attributes.get(name)
    }
    held |= {f"one_of:{at}": list(group) for at, group in enumerate(limits.one_of) if group not in before.one_of}
    return {
        key: tuple(name.lower() for name, _ in pairs)
        for key, pairs in held.items()
        if not any(_FIRM.search(f"{name} {value}") or _asks_for(message, name, value) for name, value in pairs)
    }


def _asks_for(message: str, name: str, value: str) -> bool:
    """True if the value stands where something is asked for, and not where something is told."""
    words = "|".join(re.escape(form) for form in forms(value.lower()))
    asked = r"something|anything|some|ones?|with|made (?:of|from)|must be|should be|(?:want|need|like|prefer)(?: an?)?"
    asked += r"|for(?: (?:my|our|his|her|their|the|an?))?"
    asked += "" if name.lower() in _TIMES else "|in"  # "my hands crack in winter" asks for nothing
    before = rf"\b(?:{asked}) (?:(?:an?|really|very|nice|old|young|little|big) )*(?:{words})\b"
    return re.search(rf"{before}|\b(?:{words})(?: one)?,? please\b", message, re.IGNORECASE) is not None


def _has(items: Sequence[Item], key: str, names: Sequence[str], limits: Filter) -> bool:
    """Whether any of the items states such an attribute, or lies in the category."""
    if key == CATEGORY:
        within = Filter(categories=limits.categories, in_stock_only=False)
        return any(within.matches(item) for item in items)
    return any(name.lower() in names for item in items for name in item.attributes)
