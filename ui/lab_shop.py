"""The lab's tab Shop: what the merchant wants to know of the conversations, in figures alone.

Knows how they look; ``chat.demand`` counts them, and ``chat.holdout`` what the shopper's history brings.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

import gradio as gr
import pandas as pd

from chat.demand import Demand, DemandFigures
from chat.holdout import SUCCESSES, Compared, Holdout
from chat.money import price_text
from prompts.errors import PromptsError
from ui.lab_html import said
from ui.lab_sites import OWN_PAGE, Sites

SPANS = {"week": 7, "month": 31, "year": 366}  # in days
DAY_HEADERS = ["day", "site", "conversations", "messages", "thumbs", "clicks", "carts", "purchases", "revenue"]
UNMET_HEADERS = ["words", "conversations", "of these with nothing to show"]
NAMES = {"click": "a click", "like": "a like", "cart": "a cart", "purchase": "a purchase", "thumb": "a thumb up"}
NO_HOLDOUT = (
    "To see what shoppers' histories bring, set <code>SHOPTALK_HOLDOUT=0.1</code> and start the shop anew: in a tenth "
    "of new conversations the history is then not used, and the others are compared with them here."
)


@dataclass(frozen=True)
class Shop:
    """Where the figures come from."""

    demand: DemandFigures
    holdout: Holdout
    sites: Sites
    currency: str

    def days(self, found: Demand) -> list[list[str]]:
        """By day and site, the newest first."""
        names = self.sites.names()
        return [
            [
                day.day,
                names.get(day.site, day.site) or OWN_PAGE,
                f"{day.conversations:,}",
                f"{day.turns:,}",
                f"+{day.thumbs_up} -{day.thumbs_down}",
                f"{day.clicks:,}",
                f"{day.carts:,}",
                f"{day.purchases:,}",
                price_text(day.revenue, self.currency) if day.revenue else "",
            ]
            for day in found.days
        ]

    def plots(self, found: Demand) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Conversations and revenue by day and site, for the plots, the oldest day first."""
        names = self.sites.names()
        rows = [
            (day.day, names.get(day.site, day.site) or OWN_PAGE, day.conversations, float(day.revenue))
            for day in reversed(found.days)
        ]
        table = pd.DataFrame(rows, columns=["day", "site", "conversations", "revenue"])
        return table[["day", "site", "conversations"]], table[["day", "site", "revenue"]]

    def compared(self, found: Compared | None) -> str:
        """The conversations that used the shopper's history against those that did not, as HTML."""
        if found is None:
            return f"<p>{NO_HOLDOUT}</p>"
        sides = (found.personalised, found.held_out)
        rows = [["conversations of known shoppers", *(f"{side.conversations:,}" for side in sides), ""]]
        for success in SUCCESSES:
            gain = found.gain(success)
            told = "too few yet to say"
            if gain is not None:
                told = f"{gain.gain:+.1%}, between {gain.low:+.1%} and {gain.high:+.1%}"
                told += "" if gain.sure else ": no difference beyond noise yet"
            rows.append([f"with {NAMES[success]}", *(f"{side.arm(success).rate:.1%}" for side in sides), told])
        money = (side.revenue / side.conversations if side.conversations else Decimal(0) for side in sides)
        each = [price_text(round(one, 2), self.currency) for one in money]
        rows.append(["revenue a conversation", *each, "no interval: a few large baskets decide it"])
        head = "".join(f"<th>{one}" for one in ("", "with the history", "without it", "what the history brings"))
        body = "".join(
            f'<tr><th scope="row">{escape(row[0])}{"".join(f"<td>{escape(cell)}" for cell in row[1:])}' for row in rows
        )
        return (
            f"<p>By lot, {found.share:.0%} of conversations do not use what the shopper did before. The intervals hold "
            f'however often one looks.</p><div class="lab-wide"><table><tr>{head}</tr>{body}</table></div>'
        )


def shop_tab(shop: Shop, who: Callable[[gr.Request], str], status: gr.HTML) -> None:
    """Add the tab to the page that is being built. ``who`` raises where nobody is signed in."""
    with gr.Tab("Shop"):
        gr.Markdown(
            "How the assistant does for the shop. Clicks, carts and purchases are conversations with at least one; "
            "revenue is of items that a conversation showed and that were then bought, at today's prices."
        )
        span = gr.Dropdown(list(SPANS), value="week", label="The last")
        with gr.Row():
            look = gr.Button("Show the figures", variant="primary", elem_id="lab-demand")
        days = gr.Dataframe(
            headers=DAY_HEADERS,
            interactive=False,
            wrap=True,
            column_widths=[110, 150, 130, 100, 90, 80, 80, 100, 110],
            label="By day and site",
        )
        with gr.Row():
            conversations = gr.BarPlot(
                x="day",
                y="conversations",
                color="site",
                title="Conversations by day",
                height=240,
                min_width=280,
                visible=False,
            )
            revenue = gr.BarPlot(
                x="day", y="revenue", color="site", title="Revenue by day", height=240, min_width=280, visible=False
            )
        gr.Markdown("#### What a shopper's history brings")
        compared = gr.HTML(f"<p>{NO_HOLDOUT}</p>", elem_id="lab-holdout")
        unmet = gr.Dataframe(
            headers=UNMET_HEADERS,
            column_widths=[330, 200, 330],
            interactive=False,
            wrap=True,
            label="Asked for and not found, for whoever buys for the shop (words that two shoppers and more used)",
        )

    def on_look(of: str, request: gr.Request) -> list[Any]:
        try:
            who(request)
        except PromptsError as error:
            return [said(str(error), bad=True), *(gr.skip() for _ in range(5))]
        since = time.time() - SPANS[of] * 86_400
        found = shop.demand.since(since)
        words = [[one.words, f"{one.conversations:,}", f"{one.nothing:,}"] for one in found.unmet]
        line = "" if found.days else f"No conversation began in the last {of}: the figures come as shoppers write."
        first, second = shop.plots(found)
        plots = [gr.BarPlot(first, visible=bool(found.days)), gr.BarPlot(second, visible=bool(second["revenue"].any()))]
        return [said(line), shop.days(found), *plots, shop.compared(shop.holdout.since(since)), words]

    look.click(
        on_look,
        [span],
        [status, days, conversations, revenue, compared, unmet],
        show_progress="hidden",
        api_visibility="private",
    )
