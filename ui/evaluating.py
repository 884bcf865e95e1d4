"""Scores versions of prompts from the shell: opens what the cases need, runs them, and writes the reports.

Knows the shops that cases need and the language model; how a case is held is in ``chat.evaluation``.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, aclosing, contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from chat.errors import SetupError
from chat.evaluation import Evaluation, Stage, Trial, staged
from chat.held_out import Wanting, wanting
from chat.llm import LLM, Timeouts
from chat.settings import Settings
from chat.simulated_success import Simulation
from prompts import cases as files
from prompts.cases import DEMO, OWN, Case
from prompts.errors import VersionError
from prompts.results import Results
from prompts.scores import Comparison, Result, compare
from prompts.serving import released
from ranking.history import Events
from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui.demo_shop import build_demo
from ui.evaluation_report import print_report, write_html, write_junit
from ui.home import Home
from ui.opening import language_model, opened_finder

DEMO_HOME = "demo"  # folder in the home where a demo shop is kept, where the home is not one itself
console = Console(highlight=False)


def evaluate(
    versions: Sequence[str],
    glob: str,
    threshold: float,
    junit: Path | None,
    html: Path | None,
    *,
    anew: bool,
    judge_url: str,
    judge_model: str,
    rubrics: bool,
    simulate: int = 0,
) -> bool:
    """Run the cases with each version, compare, print and write; whether the last version is good enough.

    ``simulate``: so many simulated shoppers of this shop too, or of the demo shop where this one has no items.

    VersionError, CaseError or SetupError where it cannot be run.
    """
    if not 0 <= threshold <= 1:
        raise VersionError(f"A threshold is a share between 0 and 1; {threshold:g} is not.")
    settings = Settings()
    home = Home(settings.home)
    chosen = files.load((files.FOLDER, home.cases), glob)
    with ExitStack() as stack:
        connections = stack.enter_context(opened_connections(home))
        kept, served = released(connections)
        trials = [Trial.of(kept, kept.find(title)) for title in dict.fromkeys(versions)]
        llm = stack.enter_context(reached(settings, home))
        judge = judge_of(settings, llm, judge_url, judge_model) if rubrics else None
        simulated_in = (OWN if Catalog(connections).size() else DEMO) if simulate else ""
        opened = stack.enter_context(opened_stages(settings, home, chosen, simulated_in))
        stages = stack.enter_context(staged(settings.models, settings.cards, opened))
        evaluation = Evaluation(stages, served, llm, Results(connections), judge, settings.turn_timeout_s)
        shoppers = _shoppers(opened[simulated_in], simulate) if simulate else []
        simulation = Simulation(evaluation, opened[simulated_in]) if simulate else None
        found = asyncio.run(_run(evaluation, chosen, trials, anew, simulation, shoppers))
    names = dict.fromkeys((*(case.id for case in chosen), *(case for _, case in found)))  # the cases in their order
    scored = {trial.title: [found[trial.title, name] for name in names] for trial in trials}
    first, *others = scored
    comparisons = [compare(scored[first], scored[other]) for other in others]
    print_report(console, scored, comparisons)
    if junit:
        write_junit(junit, scored)
    if html:
        about = f"{len(chosen)} cases{f' and {len(shoppers)} simulated shoppers' if shoppers else ''}"
        write_html(html, scored, comparisons, f"{about}, with {llm.model}.")
    return _good(scored, comparisons, threshold)


def _shoppers(stage: Stage, most: int) -> list[Wanting]:
    """Whom to simulate in this shop; SetupError where nobody can be."""
    found = wanting(Events(stage.shop.connections), stage.records.items, most)
    if not found:
        raise SetupError(
            "Nobody can be simulated: no shopper of this shop has a purchase of something that it still sells. Take in"
            " purchases with `shoptalk events FILE`, or leave --simulate out."
        )
    if len(found) < most:
        console.print(f"{len(found)} shoppers are simulated: no more have a purchase of something that is still sold.")
    return found


async def _run(
    evaluation: Evaluation,
    cases: list[Case],
    trials: list[Trial],
    anew: bool,
    simulation: Simulation | None,
    shoppers: Sequence[Wanting],
) -> dict[tuple[str, str], Result]:
    """Every result; the clients end with the loop that they belong to."""
    async with AsyncExitStack() as stack:
        for llm in filter(None, (evaluation.llm, evaluation.judge)):
            stack.push_async_callback(llm.close)
        found = await results_of(evaluation, cases, trials, anew)
        if simulation is not None:
            running = simulation.run(shoppers, trials, anew=anew)
            found |= await _collected(running, len(shoppers) * len(trials), "simulated shoppers")
        return found


async def results_of(
    evaluation: Evaluation, cases: Sequence[Case], trials: Sequence[Trial], anew: bool
) -> dict[tuple[str, str], Result]:
    """Every result, by version and case, with a word on how far it is and on what was known from before."""
    return await _collected(evaluation.run(cases, trials, anew=anew), len(cases) * len(trials), "cases")


async def _collected(
    running: AsyncGenerator[tuple[Result, bool]], total: int, what: str
) -> dict[tuple[str, str], Result]:
    found: dict[tuple[str, str], Result] = {}
    known = 0
    async with aclosing(running) as results:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(what, total=total)
            async for result, before in results:
                found[result.version, result.case] = result
                known += before
                progress.update(task, advance=1, description=result.case)
    if known:
        told = "results" if what == "cases" else what
        console.print(f"{known} of {len(found)} {told} are from before; --anew runs them again.")
    lost = sum(result.unreached > 0 for result in found.values())
    if lost:
        console.print(
            f"In {lost} {what} the language model did not answer: they are scored as they went, and not kept.",
            style="yellow",
        )
    return found


def _good(scored: dict[str, list[Result]], comparisons: list[Comparison], threshold: float) -> bool:
    last = [result for result in list(scored.values())[-1] if not result.simulated]
    passed = sum(result.ok for result in last) / len(last)
    if passed < threshold:
        console.print(f"{last[0].version} passes {passed:.1%} of the cases, less than {threshold:.1%}.", style="red")
    return passed >= threshold and not (comparisons and comparisons[-1].verdict < 0)


@contextmanager
def opened_connections(home: Home) -> Iterator[Connections]:
    connections = Connections(home.database)
    try:
        yield connections
    finally:
        connections.close()


@contextmanager
def reached(settings: Settings, home: Home) -> Iterator[LLM]:
    """The language model of the settings, once it answers. SetupError with what to do where it does not."""
    with language_model(settings, home, follow=home.served()) as model:
        if model.server is not None:
            with console.status("Waiting for the language model (about 40 s) …"):
                model.server.wait_ready()
        else:
            # With a client of its own: connections belong to the loop that opened them.
            with language_model(settings, home, follow=home.served()) as probe:
                if not asyncio.run(answers(probe.llm)):
                    raise SetupError(
                        f"No language model answers at {model.llm.url}, and without one there is nothing to score."
                        " Start it, or set SHOPTALK_LLM_URL to one that runs; where that is empty, and nothing serves"
                        " this shop, one is started here."
                    )
        yield model.llm


async def answers(llm: LLM) -> bool:
    try:
        return await llm.reachable()
    finally:
        await llm.close()


def judge_of(settings: Settings, llm: LLM, url: str, model: str) -> LLM:
    if not url:
        return llm
    timeouts = Timeouts(
        settings.llm_connect_timeout_s, settings.llm_first_token_timeout_s, settings.llm_token_timeout_s
    )
    return LLM(url, model or llm.model, api_key=settings.llm_api_key.get_secret_value(), timeouts=timeouts)


@contextmanager
def opened_stages(settings: Settings, home: Home, cases: list[Case], also: str = "") -> Iterator[dict[str, Stage]]:
    """The shops that the cases need beyond their own small ones, and ``also``, each opened once."""
    kinds = {also, *(case.shop for case in cases)}
    is_demo = (home.folder / "demo.sha256").exists()
    wanted = {OWN: home, DEMO: home if is_demo else Home(home.folder / DEMO_HOME)}
    with ExitStack() as stack:
        opened: dict[Path, Stage] = {}
        for kind in (OWN, DEMO):
            if kind not in kinds:
                continue
            shop_home = wanted[kind]
            if shop_home.folder not in opened:
                served = shop_home.served()
                stack.enter_context(nullcontext() if served else shop_home.owned())
                if kind == DEMO and not served:
                    build_demo(shop_home, settings, console)
                finder = stack.enter_context(opened_finder(settings, shop_home, console, follow=served))
                opened[shop_home.folder] = Stage.over(*finder)
        yield {kind: opened[wanted[kind].folder] for kind in kinds & set(wanted)}
