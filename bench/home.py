"""Where a bench has its shop: the folder that SHOPTALK_HOME names, or one of its own, which is gone at the end.

Knows nothing of what is measured there.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from chat.settings import Settings
from ui.demo_shop import build_demo
from ui.home import Home


@contextmanager
def demo_home(console: Console) -> Iterator[Settings]:
    """The settings with a home in which the demo shop is built: two benches at once have two.

    A home that SHOPTALK_HOME names stays, and so does the shop in it: the next run begins a minute sooner.
    """
    settings = Settings()
    with tempfile.TemporaryDirectory(prefix="shoptalk-bench-") as made:
        if "home" not in settings.model_fields_set:
            settings = settings.model_copy(update={"home": Path(made)})
        home = Home(settings.home)
        with home.owned():
            build_demo(home, settings, console)
        yield settings
