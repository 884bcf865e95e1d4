"""The command ``shoptalk prompts eval``: its options and exit codes.

What it does is in ``ui.evaluating``, which is imported only when it is wanted: it brings Chroma and torch.
"""

from pathlib import Path
from typing import Annotated

import typer

NOT_PASSED = 3  # exit code: the versions were scored, and the last one is not good enough


def evaluate(
    versions: Annotated[list[str], typer.Argument(help="NAME@NUMBER, NAME@LABEL or NAME; the first is compared with.")],
    cases: Annotated[str, typer.Option(help="Only the cases whose FILE/NAME or file this glob names.")] = "*",
    threshold: Annotated[
        float, typer.Option(help="Share of cases, 0 to 1, that the last version must pass; else the exit code is 3.")
    ] = 0.0,
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit report here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page to read here.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Run again what was run before.")] = False,
    judge_url: Annotated[
        str, typer.Option(help="OpenAI-compatible address of the LLM that judges rubrics; empty: the shop's own.")
    ] = "",
    judge_model: Annotated[str, typer.Option(help="Its model's name there.")] = "",
    rubrics: Annotated[bool, typer.Option(help="Whether rubrics are judged.")] = True,
) -> None:
    """Run cases with each version, beside the other prompts as they are live, and compare them.

    Exit code 3: the last version passes less than the threshold, or is worse than the first beyond noise.
    """
    from ui import evaluating

    good = evaluating.evaluate(
        versions,
        cases,
        threshold,
        junit,
        html,
        anew=anew,
        judge_url=judge_url,
        judge_model=judge_model,
        rubrics=rubrics,
    )
    if not good:
        raise typer.Exit(NOT_PASSED)
