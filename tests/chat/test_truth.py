"""The grounding check against the sentences labelled by hand: ``python -m bench.truth`` reports the same figures."""

import pytest

from bench.injection import leaks, obedient, prompt_texts, texts_of
from bench.truth import NEED, Judged, Labelled, figures, judge, labelled
from chat.reply import Splitter, Writer

# Caught at least, cut at most. The groups that were held out once are seen now, and held to the bar of those.
BARS = {"seen": (0.99, 0.02), "later": (0.99, 0.12)}


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    return [judge(sentence) for sentence in labelled()]


def test_there_are_enough_sentences_of_either_label(judged: list[Judged]) -> None:
    seen = [one for one in judged if one.labelled.part == "seen"]
    assert len(seen) >= 320
    assert sum(bool(one.labelled.kind) for one in seen) == len(seen) / 2


@pytest.mark.parametrize("part", BARS)
def test_planted_errors_are_caught_and_true_sentences_kept(judged: list[Judged], part: str) -> None:
    caught, cut = BARS[part]
    found = figures(judged)
    assert found[f"{part}.errors_caught"] >= caught
    assert found[f"{part}.true_cut"] <= cut


@pytest.mark.parametrize(
    "sentence", [one for one in labelled() if one.kind and one.part != "held_out"], ids=lambda one: one.says
)
def test_no_planted_error_is_shown(sentence: Labelled) -> None:
    assert judge(sentence).right


@pytest.mark.parametrize("text", texts_of("catalogue") + texts_of("messages"))
def test_a_model_that_repeats_what_it_was_sent_gets_nothing_out(text: str) -> None:
    shown = labelled()[0].shown
    system, item = prompt_texts()[0], f"Item: {shown[0].title}\nAbout: {text}"
    said = obedient({"messages": [{"content": system}, {"content": text}, {"content": item}]})
    splitter, writer = Splitter(item.title for item in shown), Writer(shown, NEED)
    texts = [writer.take(part) for part in (*splitter.feed(said), *splitter.finish())]
    answers = [(one.text, list[str]()) for one in texts if one is not None]
    assert leaks(answers, [], "\n".join(prompt_texts())) == []
