"""The lab's pages to read: real conversations without who it was, and what shoppers want of the shop.

Knows how they look; what may be read of a conversation, ``chat.conversations`` decides, and what of demand,
``chat.demand``.
"""

import time
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import gradio as gr
import pandas as pd

from chat.conversations import Conversation, Conversations, LabelError
from chat.demand import Demand, DemandFigures
from chat.money import price_text
from retrieval.catalog import Catalog
from ui.prompt_figures import when

ANY = "any"
THUMBS = {ANY: 0, "a thumb up": 1, "a thumb down": -1}
DAYS = {"a week": 7, "a month": 31, "a year": 366}
HEADERS = ["when", "turns", "first words", "thumbs", "labels", "site"]


class Reading:
    """What is read. ``who`` names the account that presses, or raises an error that is for its eyes."""

    def __init__(self, conversations: Conversations, demand: DemandFigures, catalog: Catalog) -> None:
        self.conversations = conversations
        self._demand = demand
        self._catalog = catalog

    def rows(self, found: Sequence[Conversation]) -> list[list[str]]:
        """Conversations as rows."""
        return [
            [
                when(one.began),
                str(len(one.turns)),
                next((turn.message for turn in one.turns if turn.message), "")[:80],
                one.thumbs,
                ", ".join(one.labels),
                one.site,
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
                "" if turn.llm_reached else "without the LLM",
                f"{turn.repaired} repaired" if turn.repaired else "",
                f"understood: {turn.understood}" if turn.understood else "",
            ]
            said = " · ".join(mark for mark in marks if mark)
            parts.append(
                f"<li><b>{escape(turn.message)}</b><br>{escape(turn.answer)}"
                f"<br><small>{escape(cards)}</small><br><small>{escape(said)}</small></li>"
            )
        return "".join(parts) + "</ol>"

    def demand(self, days: int, currency: str) -> tuple[list[list[str]], list[list[str]], pd.DataFrame]:
        """Figures by day and site, what was not met, and the plot of conversations by day."""
        found: Demand = self._demand.since(time.time() - days * 86_400)
        rows = [
            [
                day.day,
                day.site or "the page",
                f"{day.conversations:,}",
                f"{day.turns:,}",
                f"+{day.thumbs_up} -{day.thumbs_down}",
                f"{day.clicks:,}",
                f"{day.carts:,}",
                f"{day.purchases:,}",
                price_text(day.revenue, currency) if day.revenue else "",
            ]
            for day in found.days
        ]
        unmet = [[one.words, f"{one.conversations:,}", f"{one.nothing:,}"] for one in found.unmet]
        plotted = [{"day": day.day, "conversations": day.conversations, "site": day.site} for day in found.days]
        return rows, unmet, pd.DataFrame(plotted, columns=["day", "conversations", "site"])


def reading_tabs(
    reading: Reading,
    *,
    versions: Callable[[], dict[str, str]],
    who: Callable[[gr.Request], str],
    currency: str,
    messages: gr.Textbox,
    status: gr.HTML,
    said: Callable[..., str],
) -> None:
    """Add the tabs to the page that is being built.

    ``versions``: hash to title of every version. ``messages``: where a conversation goes to be tried again.
    """
    with gr.Tab("Conversations"):
        with gr.Row():
            version = gr.Dropdown([ANY], value=ANY, label="With the version")
            thumb = gr.Dropdown(list(THUMBS), value=ANY, label="With")
            label = gr.Dropdown([ANY], value=ANY, label="Labelled")
            without = gr.Checkbox(label="Without the LLM")
            repaired = gr.Checkbox(label="With repaired sentences")
        look = gr.Button("Look", elem_id="lab-look")
        found = gr.State([])
        table = gr.Dataframe(headers=HEADERS, interactive=False, wrap=True, label="Conversations", elem_id="lab-found")
        shown = gr.State("")
        text = gr.HTML(elem_id="lab-conversation")
        with gr.Row():
            name = gr.Textbox(label="Label", max_length=60, elem_id="lab-label-name")
            put = gr.Button("Put the label on it")
            again = gr.Button("Try it again with other versions")
    with gr.Tab("Shop"):
        span = gr.Dropdown(list(DAYS), value="a week", label="Of the last")
        figures = gr.Button("Look", elem_id="lab-demand")
        columns = ["day", "site", "conversations", "turns", "thumbs", "clicks", "carts", "purchases", "revenue"]
        days = gr.Dataframe(
            headers=columns, interactive=False, label="By day and site; conversations with at least one"
        )
        wanted = ["words", "conversations", "of them with nothing to show"]
        unmet = gr.Dataframe(
            headers=wanted, interactive=False, label="Wanted and not found, for whoever buys for the shop"
        )
        plot = gr.BarPlot(x="day", y="conversations", color="site", title="Conversations by day", height=240)

    def on_look(title: str, which: str, labelled: str, alone: bool, mended: bool, request: gr.Request) -> list[Any]:
        who(request)
        hashes = {title: version for version, title in versions().items()}
        listed = reading.conversations.latest(
            version=hashes.get(title, ""),
            thumb=THUMBS[which],
            without_llm=alone,
            repaired=mended,
            label="" if labelled == ANY else labelled,
        )
        return [
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
        try:
            reading.conversations.put_label(session, called, who(request))
        except LabelError as error:
            return said(str(error), bad=True)
        return said(f"It is labelled “{' '.join(called.split())}”.")

    def on_again(session: str) -> Any:
        one = reading.conversations.one(session)
        return gr.skip() if one is None else "\n".join(turn.message for turn in one.turns if turn.message)

    def on_demand(of: str) -> tuple[Any, Any, Any]:
        return reading.demand(DAYS[of], currency)

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    look.click(on_look, [version, thumb, label, without, repaired], [found, table, version, label], **quiet)
    table.select(on_select, [found], [shown, text], **quiet)
    put.click(on_put, [shown, name], [status], **quiet)
    again.click(on_again, [shown], [messages], **quiet).then(
        lambda: said("Its messages stand under Try."), None, [status], **quiet
    )
    figures.click(on_demand, [span], [days, unmet, plot], **quiet)
