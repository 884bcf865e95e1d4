"""The demo shop's items, drawn from the assortment with a fixed seed.

Knows how a title, a description, a price and a stock come about. Knows nothing of shoppers or drawings.
Each leaf has its own random stream, so that a change in one leaf leaves the items of the others as they were.
"""

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from demo.assortment import TIERS, Brand, Department, Kind, Leaf
from demo.colours import family, slug
from retrieval.items import Item

SHOP = "Harbour & Pine"
CURRENCY = "USD"
VARIANTS = (1, 1, 1, 2, 2, 3)  # in how many colours a product that has a colour comes
IN_SIZES = 0.4  # of the products of a leaf whose titles name a size, how many come in more than one
SOLD_OUT = 0.05  # share of the items of which none is left
_TRIES = 400  # draws for a free title before a leaf is called too poor in choices

Attributes = dict[str, tuple[str, ...]]


def items(shop: Sequence[Department], seed: int) -> list[Item]:
    """Every item, in a fixed order; ids are ``hp-`` and five digits. Raises ValueError where titles run out.

    The colours and sizes of one product share a ``group_id``. Further sizes come last, so that they change no id.
    """
    titles: set[str] = set()
    made: list[Item] = []
    sizes: list[Item] = []
    for department in shop:
        for leaf in department.leaves:
            stream = random.Random(f"{seed}/{department.name}/{leaf.name}")
            for product in _leaf_products(department, leaf, titles, stream):
                number = len(made) + 10001
                others = [item for item in _other_sizes(leaf, product[0], seed) if item.title not in titles]
                titles.update(item.title for item in others)
                group = {"group_id": f"hp-group-{number}"} if len(product) + len(others) > 1 else {}
                made += [item.model_copy(update={"id": f"hp-{number + n}", **group}) for n, item in enumerate(product)]
                sizes += [item.model_copy(update=group) for item in others]
    return made + [item.model_copy(update={"id": f"hp-{len(made) + n}"}) for n, item in enumerate(sizes, 10001)]


def _other_sizes(leaf: Leaf, item: Item, seed: int) -> list[Item]:
    """The same product in one or two other sizes, where its leaf sells by size and says what each costs."""
    stream = random.Random(f"{seed}/sizes/{item.title}")
    own = item.attributes.get("size", ("",))[0]
    sizes = [size for size in leaf.pick.get("size", {}) if size != own]
    if own not in leaf.pick.get("size", {}) or own not in item.title or stream.random() > IN_SIZES:
        return []
    chosen = stream.sample(sizes, stream.choice((1, min(2, len(sizes)))))
    return [_in_size(leaf, item, own, size, stream) for size in sizes if size in chosen]


def _in_size(leaf: Leaf, item: Item, own: str, size: str, stream: random.Random) -> Item:
    factor = leaf.scale.get(size, 1.0) / leaf.scale.get(own, 1.0)
    count = int(min(2400, stream.lognormvariate(3.6, 1.25)))
    return item.model_copy(
        update={
            "title": item.title.replace(own, size),
            "attributes": item.attributes | {"size": (size,)},
            "price": _price(float(item.price or 0) * factor, stream),
            "stock": 0 if stream.random() < SOLD_OUT else int(stream.lognormvariate(3.1, 0.9)) + 1,
            "rating": round(min(5.0, (item.rating or 4.0) + stream.gauss(0, 0.12)), 1) if count >= 3 else None,
            "rating_count": count if count >= 3 else 0,
        }
    )


def _leaf_products(department: Department, leaf: Leaf, titles: set[str], stream: random.Random) -> Iterator[list[Item]]:
    left = leaf.count
    kinds = _dealt(leaf.kinds, stream)
    brands = [brand for brand in department.brands if not brand.only or leaf.name in brand.only]
    for _ in range(_TRIES):
        if left == 0:
            return
        kind = next(kinds)
        brand = stream.choices(brands, [1.25 if brand.tier == 2 else 1.0 for brand in brands])[0]
        chosen = _attributes(leaf, kind, brand, stream)
        if chosen is None:
            continue
        family_of_product = _product(department, leaf, kind, brand, chosen, stream, left)
        if any(item.title in titles for item in family_of_product):
            continue
        titles.update(item.title for item in family_of_product)
        left -= len(family_of_product)
        yield family_of_product
    raise ValueError(f"leaf {leaf.name!r}: {left} items short of {leaf.count}; give it more kinds, lines or colours")


def _dealt(kinds: Sequence[Kind], stream: random.Random) -> Iterator[Kind]:
    """Kinds without end, each as often as any other, in shuffled rounds."""
    while True:
        round_ = list(kinds)
        stream.shuffle(round_)
        yield from round_


def _attributes(leaf: Leaf, kind: Kind, brand: Brand, stream: random.Random) -> Attributes | None:
    """The chosen attributes, or None where the kind needs something that this brand never uses."""
    if any(value in brand.never for values in kind.attributes.values() for value in values):
        return None
    chosen: Attributes = {}
    for name, options in leaf.pick.items():
        if name not in kind.attributes and name not in kind.without:
            values = [value for value in options if value not in brand.never]
            if not values:
                return None
            chosen[name] = (stream.choices(values, [3.0 if value in brand.likes else 1.0 for value in values])[0],)
    for name, run in leaf.range.items():
        if name not in kind.attributes and name not in kind.without:
            start = stream.randrange(0, max(1, len(run) // 3))
            chosen[name] = run[start : len(run) - stream.randrange(0, max(1, len(run) // 3))]
    for name, options in leaf.some.items():
        if name not in kind.attributes and name not in kind.without:
            values = [value for value in options if value not in brand.never]
            held = stream.sample(values, min(len(values), stream.choice((1, 2, 2, 3))))
            chosen[name] = tuple(value for value in options if value in held)
    return chosen | dict(kind.attributes)


def _product(
    department: Department,
    leaf: Leaf,
    kind: Kind,
    brand: Brand,
    chosen: Attributes,
    stream: random.Random,
    most: int,
) -> list[Item]:
    """One product in one or more colours: same words, same price, its own title, stock and rating each."""
    line = stream.choice(department.lines)
    form = stream.randrange(6)
    words = _description(leaf, kind, brand, chosen, stream)
    worth = math.prod(leaf.scale.get(value, 1.0) for name in leaf.pick for value in chosen.get(name, ()))
    price = _price(leaf.price * kind.factor * worth * TIERS[brand.tier] * stream.uniform(0.87, 1.16), stream)
    quality = min(4.9, max(2.6, stream.gauss(4.15 + 0.12 * (brand.tier - 2), 0.38)))
    colours: list[tuple[str, ...]] = [chosen.get("colour", ())]
    palette = [value for value in leaf.pick.get("colour", {}) if (value,) != colours[0] and value not in brand.never]
    if "colour" in leaf.show and "colour" not in kind.attributes and colours[0]:
        more = min(stream.choice(VARIANTS), most, len(palette) + 1) - 1
        colours += [(value,) for value in stream.sample(palette, more)]
    return [
        _item(
            leaf,
            brand,
            chosen | ({"colour": colour} if colour else {}),
            kind,
            line,
            form,
            words,
            price,
            quality,
            stream,
        )
        for colour in colours
    ]


def _item(
    leaf: Leaf,
    brand: Brand,
    chosen: Attributes,
    kind: Kind,
    line: str,
    form: int,
    words: str,
    price: Decimal,
    quality: float,
    stream: random.Random,
) -> Item:
    count = int(min(2400, stream.lognormvariate(3.6, 1.25)))
    attributes = dict(sorted(chosen.items(), key=lambda pair: pair[0] != "colour"))
    shade = chosen.get("colour", ("",))[0]
    if shade:
        attributes["colour"] = tuple(dict.fromkeys((shade, *chosen["colour"], family(shade))))
    return Item(
        id="-",
        title=_title(leaf, kind, brand.name, line, form, chosen),
        description=words,
        category=leaf.path,
        brand=brand.name,
        price=price,
        currency=CURRENCY,
        attributes=attributes,
        image_url=f"/pictures/{picture_name(kind.draw or leaf.name, shade)}.svg",
        stock=0 if stream.random() < SOLD_OUT else int(stream.lognormvariate(3.1, 0.9)) + 1,
        rating=round(min(5.0, max(1.5, quality + stream.gauss(0, 0.12))), 1) if count >= 3 else None,
        rating_count=count if count >= 3 else 0,
    )


def picture_name(drawing: str, shade: str) -> str:
    """The stem of the file that the items with one drawing and one colour share."""
    return f"{slug(drawing)}-{slug(shade)}" if shade else slug(drawing)


def _title(leaf: Leaf, kind: Kind, brand: str, line: str, form: int, chosen: Attributes) -> str:
    shown = [chosen[name][0] for name in leaf.show if name in chosen]
    noun = kind.name
    tail = [value for value in shown if not re.search(rf"(?<!\w){re.escape(value)}(?!\w)", noun, re.IGNORECASE)]
    amount = [value for value in tail if value[0].isdigit()]
    tail = [value for value in tail if not value[0].isdigit()]
    named = " ".join([f"{brand} {noun}" if form == 0 else f"{brand} {line} {noun}", *amount])
    if not tail:
        return named
    if form == 1:
        return f"{named} in {' and '.join(tail)}"
    if form == 2:
        return f"{named} ({', '.join(tail)})"
    return f"{named}, {', '.join(tail)}"


def _description(
    leaf: Leaf, kind: Kind, brand: Brand, chosen: Mapping[str, tuple[str, ...]], stream: random.Random
) -> str:
    """Two to four sentences: what it is, what a value means, whom it is for, how to keep it or who made it."""
    facts = [
        sentence
        for group in (leaf.pick, leaf.some)
        for name, options in group.items()
        for value in chosen.get(name, ())
        if (sentence := options.get(value, ""))
    ]
    parts = [stream.choice(kind.say)] if kind.say else []
    if facts and stream.random() < 0.8:
        parts.append(stream.choice(facts))
    parts.append(stream.choice(leaf.use))
    if len(parts) < 4 and stream.random() < 0.7:
        parts.append(stream.choice(brand.say if brand.say and stream.random() < 0.3 else leaf.care))
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)


def _price(amount: float, stream: random.Random) -> Decimal:
    """An amount as shops write it: whole dollars or just below for dear things, .25 to .99 for small ones."""
    if amount < 12:
        ending = stream.choice(("0.00", "0.25", "0.50", "0.75", "0.95", "0.99"))
    elif amount < 70:
        ending = stream.choice(("0.00", "0.50", "0.95", "0.95", "0.99"))
    else:
        ending = stream.choice(("0.00", "0.00", "0.95", "0.99"))
    return Decimal(max(2, round(amount - 0.5))) + Decimal(ending)
