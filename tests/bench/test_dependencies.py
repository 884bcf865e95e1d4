"""How old the lock file's entries are, and what is said of it."""

import subprocess
from pathlib import Path

from bench.dependencies import ages, told

DAY = 86_400


def test_each_entry_is_as_old_as_its_last_change_and_the_old_ones_are_named(tmp_path: Path) -> None:
    def git(*arguments: str, when: int = 0) -> str:
        made = f"@{when} +0000"
        environment = {"GIT_AUTHOR_DATE": made, "GIT_COMMITTER_DATE": made, "HOME": str(tmp_path), "PATH": "/usr/bin"}
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *arguments]
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return ran.stdout

    lock = tmp_path / "requirements.lock"
    git("init", "-q")
    for when, version in ((100 * DAY, "1.0"), (290 * DAY, "1.1")):
        lock.write_text(f"# a note\nanyio=={version}\nzope==2.0\n")
        git("add", "-A")
        git("commit", "-qm", "x", when=when)
    found = ages(git("blame", "--line-porcelain", "requirements.lock"), 300.5 * DAY)
    assert found == {"anyio==1.1": 10, "zope==2.0": 200}
    assert told(found).splitlines() == [
        "2 entries of requirements.lock; last changed:", "     1 entries, 10 days ago", "     1 entries, 200 days ago",
        "Over 180 days: zope==2.0.",
    ]  # fmt: skip
