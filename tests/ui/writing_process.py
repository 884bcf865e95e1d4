"""A process that owns a home and writes for it as a server does, without pages or a language model.

Run as ``python -m ui.writing_process HOME`` from ``tests``'s parent; prints "open" when it takes requests, and ends in
good order when its input closes.
"""

import sys
from pathlib import Path

from chat.settings import Settings
from retrieval.shop import Shop
from ui.home import Home
from ui.writer import Writer

if __name__ == "__main__":
    settings = Settings.model_validate({"home": sys.argv[1]})
    home = Home(Path(sys.argv[1]))
    with (
        home.owned(serving=True),
        Shop.opened(home.folder, settings.models) as shop,
        Writer(shop, home, settings).writing(),
    ):
        print("open", flush=True)
        sys.stdin.read()
