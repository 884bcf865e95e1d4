"""What the lab's pages show and do, each for the account that presses.

Every method that changes something asks who it is, anew at every press. No logic of versions lives here:
``prompts.versions`` owns them. Knows nothing of how a page looks.
"""

from dataclasses import replace
from html import escape

import gradio as gr
import pandas as pd

from chat.outcomes import Outcome, Outcomes
from prompts.errors import VersionError
from prompts.versions import CANDIDATE, PRODUCTION, Versions
from ui.accounts import Account, Accounts
from ui.lab_sites import EVERYWHERE, Sites
from ui.lab_trial import Trials
from ui.prompt_figures import DONE, conclusion, on, rows_of, told, when
from ui.sign_in import COOKIE

NEW = "a new draft"
LABELS = [PRODUCTION, CANDIDATE]
LONGEST_NOTES = 300  # characters of a version's notes in the list
RELEASERS = ("releaser", "admin")


class Lab:
    """What the pages' buttons do."""

    def __init__(
        self,
        versions: Versions,
        outcomes: Outcomes,
        trials: Trials,
        accounts: Accounts,
        sites: Sites,
    ) -> None:
        self.versions = versions
        self.trials = trials
        self.sites = sites
        self._outcomes = outcomes
        self._accounts = accounts

    def who(self, request: gr.Request) -> Account:
        """Whose browser this is; VersionError once they are signed out."""
        account = self._accounts.who(request.cookies.get(COOKIE, ""))
        if account is None:
            raise VersionError("You are signed out. Load the page again to sign in.")
        return account

    def releaser(self, request: gr.Request) -> Account:
        """As ``who``; VersionError for a writer."""
        account = self.who(request)
        if account.role not in RELEASERS:
            raise VersionError(f"{account.name} is a {account.role}: a releaser publishes and moves labels.")
        return account

    def names(self) -> list[str]:
        """The prompts."""
        return sorted({version.name for version in self.versions.all()})

    def titles(self, name: str) -> list[str]:
        """The versions of a prompt, the newest first."""
        return [version.title for version in reversed(self.versions.all(name))]

    def drafts(self) -> list[tuple[str, str]]:
        """Of each draft how it is listed, and its number."""
        listed = [(NEW, NEW)]
        for draft in self.versions.drafts():
            begin = next((line for line in draft.content.splitlines() if line.startswith("name:")), "no name yet")
            listed.append((f"{draft.number}: {begin[:60]}, {draft.author}, {when(draft.time)}", str(draft.number)))
        return listed

    def table(self, name: str) -> list[list[str]]:
        """The versions of a prompt as rows, the newest first."""
        names = self.sites.names()
        return [
            [
                one.title,
                ", ".join(_called(label, names) for label in one.labels),
                one.author,
                when(one.time),
                one.hash[:12],
                " ".join(one.notes.split())[:LONGEST_NOTES],
            ]
            for one in reversed(self.versions.all(name))
        ]

    def journal(self, name: str) -> list[list[str]]:
        """What was done, the latest first."""
        titles = {(one.name, one.hash): one.title for one in self.versions.all()}
        names = self.sites.names()
        return [
            [
                when(entry.time),
                entry.who,
                told(
                    replace(entry, site=names.get(entry.site, entry.site)),
                    *(titles.get((entry.name, mark), mark[:12]) for mark in (entry.before, entry.after)),
                ),
                entry.why,
            ]
            for entry in reversed(self.versions.journal(name))
        ]

    def live(self, name: str) -> str:
        """What new conversations get now, on every site and on those that differ, in words."""
        titles = {version.hash: version.title for version in self.versions.all(name)}
        labels, names = self.versions.labels(), self.sites.names()
        shares = {site: share for (of, site), share in self.versions.shares().items() if of == name}
        differing = {site for of, _, site in labels if of == name} | set(shares)
        said = []
        for site in sorted(differing | {""}, key=lambda one: (one != "", names.get(one, one))):
            production, candidate = (
                labels.get((name, label, site)) or labels.get((name, label, ""), "") for label in LABELS
            )
            share = shares.get(site, shares.get("", 0.0)) if candidate else 0.0
            line = f"{titles.get(production, 'what came with the program')} is live"
            if share:
                line += f", and {share:.0%} of new conversations get {titles[candidate]}"
            said.append(f"On {names.get(site, site) or EVERYWHERE}: {line}.")
        return " ".join(said)

    def watched(self, name: str, success: str) -> tuple[str, pd.DataFrame]:
        """The outcomes of a prompt's versions since they are live together: as HTML, and for the plot."""
        begun = self.versions.settled(name)
        arms = [self.versions.labelled(name, label) for label in LABELS]
        found = {version: Outcome(version) for version in arms if version} | self._outcomes.of(name, begun)
        listed = [version for version in self.versions.all(name) if version.hash in found]
        titles = {version.hash: version.title for version in self.versions.all(name)}
        head = "".join(f'<th scope="col">{escape(one.title)}' for one in listed)
        rows = "".join(
            f'<tr><th scope="row">{escape(figure)}{"".join(f"<td>{escape(value)}" for value in values)}'
            for figure, values in rows_of([found[one.hash] for one in listed])
        )
        said = "Point the label candidate at a version and give it a share, and the two are compared here."
        if arms[1] and arms[0] != arms[1]:
            said = conclusion(titles[arms[0]], found[arms[0]], titles[arms[1]], found[arms[1]], success)
        plotted = [
            {"version": one.title, "what": kind, "share": found[one.hash].rate(kind)} for one in listed for kind in DONE
        ]
        html = (
            f"<p>Conversations that began since {when(begun)}, when a label or a share was last changed.</p>"
            f'<p class="lab-said">{escape(said)}</p>'
            f'<div class="lab-wide"><table><tr><th>{head}</tr>{rows}</table></div>'
        )
        return html, pd.DataFrame(plotted, columns=["version", "what", "share"])

    def where(self, site: str) -> str:
        """ " on NAME", or nothing for all sites."""
        return on(self.sites.name(site))


def _called(label: str, names: dict[str, str]) -> str:
    which, _, site = label.partition(" for ")
    return which + on(names.get(site, site))
