import json
import os
import subprocess
import sys
from pathlib import Path

from bench.report import _constants, report, settings_hash
from chat.settings import Settings


def test_the_hash_tells_settings_apart_and_not_where_things_lie(tmp_path: Path) -> None:
    plain = settings_hash(Settings(_env_file=None))
    assert settings_hash(Settings(_env_file=None, candidates=150)) != plain
    assert settings_hash(Settings(_env_file=None, home=tmp_path, port=1)) == plain


def test_the_hash_covers_the_numbers_that_finding_items_rests_on() -> None:
    held = _constants()
    assert held["index.TITLE_WEIGHT"] == "0.5"
    assert {name.split(".")[0] for name in held} >= {"index", "ground", "snapshot", "encoder", "lexical"}


def test_the_hash_is_the_same_in_every_process() -> None:
    code = "from bench.report import settings_hash; print(settings_hash())"
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1


def test_the_json_carries_machine_commit_settings_and_whether_it_was_quick(tmp_path: Path) -> None:
    report("some", {"figure": 0.5}, json_path=tmp_path / "deep" / "some.json", quick=True)
    held = json.loads((tmp_path / "deep" / "some.json").read_text())
    assert set(held) == {"bench", "machine", "date", "commit", "settings", "quick", "figures"}
    assert (held["bench"], held["quick"], held["figures"]) == ("some", True, {"figure": 0.5})
    assert held["settings"] == settings_hash()
