"""Which column of a merchant's file holds which field of an item.

Knows names: our fields, the names that shops commonly give them, and a mapping file or ``--map`` options that say
otherwise. Knows nothing of rows. A mapping file (YAML)::

    id: ProductID                       # a column
    category: [Department, Type]        # several: a path, or text joined by spaces
    currency: {value: INR}              # the same for every item
    attributes:
      colour: {column: PrimaryColor, split: ","}
"""

import re
import unicodedata
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from retrieval.cleaning import plain, visible
from retrieval.errors import FeedError
from retrieval.headings import ATTRIBUTES, FIELDS

MOST_LISTED = 60  # columns that a message names

# Columns that name an attribute, such as "attribute:waist" and "attributes.waist".
_NAMED = re.compile(r"(?:attributes?|attr|specs?|specifications?|propert(?:y|ies))\s*[:./]\s*(\S.*)", re.IGNORECASE)
# Cells that hold attributes by name: JSON objects, or lists of a name and a value each.
_WHOLE = (
    "attributes features specifications properties specs productdetails productdetail producthighlight "
    "additionalproperties additionalproperty"
)
WHOLE_ATTRIBUTES = tuple(_WHOLE.split())
_ATTRIBUTE_NAMES = {one: name for name, usual in ATTRIBUTES.items() for one in usual.split()}
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True)
class Origin:
    """Where a value comes from: columns of the row, or one value for all rows."""

    columns: tuple[str, ...] = ()
    value: str = ""
    split: str = ""  # parts one cell into several values


@dataclass(frozen=True)
class Mapping:
    """Origins by field, and by attribute name; ``whole`` names columns whose cells hold attributes by name."""

    fields: dict[str, Origin]
    attributes: dict[str, Origin]
    whole: tuple[str, ...] = ()

    @property
    def used(self) -> set[str]:
        """Every column that is read."""
        origins = [*self.fields.values(), *self.attributes.values()]
        return {column for origin in origins for column in origin.columns} | set(self.whole)


def read_options(options: Sequence[str]) -> tuple[dict[str, Origin], dict[str, Origin]]:
    """Fields and attributes as ``--map`` states them: each option ``field=column``, ``attributes.name=column`` or the
    path of a mapping file; later ones win. Raises FeedError.
    """
    fields: dict[str, Origin] = {}
    attributes: dict[str, Origin] = {}
    for option in options:
        name, equals, column = option.partition("=")
        if not equals:
            stated: dict[str, Any] = _read_file(Path(option))
        elif name.startswith("attributes."):
            stated = {"attributes": {name.removeprefix("attributes."): column}}
        else:
            stated = {name.strip(): column}
        where = f"--map {option}" if equals else option
        for key, value in stated.items():
            if key == "attributes":
                if not isinstance(value, dict):
                    raise FeedError(f"{where}: attributes wants names and columns, such as {{colour: PrimaryColor}}.")
                attributes |= {str(one): _origin(where, str(one), held) for one, held in value.items()}
            elif key in FIELDS:
                fields[key] = _origin(where, key, value)
            else:
                raise FeedError(f"{where}: {key!r} is no field of an item. Fields: {', '.join(FIELDS)}, attributes.")
    return fields, attributes


def resolve(
    columns: Sequence[str],
    options: Sequence[str] = (),
    file: str = "The file",
    needed: Sequence[str] = ("id", "title"),
) -> Mapping:
    """The mapping for a file with these columns: what the options state, and the usual names for the rest.

    Raises FeedError if a stated column is missing, or a needed field cannot be found.
    """
    fields, attributes = read_options(options)
    found_columns = _listed(columns)
    for name, origin in [*fields.items(), *attributes.items()]:
        for column in origin.columns:
            if column not in columns and column.split(".")[0] not in columns:
                raise FeedError(
                    f"{file} has no column {column!r}, which {name} is mapped to. Its columns: {found_columns}."
                )
    taken = {column for origin in [*fields.values(), *attributes.values()] for column in origin.columns}
    free = {folded(column): column for column in reversed(columns) if column not in taken}
    stated = set(fields)
    for name, usual in FIELDS.items():
        # Who says what the price is means that price, and no other that the file may have.
        if name in fields or (name in ("sale_price", "sale_dates") and "price" in stated):
            continue
        made = f"({name})"  # by a format's reader, which knows better than names
        column = (
            made if made in columns else next((free[one] for one in [folded(name), *usual.split()] if one in free), "")
        )
        if column:
            fields[name] = Origin((column,))
    for column in columns:
        if column not in taken and (found := _NAMED.fullmatch(column)):
            attributes.setdefault(attribute_name(plain(found[1]).lower()), Origin((column,)))
    whole = tuple(free[one] for one in WHOLE_ATTRIBUTES if one in free)
    if "(attributes)" in columns:
        whole = ("(attributes)",)
    else:
        for name, usual in ATTRIBUTES.items():
            column = next((free[one] for one in [folded(name), *usual.split()] if one in free), "")
            if name not in attributes and column:
                attributes[name] = Origin((column,))
    missing = [name for name in needed if name not in fields]
    if missing:
        raise FeedError(
            f"{file} has no column that is clearly the {' or the '.join(missing)}. Its columns: {found_columns}. "
            f"Say which {'it is' if len(missing) == 1 else 'they are'}: "
            + " ".join(f"--map {name}=COLUMN" for name in missing)
        )
    return Mapping(fields, attributes, whole)


def currency_in_name(mapping: Mapping) -> str:
    """The currency that the price column's name states: "INR" of "Price (INR)"; "" if none."""
    price = mapping.fields.get("price")
    stated = re.search(r"[(\[]\s*([A-Za-z]{3})\s*[)\]]", price.columns[0]) if price and price.columns else None
    return stated[1].upper() if stated else ""


def _read_file(path: Path) -> dict[str, Any]:
    try:
        stated = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise FeedError(f"--map {path}: there is no such file, and it is not of the form field=column.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FeedError(f"The mapping file {path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(stated, dict):
        raise FeedError(f"The mapping file {path} must hold lines such as 'title: ProductName'.")
    return {str(key): value for key, value in stated.items()}


def _origin(where: str, name: str, stated: object) -> Origin:
    if isinstance(stated, str) and stated:
        return Origin((stated,))
    if isinstance(stated, list) and stated and all(isinstance(one, str) for one in stated):
        return Origin(tuple(stated))
    if isinstance(stated, AnyMapping):
        if set(stated) == {"value"}:
            return Origin(value=str(stated["value"]))
        if "column" in stated and set(stated) <= {"column", "split"}:
            return Origin((str(stated["column"]),), split=str(stated.get("split", "")))
    raise FeedError(
        f"{where}: {name} wants a column, a list of columns, {{column, split}} or {{value}}; not {stated!r}."
    )


def folded(name: str) -> str:
    """A column's name as names are compared: "Price (INR)", "g:price" and "price" alike, "Größe" and "groesse" too.

    >>> folded("Price (INR)"), folded("g:image_link"), folded("Item group ID"), folded("Größe"), folded("Référence")
    ('price', 'imagelink', 'itemgroupid', 'groesse', 'reference')
    """
    bare = re.sub(r"[(\[].*?[)\]]|^g:", "", name).lower()
    if not bare.isascii():
        spelt = unicodedata.normalize("NFC", bare).translate(_GERMAN)
        bare = "".join(one for one in unicodedata.normalize("NFD", spelt) if not unicodedata.combining(one))
    return re.sub(r"[\W_]+", "", bare)


def attribute_name(name: str) -> str:
    """The name that an attribute has in every feed, "colour" for "Color" and "Farbe"; of others the name as it is.

    What brackets add is kept: "Size (EU)" and "Size (US)" are two attributes.
    """
    return name if "(" in name or "[" in name else _ATTRIBUTE_NAMES.get(folded(name), name)


def _listed(columns: Sequence[str]) -> str:
    """The columns for a reader, who needs no thousand of them."""
    named = [column for column in columns if not column.startswith("(")]
    more = f" and {len(named) - MOST_LISTED:,} more" if len(named) > MOST_LISTED else ""
    return (", ".join(map(visible, named[:MOST_LISTED])) or "none") + more
