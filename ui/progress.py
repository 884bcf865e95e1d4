"""Progress of long work: what is done, for how long, and how long it will still take.

Bars in a terminal; in a file or a pipe, a line a minute.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

SPEED_OF_S = 900.0  # so far back the speed is taken from
LINE_EVERY_S = 60.0
Tell = Callable[[str, int, int], None]  # what is done, how much of it, of how much


@contextmanager
def bars(console: Console, *, transient: bool = False, line_every: float = LINE_EVERY_S) -> Iterator[Tell]:
    """A function (what, done, of how many) that draws a bar for each kind of work, with the time left.

    What follows a colon in ``what`` changes as the work goes on, e.g. the loss. ``transient``: gone when it is done.
    Where the console is no terminal, a line every ``line_every`` seconds says the same, and one at the end of each kind
    unless ``transient``.
    """
    columns = (TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn(), TimeRemainingColumn())
    drawn = console.is_terminal
    # A step of a teaching takes a minute where a machine is slow: of the last half one no speed could be told.
    with Progress(
        *columns, console=console, transient=transient, speed_estimate_period=SPEED_OF_S, disable=not drawn
    ) as progress:
        tasks: dict[str, TaskID] = {}
        ended: set[TaskID] = set()
        last_line = time.monotonic()

        def line(text: str) -> None:
            console.print(text, markup=False, highlight=False, soft_wrap=True)

        def finish() -> None:
            for task in progress.tasks:
                if task.id not in ended and not drawn and not transient:
                    whole = "done" if task.finished else f"{task.completed:,.0f} of {task.total:,.0f}"
                    line(f"{task.description}: {whole} after {_time(task.elapsed)}")
                progress.update(task.id, completed=task.total)
                ended.add(task.id)

        def tell(what: str, done: int, total: int) -> None:
            nonlocal last_line
            name = what.partition(":")[0]
            if name not in tasks:
                finish()
                tasks[name] = progress.add_task(what, total=total)
            progress.update(tasks[name], description=what, completed=done, total=max(total, 1))
            if not drawn and time.monotonic() - last_line >= line_every:
                last_line = time.monotonic()
                task = progress.tasks[list(tasks).index(name)]
                left = f", {_time(task.time_remaining)} left" if task.time_remaining is not None else ""
                line(f"{what}: {done:,} of {total:,}, after {_time(task.elapsed)}{left}")

        yield tell
        finish()


def _time(seconds: float | None) -> str:
    """Hours, minutes and seconds, as the bars have them."""
    minutes, rest = divmod(int(seconds or 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
