"""Which version of each prompt a conversation uses, and its text.

Reads the labels anew for each conversation that begins, so that every process follows a moved label at once; a text
that was read is kept, as a version never changes. Knows nothing of what the prompts are for.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Protocol

from prompts.errors import PromptError
from prompts.experiment import takes_candidate
from prompts.library import Library
from prompts.prompt import Prompt
from prompts.tables import Databases
from prompts.versions import CANDIDATE, PRODUCTION, Versions

log = logging.getLogger(__name__)


class Prompts(Protocol):
    """What conversations ask for: ``Served``, or a ``Library``, of which they use the newest files."""

    def chosen(self, key: str, site: str = "") -> dict[str, str]:
        """Which version of each prompt a new conversation uses: prompt to hash."""

    def version(self, name: str, version: str) -> Prompt:
        """The prompt of that name and hash; where there is none, another version of it."""


class Served:
    """The prompts as they are released. Safe to use from several threads."""

    def __init__(self, versions: Versions, files: Library) -> None:
        self._versions = versions
        self._files = files
        self._read: dict[tuple[str, str], Prompt] = {}

    def chosen(self, key: str, site: str = "") -> dict[str, str]:
        """Which version of each prompt a new conversation uses: prompt to hash. ``key``: what the traffic is split by.

        A site's own label goes before that for all, and its own share before theirs.
        """
        labels, shares = self._versions.labels(), self._versions.shares()
        found = {}
        for name in self._files.names:
            production = labels.get((name, PRODUCTION, site)) or labels.get((name, PRODUCTION, ""))
            candidate = labels.get((name, CANDIDATE, site)) or labels.get((name, CANDIDATE, ""))
            share = shares.get((name, site), shares.get((name, ""), 0.0))
            takes = candidate and takes_candidate(key, name, share)
            found[name] = (candidate if takes else production) or self._files.get(name).version
        return found

    def version(self, name: str, version: str) -> Prompt:
        """The prompt of that name and hash; where it is none that can be used here, the newest file's.

        A program that is newer than a version may give other variables than that was written for.
        """
        held = self._read.get((name, version))
        if held is None:
            try:
                held = self._versions.usable(name, version)
            except PromptError as error:
                log.error("a version cannot be used any more, and the newest file takes its place: %s", error)
            if held is None:
                held = self._files.version(name, version)
            self._read[name, version] = held
        return held


def released(databases: Databases, files: Library | None = None) -> tuple[Versions, Served]:
    """The versions in this database, those of the files among them, and what is live of them."""
    files = files or Library()
    versions = Versions(databases, files)
    versions.adopt(files)
    return versions, Served(versions, files)


class Pinned:
    """The prompts with these versions of some, whatever the labels say: to try and to score what is not live."""

    def __init__(self, prompts: Prompts, pins: Mapping[str, str]) -> None:
        self._prompts = prompts
        self._pins = dict(pins)

    def chosen(self, key: str, site: str = "") -> dict[str, str]:
        """As ``Prompts``; the pinned ones are what they are pinned to."""
        return self._prompts.chosen(key, site) | self._pins

    def version(self, name: str, version: str) -> Prompt:
        """As ``Prompts``."""
        return self._prompts.version(name, version)


class Offered:
    """The prompts with texts beside them that are no versions yet: to score what is only proposed."""

    def __init__(self, prompts: Prompts, texts: Iterable[Prompt]) -> None:
        self._prompts = prompts
        self._texts = {(text.name, text.version): text for text in texts}

    def chosen(self, key: str, site: str = "") -> dict[str, str]:
        """As ``Prompts``."""
        return self._prompts.chosen(key, site)

    def version(self, name: str, version: str) -> Prompt:
        """As ``Prompts``; a text that is offered is what its hash says."""
        return self._texts.get((name, version)) or self._prompts.version(name, version)
