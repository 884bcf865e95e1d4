"""Scoring in the lab: cases by versions in the background of the server, with progress, to be stopped and gone on with.

Simulated shoppers too, where they are wished for. One run at a time, whoever began it, and of it one case or shopper at
a time, so that the shop's own shoppers keep most of the language model. What is done is kept by
``prompts.results``: a run that was stopped, by a person or by a restart, goes on where it was when it is begun again.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from chat.evaluation import Evaluation, Stage, Trial, staged
from chat.held_out import Wanting, wanting
from chat.simulated_success import Simulation
from prompts import cases as files
from prompts.cases import DEMO, OWN, Case
from prompts.errors import PromptsError, VersionError
from prompts.results import Results
from prompts.scores import Result, compare
from prompts.serving import Prompts
from prompts.versions import Versions
from ranking.history import Events
from ui.evaluation_report import total_rows, whys
from ui.opening import Serving

TIMEOUT_S = 120.0  # of one turn
MOST_VERSIONS = 4
MOST_SIMULATED = 200  # shoppers of a run: one that takes hours is for the shell, which has `--simulate`

STOPPED = "Stopped."
NOBODY = (
    "Nobody can be simulated: no shopper of this shop has a purchase of something that it still sells. Ask for 0"
    " simulated shoppers, or have purchases taken in, for which there is “shoptalk events FILE”."
)

log = logging.getLogger(__name__)


@dataclass
class Run:
    """One run, as far as it has come."""

    titles: list[str]
    cases: list[Case]
    left_out: int = 0  # cases of a shop that is not open here
    wished: int = 0  # simulated shoppers
    simulated: int = 0  # of them, as many as there are; until that is known, as many as were wished for
    results: dict[tuple[str, str], Result] = field(default_factory=dict)  # by version and case
    at: str = ""  # the case that was done last
    trouble: str = ""
    ended: bool = False

    async def take(self, running: AsyncGenerator[tuple[Result, bool]]) -> None:
        """Each result as it comes; what runs is closed at the end, however that comes."""
        async with aclosing(running) as results:
            async for result, _ in results:
                self.results[result.version, result.case] = result
                self.at = "a simulated shopper" if result.simulated else result.case

    @property
    def said(self) -> str:
        """How far it is, in words."""
        done = f"{len(self.results)} of {len(self.titles) * (len(self.cases) + self.simulated)} results"
        if self.trouble:
            return f"{self.trouble} There are {done}; begin again to go on." if self.results else self.trouble
        if not self.ended:
            return f"{done}; last: {self.at or 'opening the shops'}."
        left = f" {self.left_out} cases are of a shop that is not open here." if self.left_out else ""
        if self.simulated < self.wished:
            left += f" Simulated shoppers: {self.simulated}; no others have a purchase of something that is still sold."
        if lost := sum(result.unreached > 0 for result in list(self.results.values())):
            left += f" In {lost} the language model did not answer: they are scored as they went, and not kept."
        return f"{done}.{left}"


class Scoring:
    """Begins and stops runs, and shows the latest one."""

    def __init__(
        self, serving: Serving, versions: Versions, prompts: Prompts, home: Path, models: Path, cards: int
    ) -> None:
        self._serving = serving
        self._versions = versions
        self._prompts = prompts
        self._results = Results(serving.shop.connections)
        self._home = home
        self._models = models
        self._cards = cards
        self._task: asyncio.Task[None] | None = None
        self.run: Run | None = None

    @property
    def is_demo(self) -> bool:
        """Whether the shop that is open is the demo shop, which most cases are written for."""
        return (self._home / "demo.sha256").exists()

    def begin(self, titles: Sequence[str], glob: str, simulate: int = 0) -> Run:
        """Score these versions on the cases that the glob names, and by so many simulated shoppers of this shop.

        VersionError where it cannot be, or one runs.
        """
        if self._task is not None and not self._task.done():
            raise VersionError("A run is under way. Wait for it, or stop it first.")
        chosen = list(dict.fromkeys(titles))
        if not 1 <= len(chosen) <= MOST_VERSIONS:
            raise VersionError(f"Choose 1 to {MOST_VERSIONS} versions.")
        if not 0 <= simulate <= MOST_SIMULATED:
            raise VersionError(f"Simulate 0 to {MOST_SIMULATED} shoppers; {simulate} is not between them.")
        trials = [Trial.of(self._versions, self._versions.find(title)) for title in chosen]
        named = files.load((files.FOLDER, self._home / "cases"), glob.strip() or "*")
        cases = [case for case in named if case.shop != DEMO or self.is_demo]
        if not cases:
            raise VersionError("These cases are written for the demo shop, and another one is open here.")
        self.run = Run([trial.title for trial in trials], cases, len(named) - len(cases), simulate, simulate)
        self._task = asyncio.create_task(self._work(self.run, trials))
        return self.run

    def stop(self) -> None:
        """End the run after what it is at; what is done is kept."""
        if self._task is not None:
            self._task.cancel()

    async def _work(self, run: Run, trials: list[Trial]) -> None:
        serving = self._serving
        try:
            here = await asyncio.to_thread(Stage.over, serving.shop, serving.finder)
            opened = {OWN: here} | ({DEMO: here} if self.is_demo else {})
            with staged(self._models, self._cards, opened, serving.shop.encoder) as stages:
                for case in run.cases:
                    await asyncio.to_thread(stages.of, case)  # a small shop takes a while to open
                shoppers = await asyncio.to_thread(_shoppers, here, run.wished) if run.wished else []
                run.simulated = len(shoppers)
                evaluation = Evaluation(stages, self._prompts, serving.llm, self._results, None, TIMEOUT_S)
                await run.take(evaluation.run(run.cases, trials))
                if shoppers:
                    simulation = await asyncio.to_thread(Simulation, evaluation, here)
                for one in shoppers:
                    # One by one: a simulation holds many at once, and the shop's own shoppers would wait for them.
                    await run.take(simulation.run([one], trials))
        except asyncio.CancelledError:
            run.trouble = STOPPED
        except PromptsError as error:
            run.trouble = str(error)
        except Exception:
            log.exception("scoring failed")
            run.trouble = "Something went wrong; the log says what."
        finally:
            run.ended = True

    def html(self) -> str:
        """The latest run: how far it is, what may be said, totals, and each case by version with why it failed."""
        if self.run is None:
            return "<p>Nothing was scored since the server started. Choose versions and press “Score”.</p>"
        run = self.run
        whole = [case for case in run.cases if all((title, case.id) in run.results for title in run.titles)]
        seen = sorted({result.case for result in list(run.results.values()) if result.simulated})
        names = [case.id for case in whole]
        names += [name for name in seen if all((title, name) in run.results for title in run.titles)]
        scored = {title: [run.results[title, name] for name in names] for title in run.titles}
        first, *others = run.titles
        compared = [compare(scored[first], scored[other]) for other in others] if whole else []
        parts = [f"<p>{escape(run.said)}</p>", *(f"<p><b>{escape(one.sentence)}</b></p>" for one in compared)]
        if whole:
            of_two = compared[0] if len(compared) == 1 else None
            head = ["", *run.titles, *(["difference"] if of_two else [])]
            parts.append(_table(head, total_rows(scored, of_two)))
            rows = [[case.id, *(_cell(run.results[title, case.id]) for title in run.titles)] for case in whole]
            parts.append(_table(["case", *run.titles], rows, escaped=True))
        return "".join(parts)


def _shoppers(stage: Stage, most: int) -> list[Wanting]:
    """Whom to simulate in this shop, no two of them the same; VersionError where nobody can be."""
    found = wanting(Events(stage.shop.connections), stage.records.items, most)
    if not found:
        raise VersionError(NOBODY)
    return list({one.hash: one for one in found}.values())


def score_tab(
    scoring: Scoring, who: Callable[[gr.Request], str], status: gr.HTML, said: Callable[..., str]
) -> gr.Dropdown:
    """Add the tab; returns where versions are chosen."""
    with gr.Tab("Score"):
        gr.Markdown(
            "Hold the conversations of a set of cases with up to four versions, and see which checks each passes. It "
            "runs on the server, for a minute or many; close the page if you like. What was scored once is kept."
        )
        versions = gr.Dropdown(
            label="Versions to score; the others are compared with the first", multiselect=True, elem_id="lab-scored"
        )
        glob = gr.Textbox(
            label="Cases (empty: all)",
            info="A file (budget), one case of it (budget/at-most), or a pattern (b*).",
            elem_id="lab-cases",
        )
        simulate = gr.Number(
            0,
            label="Simulated shoppers (0: none)",
            info=f"Each wants what a shopper of this shop bought last; a row of the totals. At most {MOST_SIMULATED}.",
            precision=0,
            elem_id="lab-simulated",
        )
        with gr.Row():
            begin = gr.Button("Score", variant="primary")
            stop = gr.Button("Stop")
        table = gr.HTML(scoring.html, elem_id="lab-score")
        clock = gr.Timer(1.0, active=False)

    async def on_begin(titles: list[str], which: str, many: int | None, request: gr.Request) -> list[Any]:
        try:
            who(request)
            scoring.begin(titles, which, many or 0)
        except PromptsError as error:
            return [said(str(error), bad=True), gr.skip(), gr.skip()]
        return [said("Scoring …"), scoring.html(), gr.Timer(active=True)]

    def on_tick() -> list[Any]:
        run = scoring.run
        ended = run is None or run.ended
        return [
            said(run.said, bad=run.trouble not in ("", STOPPED)) if run else gr.skip(),
            scoring.html(),
            gr.Timer(active=not ended),
        ]

    async def on_stop() -> None:
        scoring.stop()  # in the loop of the run, which another thread could not wake

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    begin.click(on_begin, [versions, glob, simulate], [status, table, clock], **quiet)
    stop.click(on_stop, None, None, **quiet)
    clock.tick(on_tick, None, [status, table, clock], **quiet)
    return versions


def _cell(result: Result) -> str:
    if result.ok:
        return "pass"
    lines = "".join(f"<li>{escape(line)}" for line in whys(result))
    return f"{result.passed} of {result.checks}<ul>{lines}</ul>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, escaped: bool = False) -> str:
    """A table; ``escaped``: all cells but the first of a row are HTML already."""
    top = "".join(f'<th scope="col">{escape(cell)}' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}'
        + "".join(f"<td>{cell if escaped else escape(cell)}" for cell in row[1:])
        for row in rows
    )
    return f'<div class="lab-wide"><table><tr>{top}</tr>{body}</table></div>'
