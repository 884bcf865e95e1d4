"""Placeholder."""

from demo.colours import hexadecimal, shade


def picture(leaf: str, colour: str) -> str:
    """The drawing of a leaf in one colour, as SVG text."""
    ink = hexadecimal(colour) if colour else "#c9b28f"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 220" role="img">'
        f'<rect width="300" height="220" fill="{shade(ink, 0.82)}"/><rect x="90" y="60" width="120" height="100" rx="18" fill="{ink}"/></svg>\n'
    )
