"""The commands ``shoptalk prompts eval`` and ``optimise``: their options and exit codes.

What they do is in ``ui.evaluating`` and ``ui.optimising``, imported only when wanted: they bring Chroma and torch.
"""

import getpass
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
    simulate: Annotated[
        int,
        typer.Option(help="So many simulated shoppers too, who want what a shopper of the shop bought last.", min=0),
    ] = 0,
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
        simulate=simulate,
    )
    if not good:
        raise typer.Exit(NOT_PASSED)


def optimise(
    name: Annotated[str, typer.Argument(help="The prompt's name, e.g. reply: what is live of it is to be bettered.")],
    cases: Annotated[str, typer.Option(help="Only the cases whose FILE/NAME or file this glob names.")] = "*",
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Read proposals from this file, or this folder's .md files.", exists=True),
    ] = None,
    proposals: Annotated[int, typer.Option(help="How many the LLM is asked for.")] = 4,
    proposer_url: Annotated[
        str, typer.Option(help="OpenAI-compatible address of the LLM that proposes; empty: SHOPTALK_PROPOSER_URL.")
    ] = "",
    proposer_model: Annotated[
        str,
        typer.Option(help="Its model's name there; empty: SHOPTALK_PROPOSER_MODEL. Key: SHOPTALK_PROPOSER_API_KEY."),
    ] = "",
    rubrics: Annotated[bool, typer.Option(help="Whether rubrics are judged, by the shop's LLM.")] = True,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the best as a draft also where it is within noise.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write the held-out cases as a page to read here.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Ask and run again what was before.")] = False,
    by: Annotated[str, typer.Option("--by", help="Whose draft it is; empty: the user of this machine.")] = "",
) -> None:
    """Look for a better version: proposals made from what the live one fails, scored, and the best kept as a draft.

    Half of the cases, by their hashes, are held out: proposals are made and chosen on the others, and these decide.
    Nothing is published. Exit code 3: nothing is better beyond noise.
    """
    from ui import optimising

    wish = optimising.Wish(
        name, cases, proposals, source, proposer_url, proposer_model, rubrics, anew, keep, html, by or getpass.getuser()
    )
    if not optimising.optimise(wish):
        raise typer.Exit(NOT_PASSED)
