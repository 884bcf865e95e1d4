"""What may be said of two versions: the statistics, over results that are made up."""

import numpy as np
import pytest

from prompts.scores import Comparison, Failure, Result, band, compare, total


def result(case: int, passed: int, version: str = "reply@1", **figures: float) -> Result:
    return Result(case=f"c{case}", version=version, checks=4, passed=passed, figures=figures)


def versions(better: int, worse: int, same: int) -> tuple[list[Result], list[Result]]:
    moves = [(3, 4)] * better + [(4, 3)] * worse + [(4, 4)] * same
    first = [result(n, before, "reply@6") for n, (before, _) in enumerate(moves)]
    return first, [result(n, after, "reply@7") for n, (_, after) in enumerate(moves)]


@pytest.mark.parametrize(
    ("better", "worse", "sentence"),
    [
        (12, 3, "reply@7 is better than reply@6 on 12, worse on 3 of 60; the gain is beyond noise."),
        (3, 12, "reply@7 is better than reply@6 on 3, worse on 12 of 60; the loss is beyond noise."),
        (9, 3, "reply@7 is better than reply@6 on 9, worse on 3 of 60; the difference is within noise."),
        (5, 0, "reply@7 is better than reply@6 on 5, worse on 0 of 60; the difference is within noise."),
        (6, 0, "reply@7 is better than reply@6 on 6, worse on 0 of 60; the gain is beyond noise."),
        (0, 0, "reply@7 passes the same as reply@6 on all 60 cases."),
    ],
)
def test_the_difference_is_one_plain_sentence(better: int, worse: int, sentence: str) -> None:
    assert compare(*versions(better, worse, 60 - better - worse)).sentence == sentence


def test_versions_that_are_the_same_are_called_the_same_in_at_least_19_of_20_runs() -> None:
    """The same LLM with noise, scored twice: of 200 runs at most 10 may call anything, the cases or a figure."""
    rng = np.random.default_rng(8)
    called = 0
    for _ in range(200):
        first, second = (
            [
                result(n, 4 - rng.binomial(2, 0.2), hit5=rng.binomial(1, 0.8), tokens=300 + 20 * rng.standard_normal())
                for n in range(60)
            ]
            for _ in range(2)
        )
        told = compare(first, second)
        called += told.verdict != 0 or any(gap.clear for gap in told.gaps)
    assert called / 200 <= 0.05


def noisy(moved: int, more_tokens: float = 0.0) -> Comparison:
    """Two versions whose tokens differ by chance and by so many more; the second passes more of so many cases."""
    rng = np.random.default_rng(5)
    first = [result(n, 3, tokens=300 + 20 * rng.standard_normal()) for n in range(60)]
    second = [
        result(n, 3 + (n < moved), "reply@2", tokens=300 + more_tokens + 20 * rng.standard_normal()) for n in range(60)
    ]
    return compare(first, second)


def test_the_tests_of_a_table_share_what_may_be_called_by_chance() -> None:
    """The figures have what the cases' test leaves them: all where it can call nothing, or has called something."""
    widths = []
    for moved, verdict in ((5, 0), (6, 1), (60, 1)):
        told = noisy(moved)
        assert told.verdict == verdict
        (tokens,) = told.gaps
        widths.append(tokens.high - tokens.low)
    assert widths == [widths[0]] * 3
    within = compare(
        [result(n, 3 + (n % 2 if n < 8 else 0), tokens=300.0 + n % 7) for n in range(60)],
        [result(n, 3 + (1 - n % 2 if n < 8 else 0), "reply@2", tokens=300.0 + n % 5) for n in range(60)],
    )
    assert (within.better, within.worse, within.verdict, within.alpha) == (4, 4, 0, 0.04)
    free = compare(
        [result(n, 3, tokens=300.0 + n % 7) for n in range(60)],
        [result(n, 3, "reply@2", tokens=300.0 + n % 5) for n in range(60)],
    )
    assert within.gaps[0].low < free.gaps[0].low < free.gaps[0].high < within.gaps[0].high


def test_the_cases_are_called_as_before_where_figures_are_told_too() -> None:
    first, second = (
        [result.model_copy(update={"figures": {"tokens": 300.0 + number * step}}) for number, result in enumerate(one)]
        for one, step in zip(versions(12, 3, 45), (1, 2), strict=True)
    )
    told = compare(first, second)
    assert (told.alpha, told.verdict) == (0.04, 1)
    assert "the gain is beyond noise. Beyond noise it also has more tokens, per turn." in told.sentence


def test_figures_are_compared_in_pairs_with_an_interval() -> None:
    rng = np.random.default_rng(1)
    lengths = rng.normal(40, 15, 60)
    first = [result(n, 4, words=lengths[n], questions=1.0) for n in range(60)]
    second = [result(n, 4, "reply@2", words=lengths[n] + 2 + rng.normal(0, 1), questions=1.0) for n in range(60)]
    told = compare(first, second)
    words, questions = (next(gap for gap in told.gaps if gap.figure == name) for name in ("words", "questions"))
    assert words.low < 2 < words.high
    assert (words.pairs, words.clear) == (60, True)  # though the lengths themselves vary by far more
    assert (questions.gain, questions.clear) == (0.0, False)
    assert told.sentence == (
        "reply@2 passes the same as reply@1 on all 60 cases. Beyond noise it also has more words, per turn."
    )
    assert told == compare(first, second)


def test_only_cases_that_both_have_are_compared_and_a_few_call_nothing() -> None:
    first, second = versions(0, 4, 0)
    told = compare(first[1:], second)
    assert (told.cases, told.worse, told.verdict) == (3, 3, 0)
    assert compare([], second).sentence == "nothing and reply@7 have no case in common."


def test_totals_are_means_over_the_cases_that_have_the_figure() -> None:
    unsure = Failure(turn=1, check="rubric", why="half of them", unsure=True)
    whole = Result(case="b", version="reply@1", checks=2, passed=2, failures=(unsure,), figures={"hit5": 1.0})
    assert whole.ok
    told = total([result(1, 3, hit5=0.0, tokens=100), whole])
    assert told == {"cases": 0.5, "passed": 0.875, "hit5": 0.5, "tokens": 100.0}


def test_a_judges_band_narrows_with_repeats() -> None:
    few, many = band(5, 5), band(25, 25)
    assert few == pytest.approx((0.566, 1.0), abs=0.001)
    assert few[0] < many[0] < many[1] <= 1


def test_simulated_shoppers_count_in_their_figure_and_are_no_cases() -> None:
    def shopper(number: int, version: str, found: float) -> Result:
        figures = {"success5": found}
        return Result(case=f"s{number}", version=version, checks=0, passed=0, figures=figures, simulated=True)

    first = [result(0, 3), *(shopper(number, "reply@1", 0.0) for number in range(20))]
    second = [result(0, 3, "reply@2"), *(shopper(number, "reply@2", float(number < 15)) for number in range(20))]
    assert total(second) == {"cases": 0.0, "passed": 0.75, "success5": 0.75}
    told = compare(first, second)
    assert (told.cases, told.verdict) == (1, 0)
    assert told.sentence == (
        "reply@2 passes the same as reply@1 on all 1 cases."
        " Beyond noise it also has more simulated success within 5 turns."
    )
