"""Looks for a better version of a prompt from the shell: proposals, their scores, and the best of them as a draft.

Opens what the cases need (``ui.evaluating``). Nothing is published: a person reads the draft and does.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chat.errors import LLMError, SetupError
from chat.evaluation import Evaluation, Trial, staged
from chat.llm import LLM, PATIENT
from chat.proposing import failures_of, proposed
from chat.settings import Settings
from prompts import cases as files
from prompts.cases import Case
from prompts.errors import PromptError, VersionError
from prompts.library import FRAGMENTS, Library, text_of
from prompts.optimising import best, parts
from prompts.prompt import Prompt
from prompts.proposals import Proposal, Proposals
from prompts.results import Result, Results
from prompts.scores import Comparison, compare
from prompts.serving import Offered, released
from prompts.tables import Databases
from prompts.versions import Versions
from ui.evaluating import console, judge_of, opened_connections, opened_stages, reached, results_of
from ui.evaluation_report import Scored, print_report, total_rows, write_html
from ui.home import Home

MOST_PROPOSALS = 20


@dataclass(frozen=True)
class Candidate:
    """A text that could be published, and where it came from."""

    title: str
    prompt: Prompt
    origin: str


@dataclass(frozen=True)
class Wish:
    """What is to be looked for; see the options of ``shoptalk prompts optimise``."""

    name: str
    glob: str
    count: int
    source: Path | None
    url: str
    model: str
    rubrics: bool
    anew: bool
    keep: bool
    html: Path | None
    who: str


def optimise(wish: Wish) -> bool:
    """Propose or read, score, tell, and keep the best as a draft; whether one is better beyond noise.

    VersionError, CaseError or SetupError where it cannot be done.
    """
    if not 1 <= wish.count <= MOST_PROPOSALS:
        raise VersionError(f"Ask for 1 to {MOST_PROPOSALS} proposals; {wish.count} is not.")
    settings = Settings()
    home = Home(settings.home)
    chosen = files.load((files.FOLDER, home.cases), wish.glob)
    parts(chosen)  # too few are told before anything is opened
    with ExitStack() as stack:
        connections = stack.enter_context(opened_connections(home))
        versions, served = released(connections)
        versions.find(wish.name)
        llm = stack.enter_context(reached(settings, home))
        stages = stack.enter_context(
            staged(settings.models, settings.cards, stack.enter_context(opened_stages(settings, home, chosen)))
        )
        judge = judge_of(settings, llm, "", "") if wish.rubrics else None
        evaluation = Evaluation(stages, served, llm, Results(connections), judge, settings.turn_timeout_s)
        search = Search(wish, versions, connections, evaluation, _proposer(settings, llm, wish))
        try:
            return asyncio.run(search.run(chosen))
        except KeyboardInterrupt:
            console.print("Stopped. What is done is kept: the same command goes on from here.")
            raise


class Search:
    """One search, over what is open."""

    def __init__(
        self, wish: Wish, versions: Versions, databases: Databases, evaluation: Evaluation, proposer: LLM
    ) -> None:
        self._wish = wish
        self._versions = versions
        self._proposals = Proposals(databases)
        self._evaluation = evaluation
        self._proposer = proposer
        self._served = evaluation.prompts

    async def run(self, cases: Sequence[Case]) -> bool:
        """All of it, in order."""
        develop, held = parts(cases)
        async with AsyncExitStack() as stack:
            clients = (self._evaluation.llm, self._evaluation.judge, self._proposer)
            for client in {id(one): one for one in clients if one is not None}.values():
                stack.push_async_callback(client.close)
            version = self._versions.find(self._wish.name)
            base = Trial.of(self._versions, version)
            console.print(f"{len(develop)} cases to develop on, {len(held)} held out to decide.")
            of_base = await self._scored(develop, [base])
            failed = failures_of(develop, {result.case: result for result in of_base[base.title]})
            found = await self._candidates(self._versions.text(version), develop, failed)
            if not found:
                console.print(f"There is nothing to score against {base.title}.", style="yellow")
                return False
            self._evaluation.prompts = Offered(self._served, [one.prompt for one in found])
            trials = {
                one.title: Trial(one.title, dict(base.pins) | {one.prompt.name: one.prompt.version}) for one in found
            }
            scored = of_base | await self._scored(develop, list(trials.values()))
            console.print("The cases to develop on:")
            print_report(console, scored, [compare(scored[base.title], scored[title]) for title in trials])
            chosen = best(scored[base.title], {title: scored[title] for title in trials})
            if chosen is None:
                console.print(f"None is better than {base.title} on the cases to develop on.", style="yellow")
                return False
            decided = await self._scored(held, [base, trials[chosen.second]])
            comparison = compare(decided[base.title], decided[chosen.second])
            console.print(f"The held-out cases, with the best of them, {chosen.second}:", markup=False)
            print_report(console, decided, [comparison])
        if self._wish.html:
            about = f"{len(held)} held-out cases, with {self._evaluation.llm.model}."
            write_html(self._wish.html, decided, [comparison], about)
        candidate = next(one for one in found if one.title == chosen.second)
        return self._kept(candidate, base.title, decided, comparison)

    async def _scored(self, cases: Sequence[Case], trials: Sequence[Trial]) -> dict[str, list[Result]]:
        found = await results_of(self._evaluation, cases, trials, self._wish.anew)
        return {trial.title: [found[trial.title, case.id] for case in cases] for trial in trials}

    async def _candidates(self, base: Prompt, develop: Sequence[Case], failed: Sequence[str]) -> list[Candidate]:
        """What could be published and is new; of the rest it is told why not."""
        if self._wish.source is not None:
            offered = [(path.name, _read(path), f"from {path.name}") for path in _paths(self._wish.source)]
        elif not failed:
            console.print(f"{base.origin} passes every case to develop on, so that nothing can be learned from them.")
            return []
        else:
            offered = await self._proposed(base, develop, failed)
        found: list[Candidate] = []
        seen = {base.version: f"{base.origin}, which is live"}
        for title, proposal, origin in offered:
            try:
                if not proposal.content:
                    raise PromptError(title, 1, proposal.why or "there is no prompt in the answer")
                prompt = self._versions.check(proposal.content, title, named=base.name)
            except PromptError as error:
                console.print(f"Dropped: {error}", style="yellow", markup=False)
                continue
            if prompt.version in seen:
                console.print(f"Dropped: {title} is just {seen[prompt.version]}.", style="yellow", markup=False)
                continue
            seen[prompt.version] = title
            found.append(Candidate(title, prompt, f"{origin}{f': {proposal.why}' if proposal.why else ''}"))
        return found

    async def _proposed(
        self, base: Prompt, develop: Sequence[Case], failed: Sequence[str]
    ) -> list[tuple[str, Proposal, str]]:
        models = (self._proposer.model, self._evaluation.llm.model)
        parts_of = "\n".join([base.version, *models, *sorted(case.hash for case in develop)])
        made_from = hashlib.sha256(parts_of.encode()).hexdigest()
        offered = []
        for number in range(1, self._wish.count + 1):
            held = None if self._wish.anew else self._proposals.get(made_from, number)
            if held is None:
                with console.status(f"Waiting for proposal {number} of {self._wish.count} …"):
                    try:
                        held = await proposed(self._proposer, base, Library(), failed, number)
                    except LLMError as error:
                        what = f"The language model at {self._proposer.url}, which is to propose, says nothing: {error}"
                        raise SetupError(f"{what} Set SHOPTALK_PROPOSER_URL, or read proposals with --from.") from error
                self._proposals.put(made_from, number, held)
            origin = f"proposed by {self._proposer.model} from {len(failed)} failures of {base.origin}"
            offered.append((f"proposal {number}", held, origin))
        return offered

    def _kept(self, candidate: Candidate, base: str, decided: Scored, comparison: Comparison) -> bool:
        """The candidate as a draft, where it is better beyond noise or a draft is wanted all the same."""
        if comparison.verdict <= 0:
            console.print(f"Nothing is better than {base} beyond noise on the held-out cases.", style="yellow")
            if not self._wish.keep:
                return False
        held = next((one for one in self._versions.drafts() if one.content == candidate.prompt.content), None)
        number = held.number if held else self._versions.draft(
            candidate.prompt.content, self._wish.who, note=_note(candidate, decided, comparison)
        )  # fmt: skip
        console.print(
            f"Draft {number} holds {candidate.title}. Read it: shoptalk prompts draft {number}. Nothing is published.",
            markup=False,
        )
        return comparison.verdict > 0


def _proposer(settings: Settings, llm: LLM, wish: Wish) -> LLM:
    url = wish.url or settings.proposer_url
    if not url:
        return llm
    model = wish.model or settings.proposer_model or llm.model
    return LLM(url, model, api_key=settings.proposer_api_key.get_secret_value(), timeouts=PATIENT)


def _paths(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    found = [path for path in sorted(source.rglob("*.md")) if path.is_file() and path.parent.name != FRAGMENTS]
    if not found:
        raise VersionError(f"There is no prompt in {source}: name a file, or a folder of .md files.")
    return found


def _read(path: Path) -> Proposal:
    try:
        return Proposal(text_of(path))
    except PromptError as error:
        return Proposal("", error.what)


def _note(candidate: Candidate, decided: Scored, comparison: Comparison) -> str:
    """Where it came from and what it came to, for whoever reads the draft."""
    rows = zip(*decided.values(), strict=True)
    lines = [
        f"{candidate.title}, {datetime.now(UTC):%Y-%m-%d}, {candidate.origin}",
        f"On the held-out cases: {comparison.sentence}",
        " | ".join(["", *decided, "difference"]),
        *(" | ".join(row) for row in total_rows(decided, comparison)),
        *(" | ".join([row[0].case, *(_short(result) for result in row)]) for row in rows),
    ]
    return "\n".join(lines)


def _short(result: Result) -> str:
    return "pass" if result.ok else f"{result.passed} of {result.checks}"
