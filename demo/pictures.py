"""The drawn pictures of the demo shop: one flat SVG for each leaf and colour.

Knows the drawings of ``drawings.yaml`` and how a colour is shaded. Knows nothing of items.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template

import yaml

from demo.colours import hexadecimal, shade

FILE = Path(__file__).parent / "drawings.yaml"

# Department -> background of its pictures: pale, and unlike the colours of the things before it.
BACKGROUNDS = {
    "Outdoor": "#dbe6ea",
    "Kitchen": "#f0e2d0",
    "Bath & Body": "#d9e9ea",
    "Clothing": "#e6e0ea",
    "Shoes & Bags": "#ece3d8",
    "Toys": "#f5e6c6",
    "Baby & Toddler": "#e2e9f3",
    "Electronics": "#dde1ea",
    "Garden": "#e0ead6",
    "Pets": "#f0e4d4",
    "Food & Tea": "#f1e0d4",
    "Home": "#e9e3da",
}
PLAIN = {  # what a thing without a colour is drawn in
    "Camp Stoves": "#4c7a8c",
    "Bakeware": "#6f7c8a",
    "Pans": "#454b54",
    "Knives": "#8f949c",
    "Soap": "#b8a8d6",
    "Shampoo": "#6fa3a0",
    "Body Lotion": "#dba58f",
    "Bath Soaks": "#a9bfd9",
    "Puzzles": "#4379b6",
    "Board Games": "#4f8a58",
    "Craft Kits": "#e2a33f",
    "Hand Tools": "#5f8a5a",
    "Seeds": "#5d9160",
    "Treats": "#4f7f7c",
    "Tea": "#2f5a43",
    "Coffee": "#7a4028",
    "Chocolate": "#b8582f",
    "Honey & Jam": "#d9952b",
    "Spices": "#d8a032",
    "Biscuits & Snacks": "#dcae6c",
    "Candles": "#e6c9a8",
    "Storage Baskets": "#d9bf97",
    "Bath Toys": "#eec14a",
    "Hats": "#86593a",
}
INK, PAPER, METAL, WOOD = "#33373f", "#fdfaf3", "#aeb6bf", "#a9743f"
PARTNERS = ("#e5843a", "#4379b6", "#5d9e74", "#d9a12e", "#c65b4e")  # other colours of a many-coloured thing


def picture(department: str, leaf: str, colour: str) -> str:
    """The drawing of a leaf in one colour ("": its own), as SVG text.

    Raises KeyError for a leaf that is not drawn or a colour without a value.
    """
    ink = hexadecimal(colour) if colour else PLAIN.get(leaf, "#b98350")
    ground = BACKGROUNDS[department]
    dark = _lightness(ink) < 0.3  # darker than dark is lost: details of a dark thing are drawn lighter
    halo = shade(ground, -0.16 if _lightness(ink) > 0.72 else 0.42)  # a white thing needs something to stand out from
    partners = [partner for partner in PARTNERS if partner != ink]
    body = drawings()[leaf].substitute(
        c=ink,
        d=shade(ink, 0.16 if dark else -0.16),
        e=shade(ink, 0.3 if dark else -0.34),
        l=shade(ink, 0.28 if dark else 0.34),
        k=INK,
        w=PAPER,
        m=METAL,
        n=WOOD,
        b1=partners[0],
        b2=partners[1],
        b3=partners[2],
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 220" width="300" height="220">'
        f'<rect width="300" height="220" fill="{ground}"/>'
        f'<circle cx="150" cy="104" r="96" fill="{halo}"/>'
        f'<ellipse cx="150" cy="188" rx="122" ry="10" fill="{shade(ground, -0.14)}"/>'
        f"{body.strip()}</svg>\n"
    )


@cache
def drawings() -> Mapping[str, Template]:
    """Leaf -> its drawing, with places for colours."""
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {leaf: Template(body) for leaf, body in raw.items()}


def _lightness(colour: str) -> float:
    """Perceived lightness of a hexadecimal colour, 0 (black) to 1 (white)."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
