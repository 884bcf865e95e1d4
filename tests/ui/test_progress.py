"""Progress of long work: bars in a terminal, lines in a file."""

import io
import re

from rich.console import Console

from ui.progress import bars


def told(*, terminal: bool, transient: bool = False, line_every: float = 60.0) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    with bars(console, transient=transient, line_every=line_every) as tell:
        for done in range(1, 4):
            tell(f"teaching: loss 0.{done}", done, 4)
        tell("trying [what] was held out", 2, 2)
    written = console.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()


def test_a_terminal_is_shown_bars() -> None:
    assert "━" in told(terminal=True)


def test_a_file_is_told_now_and_then_and_at_each_end_what_was_done() -> None:
    lines = told(terminal=False, line_every=0.0).splitlines()
    assert lines[0] == "teaching: loss 0.1: 1 of 4, after 0:00:00"
    assert re.fullmatch(r"teaching: loss 0.3: 3 of 4, after 0:00:00, 0:00:0\d left", lines[2])
    assert lines[3] == "teaching: loss 0.3: 3 of 4 after 0:00:00"  # it was cut off, or stopped early
    assert lines[-1] == "trying [what] was held out: done after 0:00:00"
    assert told(terminal=False).splitlines() == [lines[3], lines[-1]]


def test_what_is_gone_when_it_is_done_leaves_no_line_of_its_end() -> None:
    assert told(terminal=False, transient=True) == ""
