import json
import os

import pytest

from ranking.errors import NoModel
from ranking.folder import KEPT, current
from ranking.lives import JOURNAL, before, chosen, kept, lives, succeed


@pytest.fixture
def rerankers(tmp_path):
    """Four model folders, the later ones trained later."""
    for number, version in enumerate(("aa11", "ab22", "cc33", "dd44")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "model.json").write_text(json.dumps({"trained_at": f"2026-01-0{number + 1}"}))
        os.utime(tmp_path / version, (number, number))
    return tmp_path


def test_what_went_live_and_why_is_written_down(rerankers):
    succeed(rerankers / "aa11", "trained")
    succeed(rerankers / "cc33", "summer range")
    assert [(life.version, life.former, life.reason) for life in lives(rerankers)] == [
        ("aa11", "", "trained"),
        ("cc33", "aa11", "summer range"),
    ]
    held = [(one.folder.name, one.live, one.reason) for one in kept(rerankers)]
    assert held == [("dd44", False, ""), ("cc33", True, "summer range"), ("aa11", False, "trained")]


def test_going_back_gives_the_former_one_and_going_back_again_the_latter(rerankers):
    succeed(rerankers / "aa11", "")
    succeed(rerankers / "cc33", "")
    succeed(before(rerankers), "")
    assert current(rerankers) == rerankers / "aa11"
    assert before(rerankers) == rerankers / "cc33"


def test_the_one_to_go_back_to_is_kept_however_many_were_trained_since(rerankers):
    succeed(rerankers / "aa11", "")
    for number, version in enumerate(("ab22", "cc33", "dd44")):  # trained after it went live, none taken
        rerankers.joinpath(version).mkdir(exist_ok=True)
        rerankers.joinpath(version, "model.json").write_text("{}")
        os.utime(rerankers / version, (2 + number, 2 + number))
    os.utime(rerankers / "aa11", (1, 1))
    succeed(rerankers / "dd44", "")
    assert before(rerankers) == rerankers / "aa11"
    assert len(kept(rerankers)) == KEPT


def test_a_version_may_be_named_by_its_beginning(rerankers):
    assert chosen(rerankers, "c") == rerankers / "cc33"
    with pytest.raises(NoModel, match=r"Several rerankers have the version 'a'. There are: dd44, cc33, ab22, aa11"):
        chosen(rerankers, "a")
    with pytest.raises(NoModel, match="No reranker that is kept has the version 'x'"):
        chosen(rerankers, "x")


def test_where_there_is_nothing_to_go_back_to_it_says_so(rerankers):
    succeed(rerankers / "aa11", "")
    with pytest.raises(NoModel, match="No former reranker is kept to go back to"):
        before(rerankers)


def test_a_line_that_was_cut_off_is_passed_over(rerankers):
    succeed(rerankers / "aa11", "trained")
    with (rerankers / JOURNAL).open("a") as file:
        file.write('{"time": "2026')
    assert [life.version for life in lives(rerankers)] == ["aa11"]
