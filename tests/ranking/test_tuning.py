from dataclasses import replace

import numpy as np
import optuna
import pytest
from small_shop_data import SETTINGS, encode

from ranking.behaviour import split
from ranking.errors import SettingError
from ranking.features import Features
from ranking.relations import Relations
from ranking.tryouts import ALONE, ASKED, Tryouts, halves
from ranking.tuning import GRID, Confirmed, compared, confirm, is_better, opened

FEW = SETTINGS.model_copy(update={"examples": 50, "epochs": 8, "hidden": 16})
TINY = FEW.model_copy(update={"examples": 10, "patience": 1})


@pytest.fixture(scope="module")
def shop(material):
    table, items, made = material
    parts = split(made)
    features = Features(table, Relations.learn(list(parts.train.values()), table.vectors))
    return features, items, parts


@pytest.fixture
def tryouts(shop):
    features, items, parts = shop
    few = replace(parts, validation=parts.validation[:40], test=parts.test[:20])
    return Tryouts(features, items, few, encode, FEW)


@pytest.fixture
def seek(tmp_path, tryouts):
    """Goes on with the study, as a command would that is given again and again."""

    def run(trials, *, base=TINY, method="random", prune="none", progress=lambda what, done, total: None, seconds=None):
        with opened(tmp_path / "tuning.sqlite3", "shop", base, method, prune) as study:
            try:
                return study.seek(tryouts, trials, seconds, progress)
            finally:
                run.finished = study.finished

    return run


def tried(folder):
    """The settings of every trial in the file, study by study."""
    storage = f"sqlite:///{folder / 'tuning.sqlite3'}"
    names = optuna.get_all_study_names(storage)
    studies = [optuna.load_study(study_name=name, storage=storage) for name in names]
    made = [[trial.params for trial in study.trials] for study in studies]
    for study in studies:
        study._storage.remove_session()
    return made


class StopAt:
    """Progress that raises once, when so many trials were tried."""

    def __init__(self, trial, error):
        self.trial, self.error = f"trying settings: {trial} of", error

    def __call__(self, what, done, total):
        if what.startswith(self.trial):
            raise self.error


def test_the_first_trial_is_what_was_set_and_the_best_never_worse(seek, tryouts):
    one, two = seek(1), seek(2)
    assert one.settings == TINY
    assert one.best == tryouts.attempt(TINY).value
    assert two.best >= one.best
    assert (two.whole, two.pruned) == (2, 0)


def test_the_same_command_goes_on_with_other_settings_than_it_tried_before(seek, tmp_path):
    seek(2)
    (before,) = tried(tmp_path)
    seek(3)
    (after,) = tried(tmp_path)
    assert after[:2] == before
    assert len({str(params) for params in after}) == 3
    seek(3)
    assert tried(tmp_path) == [after]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])  # Ctrl-C, and the nearest to a kill
def test_what_was_tried_before_a_stop_counts_and_what_was_cut_off_does_not(seek, tmp_path, error):
    with pytest.raises(error):
        seek(3, progress=StopAt(2, error))
    assert seek.finished == 1
    assert seek(2).whole == 2
    assert [len(trials) for trials in tried(tmp_path)] == [3]


def test_no_trial_begins_after_the_time_is_over(seek):
    assert seek(1).whole == 1
    assert seek(50, seconds=1e-9).whole == 1


def test_other_settings_to_begin_from_make_another_study(seek, tmp_path):
    seek(1)
    seek(1, base=TINY.model_copy(update={"hidden": 64}))
    former, new = tried(tmp_path)
    assert (len(former), [params["hidden"] for params in new]) == (1, [64])


def test_poor_trials_are_ended_early_and_the_best_is_a_whole_one(seek):
    sought = seek(8, base=FEW, prune="median")
    assert 0 < sought.pruned < 4
    assert sought.whole + sought.pruned == 8


def test_the_grid_tries_no_combination_twice_and_says_what_mattered(seek, tmp_path):
    sought = seek(10, method="grid")
    (held,) = tried(tmp_path)
    assert all(set(params) == set(GRID) for params in held)
    assert len({str(sorted(params.items())) for params in held}) == sought.whole == 10
    assert set(sought.weights) == set(GRID)
    assert sum(sought.weights.values()) == pytest.approx(1)


def test_a_damaged_file_is_said_plainly(tmp_path):
    file = tmp_path / "tuning.sqlite3"
    file.write_bytes(b"no database" * 100)
    with pytest.raises(SettingError, match="Delete it to begin anew"), opened(file, "shop", FEW, "tpe", "none"):
        pass


def test_examples_are_prepared_once_for_all_settings_that_share_them(tryouts):
    said = []

    def note(what, done, total):
        said.append(what)

    tryouts.attempt(FEW.model_copy(update={"learning_rate": 1e-3, "epochs": 1}), note)
    assert "preparing examples" not in said
    tryouts.attempt(FEW.model_copy(update={"hard": 10, "epochs": 1}), note)
    assert "preparing examples" in said


def test_who_chooses_does_not_confirm(shop, tryouts):
    cases = shop[2].validation[:40]
    choosing, confirming = halves(cases, 0)
    assert {case.shopper_id for case in choosing}.isdisjoint(case.shopper_id for case in confirming)
    assert len(choosing) - len(confirming) in (0, 1)
    assert len(choosing) + len(confirming) == len(cases)
    assert tryouts.cases["validation"] == confirming


def test_a_request_helps_to_foretell_what_was_asked_for(shop):
    features, items, parts = shop
    # The histories of this shop foretell nearly all by themselves: shoppers of whom nothing is known have more to ask.
    unknown = [replace(case, history=case.history.until(0)) for case in parts.validation]
    exact = FEW.model_copy(update={"examples": 300, "loosely": 0.0})
    tryouts = Tryouts(features, items, replace(parts, validation=unknown), encode, exact)
    gained = tryouts.attempt(exact).gained
    assert gained[ASKED].mean() > gained[ALONE].mean() + 0.15


def test_settings_that_learn_nothing_are_found_to_be_worse_and_are_not_taken(tryouts):
    nothing = FEW.model_copy(update={"learning_rate": 1e-6})
    confirmed = confirm(tryouts, FEW, nothing)
    assert {"validation, by history", "test, with a request"} <= set(confirmed)
    assert not is_better(confirmed)
    assert is_better(confirm(tryouts, nothing, FEW))


def test_a_difference_has_its_interval_over_the_same_shoppers():
    before = np.tile([0.0, 1.0], 50)
    made = compared(before, before + 0.1)
    assert isinstance(made, Confirmed)
    assert made.difference.clear
    assert (made.difference.low, made.difference.high) == pytest.approx((0.1, 0.1))
    assert made.before.high - made.before.low > 0.1
