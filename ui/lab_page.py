"""The lab: where the product team writes, tries, releases and watches prompts, each as their account allows.

Gradio's page, mounted behind a sign-in (``ui.sign_in.Door``). Writers draft and try; releasers and admins publish and
move labels too, and every call asks the account anew. Puts the tabs together; what is pressed in most of them, their
own modules know.
"""

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from prompts.errors import PromptsError, VersionError
from ui.lab import NEW, Lab
from ui.lab_cases import CaseFiles
from ui.lab_html import LAB_CSS, said, words_html
from ui.lab_reading import Reading, conversations_tab
from ui.lab_release import ReleaseTab
from ui.lab_scoring import Scoring, score_tab
from ui.lab_shop import Shop, shop_tab
from ui.lab_trying import try_tab
from ui.shop_page import PAGE_THEME
from ui.sign_in import ACCOUNT

LAB = "/lab"
LONGEST = 20_000  # characters of a text that is written here
MAY = {
    "writer": "you may draft, try and score; a releaser publishes",
    "releaser": "you may draft, try, score, publish and move labels",
    "admin": "you may draft, try, score, publish and move labels",
}


def build_lab(lab: Lab, reading: Reading, files: CaseFiles, shop: Shop, scoring: Scoring, shop_name: str) -> gr.Blocks:
    """The page, to be mounted behind the sign-in."""
    page: gr.Blocks
    with gr.Blocks(title=f"{shop_name} · prompt lab", analytics_enabled=False) as page:
        gr.HTML(f"<h1>{escape(shop_name)} · prompt lab</h1>")
        account = gr.HTML(elem_id="lab-account")
        name = gr.Dropdown(
            lab.names(),
            value=lab.names()[0],
            label="Prompt",
            info="reply words the answer; understand reads what a shopper wants. All tabs are about this one.",
            interactive=True,
            elem_id="lab-name",
        )
        status = gr.HTML(said(""), elem_id="lab-status")
        with gr.Tab("Library"):
            live = gr.Markdown()
            headers = ["version", "labels", "by", "published", "hash", "notes"]
            table = gr.Dataframe(
                headers=headers,
                interactive=False,
                show_search="search",
                wrap=True,
                column_widths=[110, 130, 90, 160, 130, 330],
                label="Versions",
            )
            with gr.Row():
                first = gr.Dropdown(label="Compare this version", elem_id="lab-first")
                second = gr.Dropdown(label="with this one", elem_id="lab-second")
            gr.Markdown("Marked: what the second has that the first has not. Struck out: what it has no more.")
            difference = gr.HTML(elem_id="lab-difference")
        with gr.Tab("Write"):
            gr.Markdown(
                "Begin with the text of a version, change it, check it, and save it as a draft. Nobody's conversation "
                "changes before a releaser publishes it and points a label at it."
            )
            with gr.Row():
                draft = gr.Dropdown(label="Draft to go on with", elem_id="lab-draft")
                source = gr.Dropdown(label="Or begin with the text of a version", elem_id="lab-source")
            opened = gr.State("")  # the draft as it was when it was opened: somebody else may change it meanwhile
            begun = gr.State("")  # the version's text that was put there: as long as it stands, nobody's words are lost
            text = gr.Textbox(label="The prompt's text", lines=22, max_lines=40, max_length=LONGEST, elem_id="lab-text")
            with gr.Row():
                check = gr.Button("Check")
                keep = gr.Button("Save the draft", variant="primary")
                discard = gr.Button("Delete the draft", variant="stop")
            why_published = gr.Textbox(label="Reason, for the journal", max_length=500, elem_id="lab-why-published")
            with gr.Row():
                publish = gr.Button("Publish as a version (releasers)")
        tried = try_tab(lab, files, name, status)
        scored = score_tab(scoring, lambda request: lab.who(request).name, status, said)
        release = ReleaseTab(lab, name, status)
        conversations_tab(
            reading,
            versions=lambda: {version.hash: version.title for version in lab.versions.all()},
            who=lambda request: lab.who(request).name,
            files=files,
            messages=tried.messages,
            origin=tried.origin,
            status=status,
        )
        shop_tab(shop, lambda request: lab.who(request).name, status)
        with gr.Tab("Journal"):
            gr.Markdown("Who published, moved, split and rolled back what, when and why; the latest first.")
            journal = gr.Dataframe(
                headers=["when", "who", "what", "why"],
                interactive=False,
                wrap=True,
                column_widths=[160, 100, 380, 310],
                label="Journal",
            )

        shown: list[Any] = [table, live, release.live, first, second, draft, source, tried.left, tried.right]
        shown += [release.moved, release.site, journal, scored, release.why, why_published]

        def fresh(of: str, kept: str = NEW) -> list[Any]:
            titles = lab.titles(of)
            now = lab.versions.find(of).title
            choose = [gr.Dropdown(choices=titles, value=value) for value in (now, titles[0], now, now, titles[0])]
            return [
                lab.table(of),
                lab.live(of),
                lab.live(of),
                *choose[:2],
                gr.Dropdown(choices=lab.drafts(), value=kept),
                *choose[2:],
                gr.Dropdown(choices=titles, value=titles[0]),
                gr.Dropdown(choices=lab.sites.choices()),
                lab.journal(of),
                gr.Dropdown(choices=titles, value=list(dict.fromkeys([now, titles[0]]))),
                "",  # the next act has a reason of its own
                "",
            ]

        def done(act: Callable[[], tuple[str, str]], of: str) -> list[Any]:
            """The status line after an act (which returns it, with the draft to stay with), and what is shown then."""
            try:
                line, kept = act()
            except PromptsError as error:
                return [said(str(error), bad=True), *(gr.skip() for _ in shown)]
            return [said(line), *fresh(of, kept)]

        def on_load(of: str, request: gr.Request) -> list[Any]:
            who = lab.who(request)
            line = f"{who.name}, {who.role}: {MAY[who.role]}."
            return [f'<p>{escape(line)} <a href="{ACCOUNT}">Your account</a></p>', *fresh(of), *on_source(of)]

        def on_keep(of: str, number: str, content: str, was: str, request: gr.Request) -> list[Any]:
            content = content[:LONGEST]

            def act() -> tuple[str, str]:
                if not content.strip():
                    raise VersionError("There is no text to save. Begin with the text of a version.")
                held = lab.versions.draft(content, lab.who(request).name, _number(number), was)
                return f"Draft {held} is saved.", str(held)

            line, *rest = done(act, of)
            return [content if rest[0] != gr.skip() else gr.skip(), line, *rest]

        def on_check(of: str, content: str) -> str:
            try:
                lab.versions.check(content, "the text", named=of)
            except PromptsError as error:
                return said(str(error), bad=True)
            return said(f"Nothing is wrong with it: it can be published as a version of {of}.")

        def on_publish(of: str, number: str, content: str, was: str, reason: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                made = lab.versions.publish(content, lab.releaser(request).name, reason, origin="the text", named=of)
                # Its draft has done its work; not one that somebody else has gone on with, or thrown away.
                if any(str(one.number) == number and one.content in (was, content) for one in lab.versions.drafts()):
                    lab.versions.discard(int(number))
                return f"{made.title} is published. Nobody uses it before a label points at it (see Release).", NEW

            return done(act, of)

        def on_discard(of: str, number: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                lab.who(request)
                if (held := _number(number)) is None:
                    raise VersionError("Choose a draft first.")
                lab.versions.discard(held)
                return f"Draft {held} is deleted.", NEW

            return done(act, of)

        def on_draft(number: str) -> Any:
            held = next((draft for draft in lab.versions.drafts() if str(draft.number) == number), None)
            return [held.content, held.content] if held else [gr.skip(), gr.skip()]

        def on_source(title: str) -> list[str]:
            return [lab.versions.text(lab.versions.find(title)).content] * 2

        def on_other(of: str, content: str, was: str) -> list[Any]:
            return [*fresh(of), *(on_source(of) if content == was else [gr.skip(), gr.skip()])]

        def on_difference(before: str, after: str) -> str:
            texts = (lab.versions.text(lab.versions.find(title)).content for title in (before, after))
            return words_html(*texts)

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        page.load(on_load, [name], [account, *shown, text, begun], **quiet)
        name.change(on_other, [name, text, begun], [*shown, text, begun], **quiet)
        for chosen in (first, second):
            chosen.change(on_difference, [first, second], [difference], **quiet)
        draft.input(on_draft, [draft], [text, opened], **quiet)
        source.input(on_source, [source], [text, begun], **quiet)
        keep.click(on_keep, [name, draft, text, opened], [opened, status, *shown], **quiet)
        check.click(on_check, [name, text], [status], **quiet)
        publish.click(on_publish, [name, draft, text, opened, why_published], [status, *shown], **quiet)
        discard.click(on_discard, [name, draft], [status, *shown], **quiet)
        release.wire(done, shown, quiet)
    return page


def mount_lab(app: FastAPI, page: gr.Blocks) -> Mount:
    """Mount the page at LAB, before anything is mounted at the root. Returns where; its door is the caller's."""
    app.router.routes.append(Route(LAB, lambda _: RedirectResponse(f"{LAB}/"), methods=["GET"]))
    options: dict[str, Any] = {"theme": PAGE_THEME, "head": f"<style>{LAB_CSS}</style>", "footer_links": []}
    # What goes wrong inside is for the log.
    gr.mount_gradio_app(app, page, path=LAB, run_history=False, show_error=False, ssr_mode=False, **options)
    return next(route for route in app.routes if isinstance(route, Mount) and route.path == LAB)


def _number(draft: str) -> int | None:
    return int(draft) if draft and draft != NEW else None
