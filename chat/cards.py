"""Cards: what the shopper sees of an item, every value taken from the record.

Pure. Knows what was found for which want; knows nothing of pages.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from chat.events import Card
from chat.found import Group
from chat.money import price_text
from chat.telling import first_sentence
from chat.want import Want, group_label, price_label, value_label
from retrieval.filters import Filter
from retrieval.items import Item
from retrieval.variants import MOST_VARIANTS, varying

VARIANTS_NAMED = 4  # of more colours or sizes only the number is said
FACTS = 2  # what fits under a title without making the shopper read


def make_cards(groups: Sequence[Group], wants: Sequence[Want], currency: str) -> tuple[Card, ...]:
    """One card an item, group after group, positions counting on; what breaks the want's filter is said on the card.

    ``wants``: what each group is shown for, which for items that were only pointed at is not what they were found by.
    """
    cards: list[Card] = []
    for group, want in zip(groups, wants, strict=True):
        heading = heading_of(group.name, want, currency) if len(groups) > 1 else ""
        for one in group.ranked:
            item = group.items[one.item_id]
            card = make_card(item, len(cards) + 1, one.reason.text, want.filter, want.words, currency)
            also = also_in(item, group.variants.get(item.id, ()))
            cards.append(card.model_copy(update={"mark": one.mark, "want": heading, "variants": also}))
    return tuple(cards)


def heading_of(name: str, want: Want, currency: str) -> str:
    """What stands over the cards of one of several wants: "Sleeping bag, under $80"."""
    parts = [name, price_label(want.filter, currency)]
    heading = ", ".join(part for part in parts if part)
    return heading[:1].upper() + heading[1:]


def also_in(item: Item, others: Sequence[Item]) -> str:
    """In what else a product comes, by the records of its other variants: "also in red, blue; 4 more sizes"."""
    said: list[str] = []
    for name, own in varying(item).items():
        held = (varying(other).get(name, ()) for other in others)
        # Of "navy, blue" the first is the shade and the second its plain name.
        values = list(dict.fromkeys(found[0] for found in held if found and found[0] != own[0]))
        if 0 < len(values) <= VARIANTS_NAMED:
            said.append(f"{'' if said else 'also in '}{', '.join(values)}")
        elif values:
            number = "many" if len(others) >= MOST_VARIANTS else len(values)  # there may be more than were looked at
            said.append(f"{number} more {name.lower().rstrip('s')}s")
    return "; ".join(said)


def make_card(item: Item, position: int, reason: str, asked: Filter, words: str, currency: str) -> Card:
    """The card of one item; ``words`` are what the shopper asked for, ``asked`` the hard constraints they stated."""
    return Card(
        item_id=item.id,
        position=position,
        title=item.title,
        brand=item.brand,
        price=item.price,
        price_text=price_text(item.price, item.currency or currency) if item.price is not None else "",
        picture_url=item.image_url,
        page_url=item.page_url,
        category=item.category,
        facts=facts(item, asked, words),
        reason=reason,
        outside=outside(item, asked, currency),
        rating=item.rating,
        rating_count=item.rating_count,
    )


def facts(item: Item, asked: Filter, words: str) -> tuple[str, ...]:
    """The two facts that matter most here: what was asked about first, then what the title does not say already.

    Of an item without attributes the beginning of its description.
    """
    lowered, title = words.lower(), item.title.lower()
    wanted = {name.lower() for name in (*asked.attributes, *(pair[0] for group in asked.one_of for pair in group))}
    ordered: list[tuple[int, str]] = []
    for name, values in item.attributes.items():
        # The name of a list of features says nothing that its values do not.
        text = ", ".join(values) if name.lower() in ("feature", "features") else f"{name}: {', '.join(values)}"
        if name.lower() in wanted:
            ordered.append((0, text))
        elif name.lower() in lowered or any(value.lower() in lowered for value in values):
            ordered.append((1, text))
        else:
            ordered.append((3 if all(value.lower() in title for value in values) else 2, text))
    ordered.sort(key=lambda entry: entry[0])
    chosen = [text for _, text in ordered[:FACTS]]
    if chosen and len(chosen) < FACTS and item.category:
        chosen.append(item.category[-1])
    if not chosen and (begins := first_sentence(item.description)):
        chosen.append(begins)  # the kind alone, under a title that says it, is no fact
    return tuple(chosen)


def outside(item: Item, asked: Filter, currency: str) -> tuple[str, ...]:
    """What the item breaks of what was asked, in words; empty for nearly every card."""
    said = (_WORDS[name](item, asked, currency) for name in asked.broken_by(item) if name in _WORDS)
    return tuple(dict.fromkeys(said))


def _money(amount: Decimal | None, currency: str) -> str:
    return price_text(amount, currency) if amount is not None else ""


_WORDS: dict[str, Callable[[Item, Filter, str], str]] = {
    "price_min": lambda item, asked, currency: (
        "price not given" if item.price is None else f"below your {_money(asked.price_min, currency)}"
    ),
    "price_max": lambda item, asked, currency: (
        "price not given" if item.price is None else f"over your {_money(asked.price_max, currency)}"
    ),
    "brands": lambda item, asked, currency: f"not {' or '.join(asked.brands)}",
    "excluded_brands": lambda item, asked, currency: f"from {item.brand}",
    "categories": lambda item, asked, currency: f"not in {' or '.join(path[-1] for path in asked.categories)}",
    "price_above": lambda item, asked, currency: (
        "price not given" if item.price is None else f"not over {_money(asked.price_above, currency)}"
    ),
    "price_below": lambda item, asked, currency: (
        "price not given" if item.price is None else f"not under {_money(asked.price_below, currency)}"
    ),
    "attributes": lambda item, asked, currency: ", ".join(
        f"not {value_label(name, values)}"
        for name, values in asked.attributes.items()
        if Filter(attributes={name: values}, in_stock_only=False).broken_by(item)
    ),
    "one_of": lambda item, asked, currency: ", ".join(
        f"not {group_label(group)}"
        for group in asked.one_of
        if Filter(one_of=(group,), in_stock_only=False).broken_by(item)
    ),
    "excluded_attributes": lambda item, asked, currency: (
        "has " + ", ".join(value for values in asked.excluded_attributes.values() for value in values)
    ),
    "excluded_terms": lambda item, asked, currency: f"may have {' or '.join(asked.excluded_terms)}",
    "rating_min": lambda item, asked, currency: f"rated below {asked.rating_min:g}",
    "in_stock_only": lambda item, asked, currency: "out of stock",
}
