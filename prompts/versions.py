"""The versions of the prompts, the labels that point at them, and the journal of both.

Owns the tables of ``prompts.tables``. A published version never changes and never goes; drafts do both. A label is a
pointer: the label ``production`` of a prompt is what conversations use, of a site its own where it has one. The files
of a folder are published as versions too. Knows nothing of LLMs, shops or conversations; which version a conversation
uses, ``prompts.serving`` tells.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prompts.contract import check_contract
from prompts.drafts import Drafts
from prompts.errors import ReasonNeeded, VersionError
from prompts.library import Library
from prompts.prompt import Prompt, read, version_of
from prompts.tables import Databases, Entry, Version, migrate, migrations, writing

PRODUCTION = "production"
CANDIDATE = "candidate"
FILES = "files"  # who published and released what came with the program
LONGEST_WHY = 500  # characters
_FRAGMENT = re.compile(r"[\w-]{1,64}")  # its name, which is also a file's
_MOVES = ("moved", "back")


class Versions(Drafts):
    """The tables. Safe to use from several threads and processes: what is committed counts everywhere at once.

    ``contract``: the prompts that the program uses; a version may use the variables that one of theirs declares, and
    answers by their schema's fields.
    """

    def __init__(self, databases: Databases, contract: Library, now: Callable[[], float] = time.time) -> None:
        super().__init__(databases, now)
        self._contract = contract
        migrate(databases.current, migrations)

    def adopt(self, files: Library) -> int:
        """Publish every file that is not yet a version, and return how many were new.

        The label ``production`` follows the newest file of a prompt as long as nobody has moved it themselves.
        """
        new = 0
        with writing(self._databases.current):
            for name, text in files.fragments.items():
                self._add_fragment(name, text, FILES)
            newest: dict[str, str] = {}
            for prompt in files.all():
                new += self._publish(prompt, FILES, "") is not None
                newest[prompt.name] = prompt.version
            for name, version in newest.items():
                held = self.labelled(name, PRODUCTION)
                if held != version and (not held or self._last_mover(name, PRODUCTION) == FILES):
                    self._move(name, PRODUCTION, "", held, version, FILES, "came with the program")
        return new

    # Reading

    def all(self, name: str = "") -> list[Version]:
        """Every version, or those of one prompt, by name and number."""
        labels: dict[tuple[str, str], list[str]] = {}
        for of, label, site, version in self._rows("SELECT name, label, site, hash FROM prompt_labels ORDER BY 2, 3"):
            labels.setdefault((of, version), []).append(f"{label} for {site}" if site else label)
        sql = (
            "SELECT name, number, hash, author, time, notes FROM prompt_versions WHERE ? IN ('', name)"
            " ORDER BY name, number"
        )
        return [
            Version(of, number, version, author, when, tuple(labels.get((of, version), ())), notes)
            for of, number, version, author, when, notes in self._rows(sql, name)
        ]

    def find(self, title: str) -> Version:
        """The version that "reply@7", "reply@production", "reply" (its production) or the beginning of a hash names.

        VersionError if there is none, or more than one.
        """
        name, _, which = title.partition("@")
        versions = self.all(name)
        if not versions:
            by_hash = [version for version in self.all() if len(title) >= 6 and version.hash.startswith(title)]
            if len(by_hash) == 1:
                return by_hash[0]
            names = ", ".join(sorted({version.name for version in self.all()})) or "none"
            raise VersionError(f"There is no prompt {name!r}. There are: {names}.")
        which = which or PRODUCTION
        found = [v for v in versions if which in (str(v.number), v.hash) or which in v.labels]
        if len(found) != 1:
            there = f"the numbers 1 to {versions[-1].number}" + "".join(
                f", {v.number}: {x}" for v in versions for x in v.labels
            )
            raise VersionError(f"There is no {name}@{which}. There are {there}.")
        return found[0]

    def text(self, version: Version) -> Prompt:
        """The version, read; its origin is its title."""
        prompt = self.prompt(version.name, version.hash)
        if prompt is None:
            raise VersionError(f"There is no {version.title} any more.")
        return prompt

    def prompt(self, name: str, version: str) -> Prompt | None:
        """The prompt of that name and hash, read; None where there is none."""
        sql = "SELECT number, content, fragments FROM prompt_versions WHERE name = ? AND hash = ?"
        for number, content, fragments in self._rows(sql, name, version):
            return read(content, f"{name}@{number}", self._fragment_texts(json.loads(fragments)))
        return None

    def usable(self, name: str, version: str) -> Prompt | None:
        """As ``prompt``; PromptError where this program could not publish it any more."""
        prompt = self.prompt(name, version)
        return prompt and self.check(prompt.content, prompt.origin, named=name, fragments=prompt.fragments)

    def labelled(self, name: str, label: str, site: str = "") -> str:
        """The hash that the label points at for this very site; "" for none."""
        rows = self._rows("SELECT hash FROM prompt_labels WHERE name = ? AND label = ? AND site = ?", name, label, site)
        return str(rows[0][0]) if rows else ""

    def labels(self) -> dict[tuple[str, str, str], str]:
        """Every label: (prompt, label, site) to hash."""
        rows = self._rows("SELECT name, label, site, hash FROM prompt_labels")
        return {(name, label, site): version for name, label, site, version in rows}

    def shares(self) -> dict[tuple[str, str], float]:
        """Which share of new conversations gets the candidate: (prompt, site) to 0-1."""
        return {(name, site): share for name, site, share in self._rows("SELECT name, site, share FROM prompt_splits")}

    def journal(self, name: str = "") -> list[Entry]:
        """What was published, moved and split, oldest first."""
        sql = (
            "SELECT number, time, who, done, name, label, site, before, after, why FROM prompt_journal"
            " WHERE ? IN ('', name) ORDER BY number"
        )
        return [Entry(*row) for row in self._rows(sql, name)]

    def settled(self, name: str) -> float:
        """When the prompt's labels or its share last changed (unix seconds): since then its versions are live together.

        VersionError if there is no such prompt.
        """
        self.find(name)
        return max(entry.time for entry in self.journal(name) if entry.done in (*_MOVES, "split"))

    # Writing versions

    def check(
        self, content: str, origin: str, *, named: str = "", fragments: Mapping[str, str] | None = None
    ) -> Prompt:
        """The text as a version that could be published, with these fragments or, as usual, the newest of each.

        PromptError with the line of what stands in the way.
        """
        prompt = read(content, origin, self.fragments() if fragments is None else fragments, named=named)
        check_contract(prompt, self._contract)
        return prompt

    def publish(self, content: str, who: str, why: str = "", *, origin: str = "the text", named: str = "") -> Version:
        """Make the text a version with the next number; the same text again is the version that it was.

        PromptError as ``check``. Nobody uses it before a label points at it.
        """
        prompt = self.check(content, origin, named=named)
        self.publish_all([prompt], who, why)
        return next(version for version in self.all(prompt.name) if version.hash == prompt.version)

    def publish_all(self, prompts: Sequence[Prompt], who: str, why: str = "") -> list[Version]:
        """Make each, checked before, a version, all or none, in this order; returns those that were none yet."""
        with writing(self._databases.current):
            new = {(prompt.name, prompt.version) for prompt in prompts if self._publish(prompt, who, why)}
        return [version for version in self.all() if (version.name, version.hash) in new]

    # Fragments

    def fragments(self) -> dict[str, str]:
        """The newest text of each fragment."""
        rows = self._rows("SELECT name, content FROM prompt_fragments ORDER BY time, rowid")
        return {str(name): str(content) for name, content in rows}

    def using(self, fragment: str) -> list[Version]:
        """The versions that a label points at and that include the fragment: those that a change to it is for."""
        rows = self._rows("SELECT name, hash, fragments FROM prompt_versions")
        with_it = {(name, version) for name, version, held in rows if fragment in json.loads(held)}
        return [version for version in self.all() if version.labels and (version.name, version.hash) in with_it]

    def write_fragment(self, name: str, content: str, who: str, why: str = "") -> list[Version]:
        """Keep a new text of the fragment, and publish anew each labelled version that includes it, labels unmoved.

        Returns those new versions. PromptError where one of them cannot be read with it: then nothing is kept.
        """
        if not content.strip():
            raise VersionError(f"The fragment {name} has no text.")
        with writing(self._databases.current):
            texts = self.fragments()
            made = [
                self.check(
                    self.text(version).content,
                    f"{version.title} with {name}",
                    named=version.name,
                    fragments=texts | {name: content},
                )
                for version in self.using(name)
            ]
            if (before := texts.get(name, "")) != content:
                self._add_fragment(name, content, who, again=True)
                self._note(
                    who, "fragment", name, "", "", fragment_hash(name, before), fragment_hash(name, content), why
                )
            return self.publish_all(made, who, why or f"with the fragment {name}")

    # Labels

    def move(self, version: Version, label: str, who: str, why: str = "", site: str = "") -> None:
        """Point the label at the version, for one site or (site "") for all that have none of their own.

        It counts for every conversation that begins from now on, in every process. ReasonNeeded where the version goes
        live without a word of why, though it scored worse, beyond noise, than the one that is; the journal keeps both.
        """
        if not label.isidentifier():
            raise VersionError(f"A label is one word, such as {PRODUCTION} or {CANDIDATE}; {label!r} is not.")
        if label == PRODUCTION:
            why = self._reasoned(version, site, why)
        with writing(self._databases.current):
            before = self.labelled(version.name, label, site)
            if before != version.hash:
                self._move(version.name, label, site, before, version.hash, who, why)

    def roll_back(self, name: str, label: str, who: str, why: str = "", site: str = "") -> Version | None:
        """Point the label at what it pointed at before its last move; again: at what it pointed at before that one.

        None: it was nowhere before, and is so again, so that a site has what all have, or a prompt no candidate.
        VersionError where there is nothing to go back to.
        """
        with writing(self._databases.current):
            former: list[str] = []
            for entry in self._moves(name, label, site):
                if entry.done == "back" and former:
                    former.pop()
                else:
                    former.append(entry.before)
            if not former or not (former[-1] or site or label != PRODUCTION):
                what = f"The label {label} of {name} never pointed elsewhere"
                raise VersionError(f"{what}: there is nothing to go back to.")
            before = self.labelled(name, label, site)
            self._move(name, label, site, before, former[-1], who, why or "back", done="back")
            return next((version for version in self.all(name) if version.hash == former[-1]), None)

    def split(self, name: str, share: float | None, who: str, why: str = "", site: str = "") -> None:
        """Give this share (0-1) of new conversations the candidate instead of production; 0: none, on that site too.

        None: that site has no share of its own any more, and what all have. VersionError where there is no candidate,
        or the share is none.
        """
        if share is None and (name, site) not in (self.shares() if site else {}):
            raise VersionError(f"{name} has no share of its own{f' on {site}' if site else ': name the site'}.")
        if share is not None and not 0 <= share <= 1:
            raise VersionError(f"A share of conversations lies between 0 and 1; {share:g} does not.")
        if share and not (self.labelled(name, CANDIDATE, site) or self.labelled(name, CANDIDATE)):
            raise VersionError(
                f"{name} has no candidate. Point one out first: shoptalk prompts label {name}@N candidate"
            )
        database = self._databases.current
        with writing(database):
            before = self.shares().get((name, site), 0.0)
            database.execute("DELETE FROM prompt_splits WHERE name = ? AND site = ?", [name, site])
            if share or (site and share is not None):
                database.execute("INSERT INTO prompt_splits VALUES (?, ?, ?)", [name, site, share])
            after = "" if share is None else f"{share:g}"
            self._note(who, "split", name, CANDIDATE, site, f"{before:g}", after, why)

    def _reasoned(self, version: Version, site: str, why: str) -> str:
        """The reason with what the scores say against the version, where they do."""
        before = self.labelled(version.name, PRODUCTION, site) or self.labelled(version.name, PRODUCTION)
        if before in ("", version.hash):
            return why
        from prompts.promotion import against  # brings scipy, which nothing else of the versions needs

        live = {name: held for (name, label, of), held in self.labels().items() if (label, of) == (PRODUCTION, "")}
        if said := against(self._databases, live, version.name, before, version.hash):
            if not why.strip():
                what = f"{version.title} {said} than what is live, beyond noise"
                raise ReasonNeeded(f"{what}. Say why it goes live all the same: the journal keeps it.")
            return f"{why.strip()[: LONGEST_WHY - len(said) - 3]} ({said})"
        return why

    # What stands in the tables

    def _publish(self, prompt: Prompt, who: str, why: str) -> int | None:
        """The number of the new version; None where it is one already. Within a transaction."""
        sql = "SELECT 1 FROM prompt_versions WHERE name = ? AND hash = ?"
        if self._rows(sql, prompt.name, prompt.version):
            return None
        for name, text in prompt.fragments.items():
            self._add_fragment(name, text, who)
        last = self._rows("SELECT COALESCE(MAX(number), 0) FROM prompt_versions WHERE name = ?", prompt.name)
        number = int(last[0][0]) + 1
        held = json.dumps({name: fragment_hash(name, text) for name, text in prompt.fragments.items()})
        values = [prompt.name, number, prompt.version, prompt.content, held, who, self._now(), prompt.front.notes]
        self._databases.current.execute("INSERT INTO prompt_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        self._note(who, "published", prompt.name, "", "", "", prompt.version, why)
        return number

    def _move(
        self, name: str, label: str, site: str, before: str, after: str, who: str, why: str, done: str = "moved"
    ) -> None:
        database = self._databases.current
        database.execute("DELETE FROM prompt_labels WHERE name = ? AND label = ? AND site = ?", [name, label, site])
        if after:
            database.execute("INSERT INTO prompt_labels VALUES (?, ?, ?, ?)", [name, label, site, after])
        self._note(who, done, name, label, site, before, after, why)

    def _moves(self, name: str, label: str, site: str) -> list[Entry]:
        return [e for e in self.journal(name) if e.done in _MOVES and (e.label, e.site) == (label, site)]

    def _last_mover(self, name: str, label: str) -> str:
        moves = self._moves(name, label, "")
        return moves[-1].who if moves else ""

    def _note(self, who: str, done: str, name: str, label: str, site: str, before: str, after: str, why: str) -> None:
        values = [self._now(), who, done, name, label, site, before, after, why[:LONGEST_WHY]]
        sql = (
            "INSERT INTO prompt_journal (time, who, done, name, label, site, before, after, why)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        self._databases.current.execute(sql, values)

    def _add_fragment(self, name: str, content: str, who: str, *, again: bool = False) -> None:
        """Keep a text of the fragment, the newest now; one that it had before only becomes so ``again``.

        What came with the program is never newer than what people wrote. Within a transaction.
        """
        if not _FRAGMENT.fullmatch(name):
            raise VersionError(f"A fragment's name has letters, digits, - and _, at most 64; {name!r} is none.")
        newest = self._rows("SELECT author FROM prompt_fragments WHERE name = ? ORDER BY time DESC LIMIT 1", name)
        older = who == FILES and newest and newest[0][0] != FILES
        values = [fragment_hash(name, content), name, content, who, 0.0 if older else self._now()]
        sql = "INTO prompt_fragments VALUES (?, ?, ?, ?, ?)"
        self._databases.current.execute(f"INSERT OR {'REPLACE' if again else 'IGNORE'} {sql}", values)

    def _fragment_texts(self, hashes: Mapping[str, str]) -> dict[str, str]:
        texts = {}
        for name, digest in hashes.items():
            texts[name] = str(self._rows("SELECT content FROM prompt_fragments WHERE hash = ?", digest)[0][0])
        return texts

    def _rows(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        return self._databases.current.execute(sql, list(values)).fetchall()


def fragment_hash(name: str, content: str) -> str:
    """The hash by which a fragment's text is known; "" where it has none."""
    return version_of(content, {name: ""}) if content else ""
