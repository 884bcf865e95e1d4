"""The lab's tab Release: labels are moved, traffic is split, and what became of each version is watched.

Knows what is pressed and said; what labels and shares are, ``prompts.versions`` knows.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from chat.outcomes import SUCCESSES
from prompts.errors import VersionError
from prompts.versions import CANDIDATE
from ui.lab import LABELS, NEW, Lab
from ui.lab_sites import EVERYWHERE

ABOUT = (
    "**production** is what shoppers get; **candidate** is what a share of new conversations gets instead. A change "
    "counts for conversations that begin from then on. Releasers publish and move labels; writers may look."
)
SUCCESS_NAMES = {
    "engaged": "a click, like, cart or purchase",
    "click": "a click",
    "like": "a like",
    "cart": "an item put into the cart",
    "purchase": "a purchase",
    "thumb": "a thumb up",
}
Done = Callable[[Callable[[], tuple[str, str]], str], list[Any]]


class ReleaseTab:
    """What the tab shows anew after each act, and its acts, which are wired once all tabs stand."""

    def __init__(self, lab: Lab, name: gr.Dropdown, status: gr.HTML) -> None:
        self._lab = lab
        self._name = name
        self._status = status
        with gr.Tab("Release"):
            gr.Markdown(ABOUT)
            self.live = gr.Markdown(elem_id="lab-live")
            with gr.Row():
                self._label = gr.Dropdown(
                    LABELS, value=CANDIDATE, label="Label", elem_id="lab-label", allow_custom_value=True
                )
                self.moved = gr.Dropdown(label="Version that it is to point at", elem_id="lab-moved")
                self.site = gr.Dropdown([(EVERYWHERE, "")], value="", label="On which site", elem_id="lab-site")
            self.why = gr.Textbox(
                label="Reason, for the journal",
                info="Needed to promote a version that scored worse.",
                max_length=500,
                elem_id="lab-why",
            )
            with gr.Row():
                self._move = gr.Button("Point the label at this version", variant="primary")
                self._back = gr.Button("Roll the label back by one move")
            self._share = gr.Slider(
                0,
                100,
                value=10,
                step=1,
                label="Percent of new conversations that get the candidate",
                elem_id="lab-share",
            )
            with gr.Row():
                self._split = gr.Button("Split the traffic")
                self._as_all = gr.Button("Give the site the share of every site again")
            gr.Markdown("#### What became of the conversations")
            choices = [(SUCCESS_NAMES[one], one) for one in SUCCESSES]
            self._success = gr.Dropdown(choices, value="engaged", label="What counts as a success")
            with gr.Row():
                self._watch = gr.Button("Show the figures")
            self._outcomes = gr.HTML("<p>Press “Show the figures”.</p>", elem_id="lab-outcomes")
            self._plot = gr.BarPlot(
                x="what", y="share", color="version", title="Share of conversations with one", height=260, visible=False
            )

    def wire(self, done: Done, shown: list[Any], quiet: dict[str, Any]) -> None:
        """Connect the buttons. ``done`` runs an act and gives the status line and what is ``shown`` then."""
        lab = self._lab

        def on_move(of: str, title: str, to: str, where: str, reason: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                found = lab.versions.find(title)
                lab.versions.move(found, to.strip(), lab.releaser(request).name, reason, where)
                return f"{to.strip()}{lab.where(where)} is {found.title}, for conversations that begin now.", NEW

            return done(act, of)

        def on_back(of: str, to: str, where: str, reason: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                found = lab.versions.roll_back(of, to.strip(), lab.releaser(request).name, reason, where)
                again = f"is {found.title} again" if found else "points nowhere again"
                return f"{to.strip()}{lab.where(where)} {again}.", NEW

            return done(act, of)

        def on_split(of: str, percent: float, where: str, reason: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                lab.versions.split(of, percent / 100, lab.releaser(request).name, reason, where)
                return f"{percent:g}% of new conversations{lab.where(where)} get the candidate of {of}.", NEW

            return done(act, of)

        def on_as_all(of: str, where: str, reason: str, request: gr.Request) -> list[Any]:
            def act() -> tuple[str, str]:
                who = lab.releaser(request).name
                if not where:
                    raise VersionError("Choose a site first: every site has no other share to go back to.")
                if (of, where) not in lab.versions.shares():
                    raise VersionError(f"{of} has no share of its own{lab.where(where)}.")
                lab.versions.split(of, None, who, reason, where)
                return f"The share of {of}{lab.where(where)} is that of every site again.", NEW

            return done(act, of)

        def on_watch(of: str, success: str) -> list[Any]:
            html, plotted = lab.watched(of, success)
            return [html, gr.BarPlot(plotted, visible=bool(plotted["share"].any()))]

        told = [self._status, *shown]
        self._move.click(on_move, [self._name, self.moved, self._label, self.site, self.why], told, **quiet)
        self._back.click(on_back, [self._name, self._label, self.site, self.why], told, **quiet)
        self._split.click(on_split, [self._name, self._share, self.site, self.why], told, **quiet)
        self._as_all.click(on_as_all, [self._name, self.site, self.why], told, **quiet)
        self._watch.click(on_watch, [self._name, self._success], [self._outcomes, self._plot], **quiet)
