"""The lab's tab Try: one conversation on two versions and two models, side by side.

Knows how it is chosen and shown; what trying is, ``ui.lab_trial`` knows.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from prompts.errors import PromptsError, VersionError
from ui.lab import Lab
from ui.lab_cases import CaseFields, CaseFiles
from ui.lab_html import said, trial_html
from ui.lab_trial import Trial, side_by_side

MOST_TURNS = 20  # of a tried conversation


@dataclass(frozen=True)
class TryTab:
    """What other tabs set: the messages, and the versions that there are."""

    messages: gr.Textbox
    origin: gr.State  # the conversation that the messages are of, as (id, messages); None where they are of none
    left: gr.Dropdown
    right: gr.Dropdown


def try_tab(lab: Lab, files: CaseFiles, name: gr.Dropdown, status: gr.HTML) -> TryTab:
    """Add the tab to the page that is being built."""
    models = list(lab.trials.models)
    about = "Hold a conversation with two versions at once. Nothing of it counts as a shopper's conversation."
    if len(models) == 1:
        about += " A second model can be set with `SHOPTALK_LAB_LLM_URL`."
    with gr.Tab("Try"):
        gr.Markdown(about)
        messages = gr.Textbox(
            label="What a shopper says, one message a line; the answer to the last one is shown whole",
            placeholder="a two-person tent under $160\nsomething lighter",
            lines=3,
            max_length=5_000,
            elem_id="lab-messages",
        )
        with gr.Row():  # two columns, as the answers below: four boxes in one row would cut off a model's name
            with gr.Column():
                left = gr.Dropdown(label="Left: version", elem_id="lab-left")
                left_model = gr.Dropdown(models, value=models[0], label="Left: model", elem_id="lab-left-model")
            with gr.Column():
                right = gr.Dropdown(label="Right: version", elem_id="lab-right")
                right_model = gr.Dropdown(models, value=models[0], label="Right: model", elem_id="lab-right-model")
        with gr.Row():
            attempt = gr.Button("Try", variant="primary", elem_id="lab-try")
            keep = gr.Button("Save as case …")
        origin = gr.State(None)

        case = CaseFields(files, "tried", lambda request: lab.who(request).name, status)
        with gr.Row():
            one = gr.HTML(elem_id="lab-one")
            other = gr.HTML(elem_id="lab-other")

    async def on_try(
        of: str, text: str, title_left: str, model_left: str, title_right: str, model_right: str, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        lines = _lines(text)
        try:
            lab.who(request)
            if not lines or len(lines) > MOST_TURNS:
                raise VersionError(f"Write 1 to {MOST_TURNS} messages, one a line; these are {len(lines)}.")
            chosen = ((title_left, model_left), (title_right, model_right))
            streams = [lab.trials.run({of: lab.versions.find(title).hash}, lines, model) for title, model in chosen]
        except PromptsError as error:
            yield [said(str(error), bad=True), gr.skip(), gr.skip()]
            return
        heads = [f"{title} · {model}" for title, model in chosen]
        yield [said("Trying …"), "", ""]
        latest = [Trial(), Trial()]
        async with aclosing(side_by_side(streams)) as both:
            async for number, trial in both:
                latest[number] = trial
                yield [gr.skip(), *(trial_html(head, shown) for head, shown in zip(heads, latest, strict=True))]
        yield [said("Tried. Nothing of it counts as a shopper's conversation."), gr.skip(), gr.skip()]

    def on_keep(text: str, came_from: tuple[str, list[str]] | None, request: gr.Request) -> list[Any]:
        def make() -> tuple[str, str]:
            if not (lines := _lines(text)):
                raise VersionError("Write what a shopper says first, one message a line.")
            # What a shopper wrote stays theirs, whatever was added to it: an erasure must find it.
            theirs = came_from is not None and bool(set(came_from[1]) & set(lines))
            return files.of_messages(lines), came_from[0] if came_from is not None and theirs else ""

        return case.begun(make, request)

    keep.click(on_keep, [messages, origin], case.filled, show_progress="hidden", api_visibility="private")
    attempt.click(
        on_try,
        [name, messages, left, left_model, right, right_model],
        [status, one, other],
        concurrency_limit=4,
        show_progress="hidden",
        api_visibility="private",
    )
    return TryTab(messages, origin, left, right)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
