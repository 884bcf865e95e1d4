"""What shoppers of the demo shop might ask for without naming it: ``requests/*.yaml``, written by us.

Knows leaves, kinds and titles. The requests are for teaching a language model; nothing is measured on them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from demo.assortment import Department
from retrieval.items import Item

FOLDER = Path(__file__).parent / "requests"


def requests(shop: Sequence[Department], items: Sequence[Item], folder: Path = FOLDER) -> Iterator[dict[str, Any]]:
    """Each request with the ids of the items that are right for it, as ``shoptalk teach --requests`` reads them.

    Raises ValueError naming a leaf or a kind that the shop has not.
    """
    held = by_kind(shop, items)
    for path in sorted(folder.glob("*.yaml")):
        for leaf, kinds in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            for kind, texts in kinds.items():
                if (leaf, kind) not in held:
                    raise ValueError(f"{path.name}: there is no kind {kind!r} in {leaf!r}")
                for text in texts:
                    yield {"request": text, "items": held[leaf, kind]}


def by_kind(shop: Sequence[Department], items: Sequence[Item]) -> dict[tuple[str, str], list[str]]:
    """The ids of the items of each kind, by leaf and kind; a title names its kind, the longest that is in it."""
    found: dict[tuple[str, str], list[str]] = {
        (leaf.name, kind.name): [] for department in shop for leaf in department.leaves for kind in leaf.kinds
    }
    names = {leaf.name: [kind.name for kind in leaf.kinds] for department in shop for leaf in department.leaves}
    for item in items:
        leaf = item.category[-1]
        inside = [name for name in names[leaf] if name.lower() in item.title.lower()]
        if inside:
            found[leaf, max(inside, key=len)].append(item.id)
    return found
