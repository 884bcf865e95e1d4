"""schema.org products (JSON-LD, one document a line) as rows, one for each thing that can be bought.

Knows Product, ProductGroup, Offer and what they nest, also inside "@graph" and lists. A group's facts go to its
variants. Keys in brackets, such as "(title)", are made here. Knows nothing of items.
"""

import io
import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from retrieval.json_rows import json_lines
from retrieval.rows import Row

_PRODUCTS = {"Product", "ProductGroup", "ProductModel", "IndividualProduct", "SomeProducts", "Vehicle", "Car", "Book"}
# Properties of a product that tell one from another, and our names for them.
_ATTRIBUTES = {"color": "colour", "size": "size", "material": "material", "pattern": "pattern", "weight": "weight",
               "width": "width", "height": "height", "depth": "depth", "model": "model", "award": "award"}  # fmt: skip
_KEYS = (
    "@context @type @id @graph sku productID mpn gtin gtin13 gtin12 gtin8 gtin14 name description brand manufacturer "
    "category image url offers aggregateRating additionalProperty hasVariant isVariantOf inProductGroupWithID "
    "productGroupID audience variesBy mainEntityOfPage"
)
# The keys that are made here, and of what.
MADE = {
    "(id)": "sku, else productID, @id, gtin, mpn or url",
    "(title)": "name, and what varies where it is the group's",
    "(description)": "description",
    "(category)": "category",
    "(brand)": "brand, else manufacturer",
    "(price)": "offers: the cheapest in stock",
    "(currency)": "offers.priceCurrency",
    "(stock)": "offers.availability, inventoryLevel",
    "(image_url)": "image",
    "(page_url)": "url",
    "(rating)": "aggregateRating, as of five",
    "(rating_count)": "aggregateRating.ratingCount, else reviewCount",
    "(group_id)": "inProductGroupWithID, isVariantOf or hasVariant",
    "(attributes)": "color, size, material …, additionalProperty",
}
READ = frozenset(_KEYS.split()) | set(_ATTRIBUTES)


def is_json_ld(held: Any) -> bool:
    """True if a line's JSON is of schema.org."""
    if isinstance(held, list):
        return any(is_json_ld(one) for one in held)
    return isinstance(held, dict) and ("@type" in held or "@graph" in held or "@context" in held)


def json_ld_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    """The products of each line; a line without any is a row with a fault."""
    for number, raw, held, fault in json_lines(text):
        found = [] if fault else list(_products(held))
        for product, group in found:
            # What is kept aside of a broken row is the product, not the whole line of them.
            own = raw if len(found) == 1 else json.dumps(product, ensure_ascii=False, default=str)
            yield Row(number, own, _values(product, group))
        if not found:
            yield Row(number, raw, fault=fault or "it holds no schema.org Product")


def _products(held: Any, group: dict[str, Any] | None = None) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each product for sale in a document, with the group that it is a variant of ({}: none)."""
    if isinstance(held, list):
        for one in held:
            yield from _products(one, group)
    elif isinstance(held, dict):
        above = group or next((one for one in _listed(held.get("isVariantOf")) if isinstance(one, dict)), {})
        variants = [one for one in _listed(held.get("hasVariant")) if isinstance(one, dict)]
        if not {kind.rpartition("/")[2] for kind in map(str, _listed(held.get("@type")))} & _PRODUCTS:
            for key in ("@graph", "mainEntity", "itemListElement", "item"):
                yield from _products(held.get(key), group)
        elif any(one.get("name") or one.get("offers") or one.get("sku") for one in variants):
            for one in variants:
                yield from _products({"@type": "Product"} | one, held)
        else:
            yield held, above


def _values(product: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
    whole = group | {key: value for key, value in product.items() if value not in (None, "", [], {})}
    attributes = _attributes(group) | _attributes(product)
    title = _said(whole.get("name"))
    offer = _offer(product.get("offers") or group.get("offers"))
    return whole | {
        "(id)": next((said for key in ("sku", "productID", "@id", "gtin", "gtin13", "mpn", "url")
                      if (said := _said(product.get(key)))), ""),
        "(title)": _told_apart(title, _said(group.get("name")), attributes, group),
        "(description)": _said(whole.get("description")),
        "(category)": _category(whole.get("category")),
        "(brand)": _said(whole.get("brand")) or _said(whole.get("manufacturer")),
        "(price)": offer["price"],
        "(currency)": offer["currency"],
        "(stock)": offer["stock"],
        "(image_url)": _address(whole.get("image")),
        "(page_url)": _address(whole.get("url")) or offer["url"],
        "(rating)": _rating(whole.get("aggregateRating")),
        "(rating_count)": next((count for one in _listed(whole.get("aggregateRating")) if isinstance(one, dict)
                                for key in ("ratingCount", "reviewCount") if (count := one.get(key)) is not None), ""),
        "(group_id)": _said(product.get("inProductGroupWithID")) or _said(group.get("productGroupID"))
        or _said(group.get("sku")) or _said(group.get("@id")),
        "(attributes)": attributes,
    }  # fmt: skip


def _told_apart(title: str, group: str, attributes: dict[str, list[str]], above: dict[str, Any]) -> str:
    """The variant's name; where it is only the group's, with what varies."""
    if not title or title != group:
        return title
    varying = [str(one).rpartition("/")[2] for one in _listed(above.get("variesBy"))] or ["color", "size"]
    said = [value for name in varying for value in attributes.get(_ATTRIBUTES.get(name, name), [])]
    return f"{title} - {' / '.join(said)}" if said else title


def _attributes(product: dict[str, Any]) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for key, name in _ATTRIBUTES.items():
        held[name] = [said for one in _listed(product.get(key)) if (said := _said(one))]
    for one in _listed(product.get("additionalProperty")):
        if isinstance(one, dict) and (name := _said(one.get("name") or one.get("propertyID"))):
            held.setdefault(name, []).extend(said for value in _listed(one.get("value")) if (said := _said(value, one)))
    for one in _listed(product.get("audience")):
        if isinstance(one, dict):
            held["gender"] = [_said(one.get("suggestedGender")).rpartition("/")[2]]
    return {name: values for name, values in held.items() if any(values)}


def _offer(offers: Any) -> dict[str, Any]:
    """Of several offers the cheapest that is in stock."""
    found: list[tuple[bool, Decimal, dict[str, Any]]] = []
    for offer in _listed(offers):
        if not isinstance(offer, dict):
            continue
        nested = [one for one in _listed(offer.get("offers")) if isinstance(one, dict)]
        if nested and offer.get("lowPrice") is None:
            return _offer(nested)
        specified: dict[str, Any] = {}
        for one in _listed(offer.get("priceSpecification")):
            # The list price is what it costs no longer.
            if isinstance(one, dict) and "ListPrice" not in str(one.get("priceType", "")):
                specified = specified or one
        price = next((held for held in (offer.get("price"), offer.get("lowPrice"), specified.get("price"),
                                        specified.get("minPrice")) if held not in (None, "")), "")  # fmt: skip
        currency = _said(offer.get("priceCurrency")) or _said(specified.get("priceCurrency"))
        availability = _said(offer.get("availability"))
        stock = _listed(offer.get("inventoryLevel"))
        pieces = stock[0].get("value") if stock and isinstance(stock[0], dict) else None
        gone = "outofstock" in availability.lower() or "soldout" in availability.lower()
        made = {"price": price, "currency": currency, "url": _address(offer.get("url")),
                "stock": availability if pieces is None or gone else pieces}  # fmt: skip
        found.append((gone, _amount(price), made))
    return min(found, key=lambda one: one[:2])[2] if found else {"price": "", "currency": "", "stock": "", "url": ""}


def _amount(price: Any) -> Decimal:
    try:
        amount = Decimal(str(price))
    except InvalidOperation:
        return Decimal("Infinity")
    return amount if amount.is_finite() else Decimal("Infinity")


def _rating(rating: Any) -> Any:
    """The rating as of five, whatever is the best in the file."""
    for one in _listed(rating):
        if isinstance(one, dict) and (value := one.get("ratingValue")) is not None:
            best = _amount(str(one.get("bestRating") or 5).replace(",", "."))
            amount = _amount(str(value).replace(",", "."))
            scaled = best.is_finite() and amount.is_finite() and best > 0 and best != 5
            return round(amount / best * 5, 2) if scaled else value
    return ""


def _category(category: Any) -> Any:
    """A path, or several of which the longest counts."""
    held = [_said(one) for one in _listed(category)]
    return [[part] for part in held] if len(held) > 1 and not any(">" in part for part in held) else held[:1]


def _listed(held: Any) -> list[Any]:
    return held if isinstance(held, list) else [] if held is None else [held]


def _said(held: Any, unit: dict[str, Any] | None = None) -> str:
    """What a value says in words: itself, or the name or value of the thing that it is."""
    if isinstance(held, list):
        return next((said for one in held if (said := _said(one, unit))), "")
    if isinstance(held, dict):
        return _said(next((held[key] for key in ("name", "value", "@value", "@id") if key in held), ""), held)
    if held is None or held == "":
        return ""
    said = ("yes" if held else "no") if isinstance(held, bool) else str(held).strip()
    named = str(unit.get("unitText") or "") if unit else ""
    return f"{said} {named}" if named and not said.endswith(named) else said


def _address(held: Any) -> str:
    for one in _listed(held):
        said = one.get("url") or one.get("contentUrl") or one.get("@id") if isinstance(one, dict) else one
        if said and isinstance(said, str | list):
            return said if isinstance(said, str) else _address(said)
    return ""
