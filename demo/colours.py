"""The colour names of the demo shop: how each is drawn and which plain colour it belongs to.

Knows names and hexadecimal values, nothing of items.
"""

import re

# name: (hexadecimal value, the plain colour a shopper would also call it)
COLOURS: dict[str, tuple[str, str]] = {
    "black": ("#2f3136", "black"),
    "charcoal": ("#4b4f57", "grey"),
    "grey": ("#8f949c", "grey"),
    "white": ("#f4f2ec", "white"),
    "cream": ("#efe4cc", "cream"),
    "oatmeal": ("#ddd0b8", "beige"),
    "beige": ("#d8c3a0", "beige"),
    "sand": ("#d3b88c", "beige"),
    "brown": ("#86593a", "brown"),
    "tan": ("#b98350", "brown"),
    "chestnut": ("#7a4028", "brown"),
    "red": ("#c8403a", "red"),
    "burgundy": ("#7d2a3a", "red"),
    "rust": ("#b8582f", "orange"),
    "terracotta": ("#c46f4e", "orange"),
    "orange": ("#e5843a", "orange"),
    "coral": ("#ec7c69", "pink"),
    "pink": ("#e79bb0", "pink"),
    "blush": ("#e9bdb6", "pink"),
    "yellow": ("#eec14a", "yellow"),
    "mustard": ("#cf9b30", "yellow"),
    "green": ("#4f8a58", "green"),
    "sage": ("#9db18f", "green"),
    "olive": ("#73774a", "green"),
    "forest green": ("#2f5a43", "green"),
    "mint": ("#a8d5bd", "green"),
    "blue": ("#4379b6", "blue"),
    "navy": ("#2b3d63", "blue"),
    "sky blue": ("#93bfe0", "blue"),
    "denim": ("#56708f", "blue"),
    "teal": ("#2f8385", "teal"),
    "purple": ("#77589c", "purple"),
    "lavender": ("#b8a8d6", "purple"),
    "plum": ("#693a5c", "purple"),
    "silver": ("#b9bfc6", "silver"),
    "copper": ("#bd7445", "copper"),
    "natural": ("#d9bf97", "natural"),
    "multicolour": ("#e0a04a", "multicolour"),
    "clear": ("#cfe3ea", "clear"),
}


def family(name: str) -> str:
    """The plain colour of a shade: "sage" is "green". Raises KeyError for a colour that is not drawn."""
    return COLOURS[name][1]


def hexadecimal(name: str) -> str:
    """How the colour is drawn, e.g. "#9db18f"."""
    return COLOURS[name][0]


def shade(colour: str, amount: float) -> str:
    """A hexadecimal colour mixed with white (amount > 0) or black (amount < 0); amount from -1 to 1."""
    target = 255 if amount > 0 else 0
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(part + (target - part) * abs(amount)):02x}" for part in parts)


def slug(text: str) -> str:
    """Text as a file name: "Bath & Body" -> "bath-body"."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
