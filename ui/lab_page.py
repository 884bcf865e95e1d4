"""The lab: where the product team writes, tries, releases and watches prompts, each as their account allows.

Gradio's page, mounted behind a sign-in (``ui.sign_in.Door``). Writers draft and try; releasers and admins publish and
move labels too, and every call asks the account anew. No logic of versions lives here: ``prompts.versions`` owns them.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from html import escape
from typing import Any

import gradio as gr
import pandas as pd
from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from chat.outcomes import SUCCESSES, Outcome, Outcomes
from prompts.errors import PromptsError, VersionError
from prompts.versions import CANDIDATE, PRODUCTION, Versions
from ui.accounts import Account, Accounts
from ui.identity import Keys
from ui.lab_html import LAB_CSS, trial_html, words_html
from ui.lab_reading import Reading, reading_tabs
from ui.lab_scoring import Scoring, score_tab
from ui.lab_trial import Trial, Trials, side_by_side
from ui.prompt_figures import DONE, conclusion, on, rows_of, told, when
from ui.shop_page import PAGE_THEME
from ui.sign_in import ACCOUNT, COOKIE

LAB = "/lab"
NEW = "a new draft"
EVERYWHERE = "every site"
LABELS = [PRODUCTION, CANDIDATE]
MOST_TURNS = 20  # of a tried conversation
LONGEST = 20_000  # characters of a text that is written here
LONGEST_NOTES = 300  # characters of a version's notes in the list
RELEASERS = ("releaser", "admin")
Told = str  # a status line, as HTML


class Lab:
    """What the page's buttons do; every method that changes something asks who it is."""

    def __init__(
        self,
        versions: Versions,
        outcomes: Outcomes,
        trials: Trials,
        accounts: Accounts,
        keys: Keys,
        reading: Reading,
        scoring: Scoring,
        currency: str = "",
    ) -> None:
        self.versions = versions
        self.trials = trials
        self._keys = keys
        self.reading = reading
        self.scoring = scoring
        self.currency = currency
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

    # What is shown

    def sites(self) -> list[str]:
        """The site keys."""
        return [key.id for key in self._keys.sites()]

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
        return [
            [
                one.title,
                ", ".join(one.labels),
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
        return [
            [
                when(entry.time),
                entry.who,
                told(entry, *(titles.get((entry.name, mark), mark[:12]) for mark in (entry.before, entry.after))),
                entry.why,
            ]
            for entry in reversed(self.versions.journal(name))
        ]

    def shares(self, name: str) -> str:
        """Who gets what now, in words."""
        said = [
            f"{share:.0%} of new conversations{on(site)} get the candidate."
            for (of, site), share in sorted(self.versions.shares().items())
            if of == name
        ]
        return " ".join(said) or "Every new conversation gets what production points at."

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
        said = ""
        if arms[1] and arms[0] != arms[1]:
            said = conclusion(titles[arms[0]], found[arms[0]], titles[arms[1]], found[arms[1]], success)
        plotted = [
            {"version": one.title, "what": kind, "share": found[one.hash].rate(kind)} for one in listed for kind in DONE
        ]
        html = (
            f"<p>Conversations that began since {when(begun)}.</p><table><tr><th>{head}</tr>{rows}</table>"
            f'<p class="lab-said">{escape(said)}</p>'
        )
        return html, pd.DataFrame(plotted, columns=["version", "what", "share"])


def build_lab(lab: Lab, shop_name: str) -> gr.Blocks:
    """The page, to be mounted behind the sign-in."""
    page: gr.Blocks
    with gr.Blocks(title=f"{shop_name} · prompt lab", analytics_enabled=False) as page:
        gr.HTML(f'<h1>{escape(shop_name)} · prompt lab</h1><p><a href="{ACCOUNT}">Your account</a></p>')
        name = gr.Dropdown(lab.names(), value=lab.names()[0], label="Prompt", interactive=True)
        status = gr.HTML(_said(""), elem_id="lab-status")
        with gr.Tab("Library"):
            headers = ["version", "labels", "by", "published", "hash", "notes"]
            table = gr.Dataframe(headers=headers, interactive=False, show_search="search", wrap=True, label="Versions")
            shares = gr.Markdown()
            with gr.Row():
                first = gr.Dropdown(label="What was", elem_id="lab-first")
                second = gr.Dropdown(label="What is", elem_id="lab-second")
            difference = gr.HTML(elem_id="lab-difference")
        with gr.Tab("Write"):
            with gr.Row():
                draft = gr.Dropdown(label="Draft", elem_id="lab-draft")
                source = gr.Dropdown(label="Begin with the text of", elem_id="lab-source")
            opened = gr.State("")  # the draft as it was when it was opened: somebody else may change it meanwhile
            text = gr.Textbox(label="Text", lines=22, max_lines=40, max_length=LONGEST, elem_id="lab-text")
            why_published = gr.Textbox(label="Why, for the journal", max_length=500)
            with gr.Row():
                keep = gr.Button("Keep the draft")
                check = gr.Button("Check")
                publish = gr.Button("Publish", variant="primary")
                discard = gr.Button("Throw the draft away", variant="stop")
        with gr.Tab("Try"):
            messages = gr.Textbox(
                label="What a shopper says: one message a line, of which the last is shown",
                lines=3,
                max_length=5_000,
                elem_id="lab-messages",
            )
            with gr.Row():
                left = gr.Dropdown(label="On the left", elem_id="lab-left")
                right = gr.Dropdown(label="On the right", elem_id="lab-right")
            attempt = gr.Button("Try", variant="primary")
            with gr.Row():
                one = gr.HTML(elem_id="lab-one")
                other = gr.HTML(elem_id="lab-other")
        scored = score_tab(lab.scoring, lambda request: lab.who(request).name, status, _said)
        with gr.Tab("Release"):
            with gr.Row():
                moved = gr.Dropdown(label="Version", elem_id="lab-moved")
                label = gr.Dropdown(
                    LABELS, value=CANDIDATE, label="Label", elem_id="lab-label", allow_custom_value=True
                )
                site = gr.Dropdown(label="On", elem_id="lab-site")
            why = gr.Textbox(label="Why, for the journal", max_length=500, elem_id="lab-why")
            with gr.Row():
                move = gr.Button("Point the label at it", variant="primary")
                back = gr.Button("Roll the label back")
            with gr.Row():
                share = gr.Slider(0, 100, value=10, step=1, label="Percent of new conversations with the candidate")
                split = gr.Button("Split")
            success = gr.Dropdown(list(SUCCESSES), value="engaged", label="What counts as a success")
            watch = gr.Button("Look at what became of each")
            outcomes = gr.HTML(elem_id="lab-outcomes")
            plot = gr.BarPlot(x="what", y="share", color="version", title="Share of conversations with one", height=260)
        reading_tabs(
            lab.reading,
            versions=lambda: {version.hash: version.title for version in lab.versions.all()},
            who=lambda request: lab.who(request).name,
            currency=lab.currency,
            messages=messages,
            status=status,
            said=_said,
        )
        with gr.Tab("Journal"):
            journal = gr.Dataframe(
                headers=["when", "who", "what", "why"], interactive=False, wrap=True, label="Journal"
            )

        shown = [table, shares, first, second, draft, source, left, right, moved, site, journal, scored]

        def fresh(of: str, kept: str = NEW) -> list[Any]:
            titles = lab.titles(of)
            live = lab.versions.find(of).title
            choose = [gr.Dropdown(choices=titles, value=value) for value in (live, titles[0], live, live, titles[0])]
            return [
                lab.table(of),
                lab.shares(of),
                *choose[:2],
                gr.Dropdown(choices=lab.drafts(), value=kept),
                choose[2],
                *choose[3:],
                gr.Dropdown(choices=titles, value=titles[0]),
                gr.Dropdown(choices=[EVERYWHERE, *lab.sites()], value=EVERYWHERE),
                lab.journal(of),
                gr.Dropdown(choices=titles, value=list(dict.fromkeys([live, titles[0]]))),
            ]

        def done(act: Callable[[], tuple[str, str]], of: str) -> list[Any]:
            """The status line after an act (which returns it, with the draft to stay with), and what is shown then."""
            try:
                line, kept = act()
            except PromptsError as error:
                return [_said(str(error), bad=True), *(gr.skip() for _ in shown)]
            return [_said(line), *fresh(of, kept)]

        def on_keep(of: str, number: str, content: str, was: str, request: gr.Request) -> list[Any]:
            content = content[:LONGEST]

            def act() -> tuple[str, str]:
                held = lab.versions.draft(content, lab.who(request).name, _number(number), was)
                return f"Draft {held} is kept.", str(held)

            status, *rest = done(act, of)
            return [content if rest[0] != gr.skip() else gr.skip(), status, *rest]

        def on_check(of: str, content: str) -> str:
            try:
                lab.versions.check(content, "the text", named=of)
            except PromptsError as error:
                return _said(str(error), bad=True)
            return _said(f"It can be published as a version of {of}.")

        def on_publish(of: str, number: str, content: str, was: str, reason: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                made = lab.versions.publish(content, lab.releaser(request).name, reason, origin="the text", named=of)
                # Its draft has done its work; not one that somebody else has gone on with, or thrown away.
                if any(str(one.number) == number and one.content in (was, content) for one in lab.versions.drafts()):
                    lab.versions.discard(int(number))
                return f"{made.title} is published. Nobody uses it before a label points at it.", NEW

            return done(act, of)

        def on_discard(of: str, number: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                lab.who(request)
                if (held := _number(number)) is None:
                    raise VersionError("Choose a draft first.")
                lab.versions.discard(held)
                return f"Draft {held} is thrown away.", NEW

            return done(act, of)

        def on_move(of: str, title: str, to: str, where: str, reason: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                found = lab.versions.find(title)
                lab.versions.move(found, to.strip(), lab.releaser(request).name, reason, _site(where))
                return f"{to.strip()}{on(_site(where))} is {found.title}, for conversations that begin now.", NEW

            return done(act, of)

        def on_back(of: str, to: str, where: str, reason: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                found = lab.versions.roll_back(of, to.strip(), lab.releaser(request).name, reason, _site(where))
                again = f"is {found.title} again" if found else "points nowhere again"
                return f"{to.strip()}{on(_site(where))} {again}.", NEW

            return done(act, of)

        def on_split(of: str, percent: float, where: str, reason: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                lab.versions.split(of, percent / 100, lab.releaser(request).name, reason, _site(where))
                return f"{percent:g}% of new conversations{on(_site(where))} get the candidate of {of}.", NEW

            return done(act, of)

        async def on_try(
            of: str, said: str, title_left: str, title_right: str, request: gr.Request
        ) -> AsyncIterator[list[Any]]:
            lines = [line.strip() for line in said.splitlines() if line.strip()]
            try:
                lab.who(request)
                if not lines or len(lines) > MOST_TURNS:
                    raise VersionError(f"Say 1 to {MOST_TURNS} messages, one a line; these are {len(lines)}.")
                pins = [{of: lab.versions.find(title).hash} for title in (title_left, title_right)]
            except PromptsError as error:
                yield [_said(str(error), bad=True), gr.skip(), gr.skip()]
                return
            yield [_said("Trying …"), "", ""]
            latest = [Trial(), Trial()]
            async with aclosing(side_by_side([lab.trials.run(pin, lines) for pin in pins])) as both:
                async for number, trial in both:
                    latest[number] = trial
                    yield [gr.skip(), trial_html(title_left, latest[0]), trial_html(title_right, latest[1])]
            yield [_said("Tried. Nothing of it counts as a shopper's conversation."), gr.skip(), gr.skip()]

        def on_draft(number: str) -> Any:
            held = next((draft for draft in lab.versions.drafts() if str(draft.number) == number), None)
            return [held.content, held.content] if held else [gr.skip(), gr.skip()]

        def on_source(title: str) -> str:
            return lab.versions.text(lab.versions.find(title)).content

        def on_difference(before: str, after: str) -> str:
            texts = (lab.versions.text(lab.versions.find(title)).content for title in (before, after))
            return words_html(*texts)

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        page.load(fresh, [name], shown, **quiet)
        name.change(fresh, [name], shown, **quiet)
        for chosen in (first, second):
            chosen.change(on_difference, [first, second], [difference], **quiet)
        draft.input(on_draft, [draft], [text, opened], **quiet)
        source.input(on_source, [source], [text], **quiet)
        keep.click(on_keep, [name, draft, text, opened], [opened, status, *shown], **quiet)
        check.click(on_check, [name, text], [status], **quiet)
        publish.click(on_publish, [name, draft, text, opened, why_published], [status, *shown], **quiet)
        discard.click(on_discard, [name, draft], [status, *shown], **quiet)
        attempt.click(on_try, [name, messages, left, right], [status, one, other], concurrency_limit=4, **quiet)
        move.click(on_move, [name, moved, label, site, why], [status, *shown], **quiet)
        back.click(on_back, [name, label, site, why], [status, *shown], **quiet)
        split.click(on_split, [name, share, site, why], [status, *shown], **quiet)
        watch.click(lab.watched, [name, success], [outcomes, plot], **quiet)
    return page


def mount_lab(app: FastAPI, page: gr.Blocks) -> Mount:
    """Mount the page at LAB, before anything is mounted at the root. Returns where; its door is the caller's."""
    app.router.routes.append(Route(LAB, lambda _: RedirectResponse(f"{LAB}/"), methods=["GET"]))
    options: dict[str, Any] = {"theme": PAGE_THEME, "head": f"<style>{LAB_CSS}</style>", "footer_links": []}
    # What goes wrong inside is for the log.
    gr.mount_gradio_app(app, page, path=LAB, run_history=False, show_error=False, ssr_mode=False, **options)
    return next(route for route in app.routes if isinstance(route, Mount) and route.path == LAB)


def _said(line: str, *, bad: bool = False) -> str:
    return f'<p role="{"alert" if bad else "status"}" class="{"lab-bad" if bad else ""}">{escape(line)}</p>'


def _number(draft: str) -> int | None:
    return int(draft) if draft and draft != NEW else None


def _site(where: str) -> str:
    return "" if where == EVERYWHERE else where
