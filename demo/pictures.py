"""The drawn pictures of the demo shop: one flat SVG for each leaf (and for kinds that look unlike it) and colour.

Knows the drawings of ``drawings.yaml`` and how a colour is shaded. Knows nothing of items.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template

import yaml

from demo.colours import hexadecimal, shade, slug

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
    "camp-stoves": "#4c7a8c",
    "bakeware": "#6f7c8a",
    "pans": "#454b54",
    "knives": "#8f949c",
    "soap": "#b8a8d6",
    "shampoo": "#6fa3a0",
    "body-lotion": "#dba58f",
    "bath-soaks": "#a9bfd9",
    "puzzles": "#4379b6",
    "board-games": "#4f8a58",
    "craft-kits": "#e2a33f",
    "hand-tools": "#5f8a5a",
    "seeds": "#5d9160",
    "treats": "#4f7f7c",
    "tea": "#2f5a43",
    "coffee": "#7a4028",
    "chocolate": "#b8582f",
    "honey-jam": "#d9952b",
    "spices": "#d8a032",
    "biscuits-snacks": "#dcae6c",
    "candles": "#e6c9a8",
    "storage-baskets": "#d9bf97",
    "bath-toys": "#eec14a",
    "hats": "#86593a",
    "bath-bombs": "#cf9bb8",
    "gloves": "#5f8a5a",
}
INK, PAPER, METAL, WOOD = "#33373f", "#fdfaf3", "#aeb6bf", "#a9743f"
PARTNERS = ("#e5843a", "#4379b6", "#5d9e74", "#d9a12e", "#c65b4e")  # other colours of a many-coloured thing


def picture(department: str, drawing: str, colour: str) -> str:
    """The drawing of that name, as a slug, in one colour ("": its own), as SVG text.

    Raises KeyError for a name that is not drawn or a colour without a value.
    """
    ink = hexadecimal(colour) if colour else PLAIN.get(drawing, "#b98350")
    ground = BACKGROUNDS[department]
    dark = _lightness(ink) < 0.3  # darker than dark is lost: details of a dark thing are drawn lighter
    halo = shade(ground, -0.1 if _lightness(ink) > 0.78 else 0.42)  # a white thing needs something to stand out from
    partners = [partner for partner in PARTNERS if partner != ink]
    body = drawings()[drawing].substitute(
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
    """Slug of a leaf or of a kind's own drawing -> the drawing, with places for colours."""
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {slug(name): Template(body) for name, body in raw.items()}


def _lightness(colour: str) -> float:
    """Perceived lightness of a hexadecimal colour, 0 (black) to 1 (white)."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
