"""Saving cases in the lab: of a real conversation, or of what was tried.

Knows the fields that are filled in; what becomes of a conversation, ``chat.saved_cases`` decides.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import yaml

from chat.errors import ChatError
from chat.saved_cases import SavedCases, case_text, new_path
from chat.store import Store
from prompts import cases
from prompts.cases import DEMO, OWN
from prompts.errors import PromptsError
from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui.home import Home
from ui.lab_html import said


class CaseFiles:
    """Writes the shop's own cases."""

    def __init__(self, connections: Connections, catalog: Catalog, home: Home) -> None:
        self._store = Store(connections)
        self._catalog = catalog
        self._folder = home.cases
        self._saved = SavedCases(connections, home.cases)
        self._shop = DEMO if (home.folder / "demo.sha256").exists() else OWN

    def of_conversation(self, session: str) -> str:
        """The text of a case of it; errors as ``case_text``."""
        return case_text(self._store, self._catalog, session, self._shop)

    def of_messages(self, messages: Sequence[str]) -> str:
        """The text of a case in which these are said, and all that is answered must be grounded."""
        case = {"name": "tried", "shop": self._shop, "turns": [{"say": message} for message in messages]}
        form = {"every": {"grounded": True}, "cases": [case]}
        return yaml.safe_dump(form, sort_keys=False, allow_unicode=True, width=110)

    def save(self, name: str, text: str, who: str, session: str = "") -> Path:
        """Keep the text as the new file NAME.yaml; of a conversation so that an erasure of its shopper finds it.

        CaseError with the line of what is wrong; UnknownSession where the conversation is gone.
        """
        name = name.strip().removesuffix(".yaml")
        if session:
            return self._saved.save(session, name, text, who)
        path = new_path(self._folder, name)
        cases.read(text, path.name)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            path.chmod(0o600)
            file.write(text)
        return path


class CaseFields:
    """The fields that a case is saved with; hidden until one is begun. ``mark`` tells those of two tabs apart."""

    def __init__(self, files: CaseFiles, mark: str, who: Callable[[gr.Request], str], status: gr.HTML) -> None:
        self._who = who
        session = gr.State("")
        with gr.Group(visible=False) as fields:
            text = gr.Textbox(
                label="The case: what is said, and what must hold", lines=10, max_lines=24, elem_id=f"lab-case-{mark}"
            )
            name = gr.Textbox(
                label="Name of its file",
                placeholder="tent-under-budget",
                info="Small letters, digits and hyphens. Score then runs it by this name.",
                max_length=80,
                elem_id=f"lab-case-name-{mark}",
            )
            save = gr.Button("Save the case", variant="primary", elem_id=f"lab-case-save-{mark}")

        def on_save(content: str, called: str, of_session: str, request: gr.Request) -> list[Any]:
            try:
                path = files.save(called, content, who(request), of_session)
            except (ChatError, PromptsError) as error:
                return [said(str(error), bad=True), gr.skip()]
            return [
                said(f"It is saved as {path.name}. To score it, give {path.stem} as the cases."),
                gr.Group(visible=False),
            ]

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        self.filled = [status, fields, text, session]  # by what ``begun`` returns
        save.click(on_save, [text, name, session], [status, fields], **quiet)

    def begun(self, make: Callable[[], tuple[str, str]], request: gr.Request) -> list[Any]:
        """The fields with the text that ``make`` makes, which also returns the conversation that it is of, or "".

        Its errors are for the eyes of whoever pressed.
        """
        try:
            self._who(request)
            content, session = make()
        except (ChatError, PromptsError) as error:
            return [said(str(error), bad=True), gr.skip(), gr.skip(), gr.skip()]
        return [said("Say what must hold, give it a name, and save it."), gr.Group(visible=True), content, session]
