"""JSON Lines as rows: one object a line, each broken line told apart.

Knows JSON. Knows nothing of what keys mean.
"""

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from retrieval.lines import TOO_LONG, CutLine, next_line
from retrieval.rows import Row


def json_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    """The objects, as rows."""
    for number, raw, held, fault in json_lines(text):
        if not fault and not isinstance(held, dict):
            fault = "not a JSON object"
        yield Row(number, raw, fault=fault) if fault else Row(number, raw, held)


def json_lines(text: io.TextIOWrapper) -> Iterator[tuple[int, str, Any, str]]:
    """Of each line that is not blank: its number, its text, what it holds, and why it holds nothing."""
    for number, line in enumerate(iter(lambda: next_line(text), ""), start=1):
        if isinstance(line, CutLine):
            yield number, line, None, TOO_LONG
            continue
        raw = line.strip().lstrip("\ufeff")
        if not raw:
            continue
        try:
            # Decimals, so that a price is what the file says and not its nearest binary fraction. NaN, which is no
            # JSON, is what some programs write where they know nothing.
            held = json.loads(raw, parse_float=Decimal, parse_constant=lambda constant: None)
        except (ValueError, RecursionError) as error:
            yield number, raw, None, f"not JSON ({str(error) or 'nested too deeply'})"
        else:
            yield number, raw, held, ""
