"""Python expressions in a case, such as ``all(card.price < 50 for card in cards)``: read and evaluated in a sandbox.

They reach what they are given and a few functions, nothing of the machine: simpleeval refuses the rest, and what would
take too long. Knows nothing of cases.
"""

from collections.abc import Callable, Mapping
from typing import Any

from simpleeval import EvalWithCompoundTypes

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "all": all, "any": any, "len": len, "sum": sum, "min": min, "max": max, "sorted": sorted, "round": round,
    "abs": abs, "str": str, "lower": lambda text: str(text).lower(),
}  # fmt: skip


def broken_expression(expression: str) -> str:
    """Why it cannot be read as an expression; "" if it can."""
    try:
        EvalWithCompoundTypes.parse(expression)
    except Exception as error:  # whatever the library calls it: the writer is told
        return f"this is no Python expression: {error}"
    return ""


def evaluated(expression: str, names: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether it holds, and if not, why: an error is a reason, never raised."""
    try:
        value = EvalWithCompoundTypes(names=dict(names), functions=FUNCTIONS).eval(expression)
    except Exception as error:  # the case's own, of any kind
        return False, f"{type(error).__name__}: {error}"
    return bool(value), "" if value else f"it is {value!r}"
