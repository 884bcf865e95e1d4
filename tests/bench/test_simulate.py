"""What the bench of simulated shoppers holds out, draws, counts and goes on from."""

from pathlib import Path
from typing import Any

import pytest

from bench.simulate import Row, figures, over_seeds, tasks, whole_lines
from chat.simulated_words import STYLES


def test_each_seed_draws_its_shoppers_and_every_style_takes_part() -> None:
    targets = {f"s{n}": f"i{n}" for n in range(50)}
    drawn = tasks(targets, (1, 2), 10)
    assert drawn == tasks(dict(reversed(targets.items())), (1, 2), 10)
    assert len({task.name for task in drawn}) == 20
    assert {task.shopper_id for task in drawn[:10]} != {task.shopper_id for task in drawn[10:]}
    assert [task.style for task in drawn[:5]] == list(STYLES)
    assert all(task.target == targets[task.shopper_id] for task in drawn)
    assert len(tasks(targets, (1,), 90)) == 50


def turn(**fields: Any) -> Row:
    plain: Row = {"say": "", "answered": "", "text": "", "broken": {}, "wrong": [], "misspelt": 0, "cards": ["x"],
                  "asked": "", "marked": 0, "repeated": 0, "found": False, "failed": False,
                  "kept": False, "reached": False}  # fmt: skip
    return plain | fields


def row(*turns: Row, seed: int = 1, unknown: tuple[Row, ...] = (), once: bool = False) -> Row:
    return {
        "name": "",
        "seed": seed,
        "style": "terse",
        "turns": turns,
        "no_history": unknown or turns,
        "one_shot": once,
    }


def test_figures_are_shares_of_shoppers_and_of_turns() -> None:
    lost = row(*[turn(asked="Which?", repeated=1)] * 8)
    late = row(turn(), turn(broken={"x": ["cap"]}), turn(answered="indifferent"), turn(answered="told", found=True))
    soon = row(turn(found=True, wrong=["no such price"]), once=True, unknown=(turn(), turn(found=True)))
    made = figures([lost, late, soon, row(turn(found=True), once=True)])
    assert {name: made[name] for name in ("success@1", "success@3", "success@5", "success@8")} == {
        "success@1": 0.5, "success@3": 0.5, "success@5": 0.75, "success@8": 0.75,
    }  # fmt: skip
    assert made["turns"] == 14
    assert made["violations"] == made["ungrounded"] == 1 / 14
    assert made["repeated"] == 8 / 14
    assert made["questions_per_dialogue"] == 2
    assert made["questions_wasted"] == 0.5
    assert made["turns_to_success"] == 2
    assert made["no_history.success@1"] == 0.25
    assert made["one_shot_same_cards"] == 0.5
    assert made["over_one_shot"] == pytest.approx(0.5)
    assert made["history_adds"] == 0
    assert made["style.terse.success@5"] == 0.75


def test_a_figure_is_the_mean_of_the_seeds_with_their_spread() -> None:
    made = over_seeds([row(turn(found=True), seed=1), row(turn(), seed=2), row(turn(found=True), seed=3)])
    assert made["success@1"] == pytest.approx(2 / 3)
    assert made["success@1_spread"] == 1


def test_a_line_that_was_cut_off_is_no_line(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    assert whole_lines(file) == []
    file.write_text('{"name": 1}\n{"name": 2}\n{"na', encoding="utf-8")
    assert whole_lines(file) == ['{"name": 1}', '{"name": 2}']
    assert file.read_text(encoding="utf-8") == '{"name": 1}\n{"name": 2}\n'
