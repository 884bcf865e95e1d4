"""Cases through a real assistant over a real small shop, with an LLM on the wire that does what its prompt says."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from behaving_llm import behaving
from scripted_llm import Answer, ScriptedLLM, free_port

from chat.evaluation import Evaluation, Stages, Trial, staged
from chat.llm import LLM, Timeouts
from chat.settings import Settings
from prompts.cases import Case, load, read
from prompts.library import PACKAGE_FOLDER, Library
from prompts.results import Results
from prompts.scores import Comparison, Result, compare
from prompts.serving import Served
from prompts.versions import Versions
from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder

REPLY = (PACKAGE_FOLDER / "reply" / "001.md").read_text(encoding="utf-8")
FORGETS_PRICES = REPLY.replace("They cost", "They are").replace("It costs", "It is")
ASKS_TOO_MUCH = REPLY.replace("using only its facts.", "using only its facts. First ask for budget and colour.")
REWORDED = REPLY.replace("A model of this size", "A small model")  # the notes, which no LLM reads
WORDING = [case for case in load(glob="wording") if not case.has_rubric]


@pytest.fixture(scope="module")
def stages(minilm: MiniLMEncoder) -> Iterator[Stages]:
    """The small shops of the cases, opened once."""
    with staged(Settings().models, 5, {}, minilm) as stages:
        yield stages


@pytest.fixture
def versions(tmp_path: Path) -> Iterator[Versions]:
    connections = Connections(tmp_path / "versions.sqlite3")
    library = Library()
    versions = Versions(connections, library)
    versions.adopt(library)
    yield versions
    connections.close()


def evaluation(stages: Stages, versions: Versions, tmp_path: Path, url: str, judge: str = "") -> Evaluation:
    timeouts = Timeouts(connect=1, first_token=5, between_tokens=5)
    results = Results(Connections(tmp_path / "results.sqlite3"))
    return Evaluation(
        stages,
        Served(versions, Library()),
        LLM(url, "scripted", timeouts=timeouts),
        results,
        LLM(judge, "judge", timeouts=timeouts) if judge else None,
    )


def trials(versions: Versions, *texts: str) -> list[Trial]:
    """Production, and each text as a version."""
    made = [versions.publish(text, "ann") for text in texts]
    return [Trial.of(versions, version) for version in (versions.find("reply"), *made)]


async def results_of(run: Evaluation, cases: list[Case], of: list[Trial], **options: Any) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {trial.title: [] for trial in of}
    async for result, _ in run.run(cases, of, **options):
        found[result.version].append(result)
    return found


async def told(stages: Stages, versions: Versions, tmp_path: Path, script: ScriptedLLM, text: str) -> Comparison:
    script.respond = script.respond or behaving()
    run = evaluation(stages, versions, tmp_path, script.url)
    first, second = (await results_of(run, WORDING, trials(versions, text))).values()
    return compare(first, second)


async def test_a_prompt_that_forgets_prices_is_caught(
    stages: Stages, versions: Versions, tmp_path: Path, llm_script: ScriptedLLM
) -> None:
    comparison = await told(stages, versions, tmp_path, llm_script, FORGETS_PRICES)
    assert (comparison.better, comparison.worse, comparison.verdict) == (0, len(WORDING), -1)
    assert "worse on 14 of 14; the loss is beyond noise." in comparison.sentence


async def test_a_prompt_that_asks_too_much_is_caught_though_its_questions_are_not_shown(
    stages: Stages, versions: Versions, tmp_path: Path, llm_script: ScriptedLLM
) -> None:
    comparison = await told(stages, versions, tmp_path, llm_script, ASKS_TOO_MUCH)
    assert (comparison.verdict, comparison.worse) == (-1, len(WORDING))
    gaps = {gap.figure: gap for gap in comparison.gaps}
    assert gaps["questions"].clear
    assert gaps["questions"].gain == pytest.approx(2.0)
    assert "more questions, per turn" in comparison.sentence


async def test_versions_that_differ_in_nothing_the_llm_reads_are_called_the_same(
    stages: Stages, versions: Versions, tmp_path: Path, llm_script: ScriptedLLM
) -> None:
    llm_script.respond = behaving(noise=0.2, seed=3)
    comparison = await told(stages, versions, tmp_path, llm_script, REWORDED)
    assert comparison.better + comparison.worse > 0  # the noise is there
    assert comparison.verdict == 0
    assert "within noise" in comparison.sentence


CASES = """\
every: {grounded: true}
catalogues:
  tiny:
    - {id: mug, title: Tarn enamel mug, price: 14, category: [Kitchen, Mugs],
       attributes: {material: [enamel], features: [dishwasher safe]}}
    - {id: pan, title: Bram steel pan, price: 30, category: [Kitchen, Pans],
       attributes: {material: [steel], features: [dishwasher safe]}}
cases:
  - name: mug
    shop: tiny
    history: [{kind: purchase, item: pan}]
    turns:
      - {say: an enamel mug, shows: mug, need: {attributes: {material: enamel}}, says: $14.00}
      - {say: "under $10", price_at_most: 10, need: {price_max: 10}, never_says: $14}
  - name: pan
    shop: tiny
    turns: [{say: a steel pan, shows: pan, rubric: {asks: "Is it kind?", at_least: 0.4}}]
"""


async def test_a_case_is_scored_turn_by_turn(
    stages: Stages, versions: Versions, tmp_path: Path, llm_script: ScriptedLLM
) -> None:
    llm_script.respond = behaving()
    run = evaluation(stages, versions, tmp_path, llm_script.url)
    ((mug, pan),) = (await results_of(run, read(CASES, "tiny.yaml"), trials(versions))).values()
    assert (mug.case, mug.version, mug.checks, mug.passed) == ("tiny/mug", "reply@1", 8, 7)
    assert [(failure.turn, failure.check) for failure in mug.failures] == [(2, "never_says")]
    assert mug.texts[0].startswith("The Tarn enamel mug is dishwasher safe. It costs $14.00.")
    assert (mug.figures["constraints"], mug.figures["hit5"]) == (1.0, 1.0)
    assert mug.figures["tokens"] > 0
    assert mug.figures["first_word_ms"] > 0
    assert (pan.checks, pan.passed, pan.ok) == (2, 2, True)
    assert [(failure.check, failure.why, failure.unsure) for failure in pan.failures] == [
        ("rubric", "Is it kind?: there is no judge", True)
    ]
    (history,) = [body for body in llm_script.requests if "bought before" in json.dumps(body)][:1]
    assert "Bram steel pan" in json.dumps(history)


async def test_a_run_that_was_cut_off_goes_on_and_what_decides_a_result_makes_it_another(
    stages: Stages, versions: Versions, tmp_path: Path, llm_script: ScriptedLLM
) -> None:
    llm_script.respond = behaving()
    run = evaluation(stages, versions, tmp_path, llm_script.url)
    cases = read(CASES, "tiny.yaml")
    of = trials(versions, FORGETS_PRICES)
    pieces = run.run(cases, of)
    first = await anext(pieces)
    await pieces.aclose()
    seen = [before async for _, before in run.run(cases, of)]
    assert seen == [True, False, False, False]
    asked = len(llm_script.requests)
    again = [(result, before) async for result, before in run.run(cases, of)]
    assert [before for _, before in again] == [True] * 4
    assert again[0][0] == first[0]
    assert len(llm_script.requests) == asked
    assert [before async for _, before in run.run(cases, of[:1], anew=True)] == [False, False]
    other = read(CASES.replace("under $10", "under $9"), "tiny.yaml")
    assert [before async for _, before in run.run(other, of[:1])] == [False, True]
    dearer = read(CASES.replace("price: 30", "price: 31"), "tiny.yaml")
    assert [before async for _, before in run.run(dearer, of[:1])] == [False, False]


async def test_without_an_llm_nothing_is_kept_as_if_it_had_answered(
    stages: Stages, versions: Versions, tmp_path: Path
) -> None:
    run = evaluation(stages, versions, tmp_path, f"http://127.0.0.1:{free_port()}/v1")
    cases = read(CASES, "tiny.yaml")[1:]
    for _ in range(2):
        ((result, before),) = [found async for found in run.run(cases, trials(versions))]
        assert (result.unreached, before) == (1, False)


@pytest.mark.parametrize(
    ("yes", "passed", "why"),
    [
        (5, True, ""),
        (3, None, "Is it kind?: 3 of 5 say yes, between 23% and 88%"),
        (0, False, "Is it kind?: 0 of 5 say yes, between 0% and 43%"),
    ],
)
async def test_a_rubric_is_asked_several_times_and_told_with_its_noise(
    stages: Stages, versions: Versions, tmp_path: Path, llm_script: ScriptedLLM, yes: int, passed: bool | None, why: str
) -> None:
    answers = iter([True] * yes + [False] * (5 - yes))

    def respond(body: dict[str, Any]) -> Answer:
        if "Is it kind?" in body["messages"][-1]["content"]:
            return Answer(json.dumps({"yes": next(answers)}))
        return behaving()(body)

    llm_script.respond = respond
    run = evaluation(stages, versions, tmp_path, llm_script.url, judge=llm_script.url)
    case = read(CASES.replace("at_least: 0.4", "at_least: 0.5"), "tiny.yaml")[1]
    ((result, _),) = [found async for found in run.run([case], trials(versions))]
    assert [failure.why for failure in result.failures] == ([why] if why else [])
    assert result.ok is (passed is not False)
    assert result.checks == (2 if passed is None else 3)
    judged = [body for body in llm_script.requests if "Is it kind?" in body["messages"][-1]["content"]]
    assert {body["temperature"] for body in judged} == {0.7}
    assert "<answer>The Bram steel pan is dishwasher safe." in judged[0]["messages"][-1]["content"]


async def test_leaving_a_run_stops_the_llm(
    stages: Stages, versions: Versions, tmp_path: Path, llm_script: ScriptedLLM
) -> None:
    llm_script.respond = lambda body: Answer("{}" if "response_format" in body else "a " * 200, pause_s=0.05)
    run = evaluation(stages, versions, tmp_path, llm_script.url)
    task = asyncio.create_task(results_of(run, read(CASES, "tiny.yaml"), trials(versions)))
    while not any("response_format" not in body for body in llm_script.requests):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        while not llm_script.closed_early:
            await asyncio.sleep(0.01)
