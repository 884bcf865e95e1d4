"""Progress of long work as bars in the terminal: what is done, for how long, and how long it will still take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

SPEED_OF_S = 900.0  # so far back the speed is taken from
Tell = Callable[[str, int, int], None]  # what is done, how much of it, of how much


@contextmanager
def bars(console: Console, *, transient: bool = False) -> Iterator[Tell]:
    """A function (what, done, of how many) that draws a bar for each kind of work, with the time left.

    What follows a colon in ``what`` changes as the work goes on, e.g. the loss. ``transient``: gone when it is done.
    """
    columns = (TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn(), TimeRemainingColumn())
    # A step of a teaching takes a minute where a machine is slow: of the last half one no speed could be told.
    with Progress(*columns, console=console, transient=transient, speed_estimate_period=SPEED_OF_S) as progress:
        tasks: dict[str, TaskID] = {}

        def finish() -> None:
            for task in tasks.values():
                progress.update(task, completed=progress.tasks[progress.task_ids.index(task)].total)

        def tell(what: str, done: int, total: int) -> None:
            name = what.partition(":")[0]
            if name not in tasks:
                finish()
                tasks[name] = progress.add_task(what, total=total)
            progress.update(tasks[name], description=what, completed=done, total=max(total, 1))

        yield tell
        finish()
