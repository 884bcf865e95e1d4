"""The lab's tab Conversations: real ones, without who it was.

Knows how they look; what may be read of a conversation, ``chat.conversations`` decides.
"""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import gradio as gr

from chat.conversations import Conversation, Conversations, LabelError
from prompts.errors import PromptsError
from retrieval.catalog import Catalog
from ui.lab_cases import CaseFields, CaseFiles
from ui.lab_html import said
from ui.lab_sites import OWN_PAGE, Sites
from ui.prompt_figures import when

ANY = "any"
THUMBS = {ANY: 0, "a thumb up": 1, "a thumb down": -1}
WIDTHS: list[str | int] = [160, 100, 330, 90, 130, 140]  # px; a narrow page scrolls the table, not the words
HEADERS = ["began", "messages", "first message", "thumbs", "labels", "site"]
CHOOSE = "Choose a conversation first: press a row of the table."
NONE = "No conversation is like that. Choose “any” and clear the boxes, or wait until shoppers have written."


class Reading:
    """What is read. ``who`` names the account that presses, or raises an error that is for its eyes."""

    def __init__(self, conversations: Conversations, catalog: Catalog, sites: Sites) -> None:
        self.conversations = conversations
        self._catalog = catalog
        self._sites = sites

    def rows(self, found: Sequence[Conversation]) -> list[list[str]]:
        """Conversations as rows."""
        names = self._sites.names()
        return [
            [
                when(one.began),
                str(len(one.turns)),
                next((turn.message for turn in one.turns if turn.message), "")[:80],
                one.thumbs,
                ", ".join(one.labels),
                names.get(one.site, one.site) or OWN_PAGE,
            ]
            for one in found
        ]

    def html(self, one: Conversation, titles: dict[str, str]) -> str:
        """A whole conversation; ``titles`` names the versions of the prompts by their hashes."""
        names = ", ".join(titles.get(version, version[:12]) for version in one.prompts.values())
        items = self._catalog.many([item for turn in one.turns for item in turn.cards])
        parts = [f"<p>{escape(when(one.began))} · {escape(names)}</p><ol>"]
        for turn in one.turns:
            cards = ", ".join(items[item].title if item in items else item for item in turn.cards)
            marks = [
                {1: "thumb up", -1: "thumb down"}.get(turn.thumb, ""),
                "" if turn.llm_reached else "the model gave no answer",
                f"sentences repaired: {turn.repaired}" if turn.repaired else "",
                f"understood: {turn.understood}" if turn.understood else "",
            ]
            said = " · ".join(mark for mark in marks if mark)
            parts.append(
                f"<li><b>{escape(turn.message)}</b><br>{escape(turn.answer)}"
                f"<br><small>{escape(cards)}</small><br><small>{escape(said)}</small></li>"
            )
        return "".join(parts) + "</ol>"


def conversations_tab(
    reading: Reading,
    *,
    versions: Callable[[], dict[str, str]],
    who: Callable[[gr.Request], str],
    files: CaseFiles,
    messages: gr.Textbox,
    origin: gr.State,
    status: gr.HTML,
) -> None:
    """Add the tab to the page that is being built.

    ``versions``: hash to title of every version. ``messages``, ``origin``: where a conversation goes
    to be tried again.
    """
    with gr.Tab("Conversations"):
        gr.Markdown(
            "What shoppers wrote and read. Names, addresses and long numbers are masked as “…”; whose conversation it "
            "was is not shown."
        )
        with gr.Row():
            version = gr.Dropdown([ANY], value=ANY, label="Begun with the version")
            thumb = gr.Dropdown(list(THUMBS), value=ANY, label="Thumb")
            label = gr.Dropdown([ANY], value=ANY, label="Label")
        with gr.Row():
            without = gr.Checkbox(label="Only where the model gave no answer")
            repaired = gr.Checkbox(label="Only with repaired sentences")
        look = gr.Button("Show the latest", variant="primary", elem_id="lab-look")
        found = gr.State([])
        table = gr.Dataframe(
            headers=HEADERS,
            interactive=False,
            wrap=True,
            column_widths=WIDTHS,
            label="Conversations",
            elem_id="lab-found",
        )
        shown = gr.State("")
        text = gr.HTML(
            "<p>Press “Show the latest”, then a row, to read that conversation.</p>", elem_id="lab-conversation"
        )
        with gr.Row():
            name = gr.Textbox(
                label="Label for it", placeholder="asks too much", max_length=60, elem_id="lab-label-name"
            )
            put = gr.Button("Put the label on it")
        with gr.Row():
            again = gr.Button("Try it again with other versions")
            keep = gr.Button("Save as case …", elem_id="lab-case-begin")
        case = CaseFields(files, "real", who, status)

    def on_keep(session: str, request: gr.Request) -> list[Any]:
        def make() -> tuple[str, str]:
            if not session:
                raise LabelError(CHOOSE)
            return files.of_conversation(session), session

        return case.begun(make, request)

    def on_look(title: str, which: str, labelled: str, alone: bool, mended: bool, request: gr.Request) -> list[Any]:
        try:
            who(request)
        except PromptsError as error:
            return [said(str(error), bad=True), *(gr.skip() for _ in range(4))]
        hashes = {title: version for version, title in versions().items()}
        listed = reading.conversations.latest(
            version=hashes.get(title, ""),
            thumb=THUMBS[which],
            without_llm=alone,
            repaired=mended,
            label="" if labelled == ANY else labelled,
        )
        return [
            said("" if listed else NONE),
            [one.id for one in listed],
            reading.rows(listed),
            gr.Dropdown(choices=[ANY, *sorted(versions().values())], value=title),
            gr.Dropdown(choices=[ANY, *reading.conversations.labels()], value=labelled),
        ]

    def on_select(ids: list[str], event: gr.SelectData) -> tuple[str, str]:
        row = event.index[0] if isinstance(event.index, list | tuple) else event.index
        one = reading.conversations.one(ids[row]) if row < len(ids) else None
        return ("", "<p>It is gone.</p>") if one is None else (one.id, reading.html(one, versions()))

    def on_put(session: str, called: str, request: gr.Request) -> str:
        if not session:
            return said(CHOOSE, bad=True)
        try:
            reading.conversations.put_label(session, called, who(request))
        except (LabelError, PromptsError) as error:
            return said(str(error), bad=True)
        return said(f"It is labelled “{' '.join(called.split())}”.")

    def on_again(session: str) -> list[Any]:
        one = reading.conversations.one(session) if session else None
        if one is None:
            return [gr.skip(), gr.skip(), said(CHOOSE, bad=True)]
        lines = [" ".join(turn.message.split()) for turn in one.turns if turn.message.strip()]
        return ["\n".join(lines), (one.id, lines), said("Its messages stand under Try.")]

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    look.click(on_look, [version, thumb, label, without, repaired], [status, found, table, version, label], **quiet)
    table.select(on_select, [found], [shown, text], **quiet)
    put.click(on_put, [shown, name], [status], **quiet)
    again.click(on_again, [shown], [messages, origin, status], **quiet)
    keep.click(on_keep, [shown], case.filled, **quiet)
