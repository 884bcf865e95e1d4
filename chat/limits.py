"""What a message's constraints make of a want: its filter with the new ones merged in.

Pure. A new value replaces the old one of the same kind, unless things have several at once or it is added by words.
"""

from decimal import Decimal

from chat.constraints import Constraints
from chat.lexicon import has_many
from chat.mentions import Mention
from chat.want import Want, without_excluded

STRETCH = Decimal("1.25")  # "a bit more" raises the cap by a quarter


def constrained(want: Want, read: Constraints, category: Mention | None) -> tuple[Want, tuple[str, ...]]:
    """The want with the message's constraints merged in: a new value replaces the old one of the same kind."""
    limits, dropped = want.filter, []
    update: dict[str, object] = {}
    low, high, above, below = limits.price_min, limits.price_max, limits.price_above, limits.price_below
    if "price" in read.relaxed:
        dropped.append("price")
        low = high = above = below = None
    if "price_min" in read.relaxed:
        dropped.append("price")
        low = above = None
    if read.price and read.price.bare:
        if limits.price_max is not None or limits.price_min is None:
            high, below = read.price.high, None
        else:
            low, above = read.price.high, None
    elif read.price:
        low, high = read.price.low, read.price.high
        if read.price.low is None and limits.price_min is not None and limits.price_min < (high or 0):
            low = limits.price_min
        if read.price.high is None and limits.price_max is not None and limits.price_max > (low or 0):
            high = limits.price_max
        # What was named in figures says more than an earlier "cheaper" or "dearer".
        above = below = None
    if read.price_below is not None:
        below, above = read.price_below, None
        low = None if low is not None and low >= below else low
    if read.price_above is not None:
        above, below = read.price_above, None
        high = None if high is not None and high <= above else high
    if read.stretch and limits.price_max is not None and not read.price:
        high = (limits.price_max * STRETCH).quantize(Decimal(1))
    update |= {"price_min": low, "price_max": high, "price_above": above, "price_below": below}
    brands = limits.brands if not read.brands else tuple(dict.fromkeys(read.brands))
    excluded_brands = tuple(dict.fromkeys((*limits.excluded_brands, *read.excluded_brands)))
    excluded_brands = tuple(brand for brand in excluded_brands if brand not in read.brands)
    attributes = dict(limits.attributes)
    for name, said in read.attributes.items():
        if read.adds and set(said) <= set(limits.excluded_attributes.get(name, ())):
            continue  # "green is fine again" takes a refusal back, and asks for no green
        kept = attributes.get(name, ()) if read.adds else ()
        attributes[name] = tuple(dict.fromkeys((*kept, *said)))
    one_of = list(limits.one_of)
    for group in read.groups:
        _also(group, attributes, one_of, widen=read.adds and has_many(group[0][0]) is False)
    for subject in read.relaxed:
        if subject in ("brand", "rating") or subject in attributes:
            dropped.append(subject)
        attributes.pop(subject, None)
        one_of = [group for group in one_of if all(name != subject for name, _ in group)]
    for name, values in (*read.optional.items(), *read.excluded_attributes.items()):
        attributes[name] = tuple(value for value in attributes.get(name, ()) if value not in values)
        without = (tuple(pair for pair in group if pair[0] != name or pair[1] not in values) for group in one_of)
        one_of = [group for group in without if group]
    update["one_of"] = tuple(one_of)
    update["brands"] = () if "brand" in read.relaxed else tuple(b for b in brands if b not in excluded_brands)
    update["excluded_brands"] = () if "brand" in read.relaxed and not read.excluded_brands else excluded_brands
    update["attributes"] = {name: values for name, values in attributes.items() if values}
    limits = limits.model_copy(update=update)
    wanted = [value for values in (*read.attributes.values(), *read.optional.values()) for value in values]
    for value in (*wanted, *(value for group in read.groups for _, value in group)):
        limits = limits.model_copy(update=without_excluded(limits, value))
    excluded = {name: list(values) for name, values in limits.excluded_attributes.items()}
    for name, values in read.excluded_attributes.items():
        excluded[name] = list(dict.fromkeys((*excluded.get(name, []), *values)))
    update = {
        "excluded_attributes": {name: tuple(values) for name, values in excluded.items()},
        "excluded_terms": tuple(dict.fromkeys((*limits.excluded_terms, *read.excluded_terms))),
        "rating_min": None if "rating" in read.relaxed else limits.rating_min,
    }
    if read.rating_min is not None:
        update["rating_min"] = read.rating_min
    if read.in_stock_only is not None:
        update["in_stock_only"] = read.in_stock_only
    if category is not None:
        update["categories"] = _narrowed(category.paths, limits.categories)
    want = want.model_copy(update={"filter": limits.model_copy(update=update), "order": read.order or want.order})
    return want, tuple(dropped)


def _also(
    group: tuple[tuple[str, str], ...],
    attributes: dict[str, tuple[str, ...]],
    one_of: list[tuple[tuple[str, str], ...]],
    *,
    widen: bool,
) -> None:
    """Add alternatives to what must hold: beside what is there, or, where it ``widen``s, to the group of that name."""
    names = {name for name, _ in group}
    if len(names) == 1 and (name := next(iter(names))) not in attributes:
        attributes[name] = tuple(value for _, value in group)
        return
    if len(names) == 1 and set(attributes[name]) & {value for _, value in group}:
        return  # it is asked for already
    for place, held in enumerate(one_of):
        if set(held) & set(group):
            return
        if not has_many(group[0][0]) and names & {name for name, _ in held}:
            one_of[place] = tuple(dict.fromkeys((*held, *group))) if widen else group
            return
    one_of.append(group)


def _narrowed(paths: tuple[tuple[str, ...], ...], held: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """The named paths inside what was wanted already ("jackets" after "women"), or what was wanted inside the named
    ones ("jackets", then "something in women's clothing"); where there is neither, the named paths.
    """
    inside = tuple(path for path in paths if any(path[: len(prefix)] == prefix for prefix in held))
    return inside or tuple(path for path in held if any(path[: len(named)] == named for named in paths)) or paths
