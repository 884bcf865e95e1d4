"""Requests that schemathesis makes of an OpenAPI: such as it allows, and such as it does not.

Knows how they are made and what every answer must be. Knows nothing of what is behind the API.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

HONEST = 503  # the shop is full, or cannot write: said so, with when to come back
CHECKS = [content_type_conformance, response_schema_conformance, status_code_conformance]
TIMEOUT_S = 60.0

Headers = Callable[[str, str], dict[str, str]]  # of a method and a path


class Broken(AssertionError):
    """An answer that is not as the OpenAPI says, or a status of 5xx."""


def operations(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """Every method and path of it."""
    return [(method.upper(), path) for path, held in schema["paths"].items() for method in held]


def ask(
    schema: dict[str, Any],
    operation: tuple[str, str],
    base_url: str,
    headers: Headers,
    count: int,
    *,
    allowed: bool,
    seed: int = 0,
    seen: Counter[int] | None = None,
) -> Counter[int]:
    """Send so many requests for one operation; how often which status came. Broken at the first wrong answer.

    ``allowed``: such as the OpenAPI allows; else such as it does not. Fewer are sent where there are not so many
    different ones. The same ``seed`` makes the same requests. ``seen`` gets the statuses as they come.
    """
    loaded = schemathesis.openapi.from_dict(schema)
    method, path = operation
    statuses: Counter[int] = Counter() if seen is None else seen
    mode = GenerationMode.POSITIVE if allowed else GenerationMode.NEGATIVE
    session = requests.Session()

    # Nothing is made smaller, since each failure is told with its request.
    @seeded(seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=loaded[path][method].as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        response = case.call(base_url=base_url, session=session, headers=headers(method, path), timeout=TIMEOUT_S)
        statuses[response.status_code] += 1
        if response.status_code == HONEST:
            if "retry-after" not in response.headers:
                raise Broken(f"503 without Retry-After: {case.as_curl_command()}")
            return
        try:
            case.validate_response(response, checks=[not_a_server_error, *CHECKS])
        except (AssertionError, BaseExceptionGroup) as error:  # several failures of one answer are a group
            raise Broken(f"{method} {path}: {error}") from error

    try:
        one()
    finally:
        session.close()
    return statuses


def each(
    schema: dict[str, Any], base_url: str, headers: Headers, count: int, passed_over: Sequence[tuple[str, str]] = ()
) -> Counter[int]:
    """``count`` requests of either sort for every operation."""
    statuses: Counter[int] = Counter()
    for operation in operations(schema):
        if operation not in passed_over:
            for allowed in (True, False):
                ask(schema, operation, base_url, headers, count, allowed=allowed, seen=statuses)
    return statuses
