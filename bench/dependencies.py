"""``make audit``: whether the packages of the lock file have known vulnerabilities, or else how old its entries are.

pip-audit asks its database; where that cannot be reached, or pip-audit is not installed, what is known without it is
told, and told as what it is: the day on which each entry was last changed in this repository says how long nobody has
looked at it, and nothing of whether it is safe.
"""

import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

LOCK = "requirements.lock"
ROOT = Path(__file__).resolve().parents[1]
OLD_DAYS = 180  # after which most projects have released something
AUDIT_S = 300

_BLAMED = re.compile(r"^author-time (\d+)$|^\t(.*)$", re.MULTILINE)


def ages(blame: str, now: float) -> dict[str, int]:
    """Whole days since each entry of the lock file was last changed, by ``git blame --line-porcelain``."""
    found, changed = dict[str, int](), 0.0
    for match in _BLAMED.finditer(blame):
        if match[1]:
            changed = float(match[1])
        elif "==" in match[2]:
            found[match[2].strip()] = max(0, int((now - changed) // 86_400))
    return found


def told(found: dict[str, int]) -> str:
    """The ages in words, the oldest entries by name."""
    days = Counter(found.values())
    lines = [f"{len(found)} entries of {LOCK}; last changed:"]
    lines += [f"  {count:4} entries, {age} days ago" for age, count in sorted(days.items())]
    old = sorted(name for name, age in found.items() if age > OLD_DAYS)
    lines.append(f"Over {OLD_DAYS} days: {', '.join(old) or 'none'}.")
    return "\n".join(lines)


def main() -> int:
    """Audit, and say what is known: 1 where there are vulnerabilities, 0 where there are none, 3 where nobody knows."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", LOCK, "--no-deps", "--disable-pip"]
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=AUDIT_S)  # noqa: S603 - ours
        output = f"{ran.stdout}\n{ran.stderr}".strip()
        # It ends with 1 both for what it found and for what it could not do; only of the former it says so.
        if ran.returncode == 0 or re.search(r"^Found \d+ known vulnerabilit", output, re.MULTILINE):
            print(output)
            return ran.returncode
        why = output.splitlines()[-1] if output else f"it ended with {ran.returncode}"
    except subprocess.TimeoutExpired:
        why = f"no answer within {AUDIT_S} s"
    print(f"pip-audit could not look the packages up ({why}).")
    print("Whether one of them has a known vulnerability is NOT known. Install it with: pip install pip-audit")
    blame = subprocess.run(  # noqa: S603 - ours
        ["git", "blame", "--line-porcelain", LOCK],  # noqa: S607 - the git of whoever runs this
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if blame.returncode:
        print(f"How old the entries of {LOCK} are is not known either: this is no clone of the repository.")
    else:
        print(told(ages(blame.stdout, datetime.now(UTC).timestamp())))
    return 3


if __name__ == "__main__":
    sys.exit(main())
