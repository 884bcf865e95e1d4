"""The one writer of a shop that is being served: takes requests from the journal, and keeps the index up to date.

Knows when to look, and that shoppers come first: its thread and its encoder run with the lowest claim on the processor.
What a request means is ``ui.ingesting``'s. Ended at any moment, it goes on at the next start.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from chat.settings import Settings
from retrieval.database import Connections
from retrieval.encoder import MiniLMEncoder, ensure_encoder
from retrieval.errors import RetrievalError
from retrieval.journal import CatalogueJournal, Entry
from retrieval.shop import Shop
from ui.changes import KIND, Change, carry_out
from ui.home import Home
from ui.ingesting import Request, take_in
from ui.progress import Tell

LOOKS_EVERY_S = 0.25
TELLS_EVERY_S = 0.2  # progress is written no more often
NICE = 10  # on Linux a thread has its own; 19 is the lowest claim, and starves beside a busy LLM
TRIES_AGAIN_AFTER_S = 10.0  # where the index could not be brought up to date

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The server is ending; the request stays under way."""


class Writer:
    """One thread that writes; start it with ``writing``."""

    def __init__(self, shop: Shop, home: Home, settings: Settings) -> None:
        self._shop, self._home, self._settings = shop, home, settings
        # On connections of its own: progress is told while the catalogue is being read.
        self._connections = Connections(home.database)
        self._journal = CatalogueJournal(self._connections)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._told = 0.0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The thread runs meanwhile; at the end it stops where it is, to go on at the next start."""
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()
            self._connections.close()

    def _run(self) -> None:
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        except (OSError, AttributeError) as error:
            log.info("the writer shares the processor evenly: %s", error)
        # Its own encoder, of one thread, made by this thread so that it inherits the low claim.
        encoder = MiniLMEncoder(ensure_encoder(self._settings.models), threads=1)
        while not self._stop.is_set():
            pause = LOOKS_EVERY_S
            try:
                if entry := self._journal.next():
                    self._take(entry, encoder)
                    continue
                self._shop.index.refresh(encoder=encoder)
            except Stopped:
                return
            except Exception:
                # Whatever it is (a full disk, a locked database), the shop goes on, and so does the writer.
                log.exception("the writer could not write; it tries again")
                pause = TRIES_AGAIN_AFTER_S
            self._stop.wait(pause)

    def _take(self, entry: Entry, encoder: MiniLMEncoder) -> None:
        """Do what was asked, and say what came of it."""

        def tell(what: str, done: int, of: int) -> None:
            if self._stop.is_set():
                raise Stopped
            if time.monotonic() - self._told > TELLS_EVERY_S or done >= of:
                self._told = time.monotonic()
                self._journal.tell(entry.number, what, done, of)

        try:
            done = self._done(entry, tell)
            self._shop.index.refresh(tell, encoder=encoder)
        except Stopped:
            self._journal.put_off(entry.number)
            raise
        except RetrievalError as error:
            self._journal.fail(entry.number, str(error))
            _discard(entry)
        except Exception:
            log.exception("a request of the journal failed: %s", entry.request)
            self._journal.fail(
                entry.number,
                "Something went wrong that Shoptalk did not foresee. The server's log has the cause: "
                f"{self._home.logs / 'shoptalk.log'}",
            )
            _discard(entry)
        else:
            self._journal.finish(entry.number, done | {"indexed": len(self._shop.index)})
            _discard(entry)

    def _done(self, entry: Entry, tell: Tell) -> dict[str, Any]:
        """Do what was asked of the catalogue; what came of it, for whoever asked."""
        if entry.request.get("kind") == KIND:
            change = Change.model_validate(entry.request)
            made = carry_out(self._shop.connections, self._shop.catalog, self._home, change, tell)
            return {"changed": asdict(made)}
        request = Request.model_validate(entry.request)
        report = take_in(self._shop.connections, self._shop.catalog, self._home, request, tell)
        return {"report": asdict(report)}


def _discard(entry: Entry) -> None:
    """Delete the rows of a change that has ended."""
    if entry.request.get("kind") == KIND:
        Change.model_validate(entry.request).discard()
