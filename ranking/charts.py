"""Charts as SVG, and pages of charts and tables: what a report shows beside its numbers.

Pure. Knows lines, bars and tables; knows nothing of what they are of. Small on purpose: a report needs two forms of
chart that open anywhere, and no plotting library is among what Shoptalk installs.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 640, 260  # of one chart, in SVG units
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 28, 44  # margins; the names of the lines stand in the right one
COLOURS = ("#1f6f8b", "#d1793f", "#4f8a5b", "#8c5a94", "#b23a48", "#6b7280", "#b89b2b", "#2f4b7c")
LINE = 13.0  # height of a line of small words
LABELS = 8  # at most so many words under the x axis
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:820px;margin:2rem auto;padding:0 1rem;color:#1d2529}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem;display:block;overflow-x:auto}"
    "td,th{padding:.2rem .9rem .2rem 0;text-align:left}"
    "td+td,th+th{text-align:right}td{white-space:pre}td:first-child{white-space:pre-wrap;min-width:7rem}"
    "svg{max-width:100%;height:auto;font:12px system-ui,sans-serif}h2{margin-top:2rem}"
)

Points = Sequence[tuple[float, float]]


def lines(title: str, series: Mapping[str, Points], x: str, y: str, names: Mapping[float, str] | None = None) -> str:
    """Each series as a line with its points marked; ``names`` label values of x (without it: the numbers themselves).

    Values that are not finite are left out. The y axis begins at 0 unless the values lie far from it.
    """
    held = {name: [point for point in points if all(map(math.isfinite, point))] for name, points in series.items()}
    every = [point for points in held.values() for point in points]
    if not every:
        return _frame(title, x, y, f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">no data</text>')
    xs, ys = [point[0] for point in every], [point[1] for point in every]
    low, high = min(xs), max(xs)
    floor, ceiling = min(ys), max(ys)
    floor, ceiling = _rounded(0.0 if 0 <= floor < ceiling / 2 else floor, ceiling)
    across, up = _Scale(low, high, LEFT, WIDTH - RIGHT), _Scale(floor, ceiling, HEIGHT - BOTTOM, TOP)
    parts = [_y_axis(floor, ceiling, up)]
    ticks = sorted(names or {value: _number(value) for value in sorted(set(xs))})
    for value in ticks[:: max(1, math.ceil(len(ticks) / LABELS))]:
        label = names[value] if names else _number(value)
        parts.append(f'<text x="{across(value):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{escape(label)}</text>')  # fmt: skip # noqa: E501
    ends: dict[str, float] = {}
    for number, (name, points) in enumerate(held.items()):
        colour = COLOURS[number % len(COLOURS)]
        placed = [(across(a), up(b)) for a, b in sorted(points)]
        if not placed:
            continue
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in placed)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{colour}"/>' for a, b in placed]
        ends[f'fill="{colour}">{escape(name)}'] = placed[-1][1]
    for name, height in _apart(ends).items():
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{height + 4:.1f}" {name}</text>')
    return _frame(title, x, y, "".join(parts))


def bars(title: str, values: Mapping[str, float], x: str, y: str) -> str:
    """One bar a name, in the order given."""
    if not values:
        return _frame(title, x, y, f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">no data</text>')
    _, ceiling = _rounded(0.0, max([*values.values(), 0.0]) or 1.0)
    up = _Scale(0.0, ceiling, HEIGHT - BOTTOM, TOP)
    width = (WIDTH - LEFT - 16) / len(values)
    every = max(1, math.ceil(len(values) / (LABELS * 1.5)))
    parts = [_y_axis(0.0, ceiling, up)]
    for number, (name, value) in enumerate(values.items()):
        left, top = LEFT + number * width, up(value)
        parts.append(
            f'<rect x="{left + width * 0.1:.1f}" y="{top:.1f}" width="{width * 0.8:.1f}" '
            f'height="{HEIGHT - BOTTOM - top:.1f}" fill="{COLOURS[0]}"><title>{escape(name)}: {_number(value)}</title>'
            "</rect>"
        )
        if number % every == 0:
            parts.append(f'<text x="{left + width / 2:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{escape(name)}</text>')  # fmt: skip # noqa: E501
    return _frame(title, x, y, "".join(parts))


def table(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> str:
    """The rows as an HTML table, the first column to the left and the others to the right."""
    head = "<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in header) + "</tr>" if header else ""
    body = ("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{head}{''.join(body)}</table>"


def stacked(made: Sequence[str]) -> str:
    """The charts, one under the other, as one SVG that is a file of its own."""
    parts = "".join(chart.replace("<svg ", f'<svg y="{number * HEIGHT}" height="{HEIGHT}" ', 1) for number, chart in enumerate(made))  # fmt: skip # noqa: E501
    height = HEIGHT * len(made)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
        f'<rect width="100%" height="100%" fill="#fff"/>{parts}</svg>\n'
    )


def page(title: str, parts: Sequence[str]) -> str:
    """A whole HTML page, of parts that are HTML already; nothing in it is fetched from elsewhere."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{STYLE}</style>'
        f"<h1>{escape(title)}</h1>{''.join(parts)}</html>\n"
    )


def _frame(title: str, x: str, y: str, inner: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title, quote=True)}" font-size="12" font-family="sans-serif" fill="#1d2529">'
        f'<text x="{LEFT}" y="16" font-weight="bold">{escape(title)}</text>'
        f'<line x1="{LEFT}" y1="{HEIGHT - BOTTOM}" x2="{WIDTH - 16}" y2="{HEIGHT - BOTTOM}" stroke="#9aa5ab"/>'
        f"{inner}"
        f'<text x="{WIDTH - 16}" y="{HEIGHT - 8}" text-anchor="end" fill="#5b6770">{escape(x)}</text>'
        f'<text x="{WIDTH - 16}" y="16" text-anchor="end" fill="#5b6770">{escape(y)}</text></svg>'
    )


def _apart(ends: Mapping[str, float]) -> dict[str, float]:
    """The names' heights, moved so that none stands on another or under the axis."""
    ordered = sorted(ends, key=lambda name: ends[name])
    made: dict[str, float] = {}
    least = -math.inf
    for name in ordered:
        made[name] = least = max(ends[name], least + LINE)
    most: float = HEIGHT - BOTTOM
    for name in reversed(ordered):
        made[name] = most = min(made[name], most)
        most -= LINE
    return made


def _rounded(floor: float, ceiling: float) -> tuple[float, float]:
    """Ends of an axis around these, whose four parts are round numbers.

    >>> _rounded(0, 309), _rounded(0.215, 0.297)
    ((0.0, 400.0), (0.2, 0.3))
    """
    span = (ceiling - floor) or abs(ceiling) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    for step in (power * factor for factor in (1, 2, 2.5, 5, 10, 20)):
        low = math.floor(floor / step + 1e-9) * step
        if low + 4 * step >= ceiling - 1e-9:
            break
    return round(low, 10), round(low + 4 * step, 10)


def _y_axis(floor: float, ceiling: float, up: "_Scale") -> str:
    made = []
    for part in range(5):
        value = floor + (ceiling - floor) * part / 4
        height = up(value)
        made.append(f'<line x1="{LEFT}" y1="{height:.1f}" x2="{WIDTH - 16}" y2="{height:.1f}" stroke="#e3e8ea"/>')
        made.append(f'<text x="{LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{_number(value)}</text>')
    return "".join(made)


class _Scale:
    """A value's place between two ends."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._span = low, (high - low) or 1.0
        self._start, self._length = start, end - start

    def __call__(self, value: float) -> float:
        return self._start + (value - self._low) / self._span * self._length


def _number(value: float) -> str:
    """Short, for an axis.

    >>> [_number(value) for value in (0, 12, 1234567, 0.25, 0.06661)]
    ['0', '12', '1,234,567', '0.25', '0.0666']
    """
    if value == int(value) and abs(value) >= 1:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
