"""What the demo shop sells, as written by hand in ``departments/*.yaml``: brands, leaf categories, kinds, sentences.

Knows the form of those files and nothing of random choice, items or prices in full.

A leaf reads::

    Tents:
      price: 150                    # USD, a mid-tier brand's plain kind
      show: [colour]                # attributes that its titles name
      scale: {canvas: 1.4}          # what a value does to the price
      then: [Sleeping Bags]         # what shoppers tend to look at next
      pick: {material: {canvas: "A sentence that is true of canvas."}}   # one value each
      some: {features: {packable: ""}}                                    # one to three values
      range: {size: [S, M, L]}                                            # a run of neighbours
      kinds:
        2-person tent: {x: 0.8, capacity: 2 people, say: ["A sentence that is true of this kind."]}
      use: [sentences true of every item of the leaf]
      care: [likewise]

In a kind, ``x`` multiplies the price, ``say`` gives its sentences, ``drop`` names the choices that it leaves out,
``draw`` a drawing of its own; whatever else stands there is an attribute that is fixed for this kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "departments"

TIERS = {1: 0.68, 2: 1.0, 3: 1.55}  # price tier of a brand -> what it does to a price


@dataclass(frozen=True)
class Brand:
    """An invented maker: its price tier (1 to 3), values it favours or never uses, leaves it keeps to, a sentence."""

    name: str
    tier: int
    likes: tuple[str, ...]
    never: tuple[str, ...]
    only: tuple[str, ...]  # empty: every leaf of its department
    say: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """One form of product within a leaf, e.g. the "2-person tent" of Tents."""

    name: str
    factor: float
    attributes: Mapping[str, tuple[str, ...]]
    say: tuple[str, ...]
    without: tuple[str, ...]
    draw: str = ""  # the name of its own drawing; "": that of its leaf


@dataclass(frozen=True)
class Leaf:
    """A leaf category with all that its items are made from. Sentences are keyed by attribute value."""

    department: str
    name: str
    price: float
    count: int
    show: tuple[str, ...]
    then: tuple[str, ...]
    scale: Mapping[str, float]
    pick: Mapping[str, Mapping[str, str]]
    some: Mapping[str, Mapping[str, str]]
    range: Mapping[str, tuple[str, ...]]
    kinds: tuple[Kind, ...]
    use: tuple[str, ...]
    care: tuple[str, ...]

    @property
    def path(self) -> tuple[str, str]:
        """The category path of its items."""
        return (self.department, self.name)


@dataclass(frozen=True)
class Department:
    """A department: its brands, the names of product lines, its leaves."""

    name: str
    brands: tuple[Brand, ...]
    lines: tuple[str, ...]
    leaves: tuple[Leaf, ...]


def departments(folder: Path = FOLDER) -> tuple[Department, ...]:
    """Every department, in the order of the files' names. Raises ValueError naming file and leaf for a wrong field."""
    return tuple(_department(path) for path in sorted(folder.glob("*.yaml")))


def _department(path: Path) -> Department:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    brands = tuple(
        Brand(name, given["tier"], *(_texts(given.get(field)) for field in ("likes", "never", "only", "say")))
        for name, given in raw["brands"].items()
    )
    try:
        leaves = tuple(_leaf(raw["department"], name, given) for name, given in raw["leaves"].items())
    except (KeyError, TypeError, ValueError) as wrong:
        raise ValueError(f"{path.name}: {wrong}") from wrong
    known = {leaf.name for leaf in leaves}
    for brand in brands:
        if strange := set(brand.only) - known:
            raise ValueError(f"{path.name}: brand {brand.name!r} keeps to {sorted(strange)}, which is no leaf here")
    return Department(raw["department"], brands, _texts(raw["lines"]), leaves)


_FIELDS = {"price", "count", "show", "then", "scale", "pick", "some", "range", "kinds", "use", "care"}


def _leaf(department: str, name: str, given: dict[str, Any]) -> Leaf:
    if unknown := set(given) - _FIELDS:
        raise ValueError(f"leaf {name!r} has unknown fields {sorted(unknown)}; known are {sorted(_FIELDS)}")
    return Leaf(
        department=department,
        name=name,
        price=float(given["price"]),
        count=int(given.get("count", 27)),
        show=_texts(given.get("show")),
        then=_texts(given.get("then")),
        scale={str(value): float(factor) for value, factor in given.get("scale", {}).items()},
        pick={attribute: _sentences(values) for attribute, values in given.get("pick", {}).items()},
        some={attribute: _sentences(values) for attribute, values in given.get("some", {}).items()},
        range={attribute: _texts(values) for attribute, values in given.get("range", {}).items()},
        kinds=tuple(_kind(kind, fields) for kind, fields in given["kinds"].items()),
        use=_texts(given["use"]),
        care=_texts(given["care"]),
    )


def _kind(name: str, fields: dict[str, Any]) -> Kind:
    fixed = {key: _texts(value) for key, value in fields.items() if key not in {"x", "say", "drop", "draw"}}
    say, without = _texts(fields.get("say")), _texts(fields.get("drop"))
    return Kind(str(name), float(fields.get("x", 1)), fixed, say, without, fields.get("draw", ""))


def _sentences(values: Mapping[str, str] | list[str] | str) -> dict[str, str]:
    if not isinstance(values, Mapping):
        return dict.fromkeys(_texts(values), "")
    return {str(value): sentence or "" for value, sentence in values.items()}


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(part) for part in value) if isinstance(value, list) else (str(value),)
