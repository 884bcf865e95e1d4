"""Which commands there are, and the module of each, which is imported only once that command is wanted.

Knows names. All modules together bring torch, Gradio and Chroma, seconds of work that `shoptalk keys list` has no use
for; only the help, which tells what each command does, looks at all of them.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

# In the order of the help.
MODULES = {
    "accounts": "cli_accounts",
    "ingest": "cli_catalogue",
    "events": "cli_events",
    "keys": "cli_keys",
    "mcp": "cli_mcp",
    "policies": "cli_policies",
    "erase": "cli_privacy",
    "export": "cli_privacy",
    "retain": "cli_privacy",
    "audit": "cli_privacy",
    "backup": "cli_privacy",
    "restore": "cli_privacy",
    "prompts": "cli_prompts",
    "evaluate": "cli_ranking",
    "rules": "cli_rules",
    "synonyms": "cli_search",
    "setup": "cli_serve",
    "demo": "cli_serve",
    "serve": "cli_serve",
    "chat": "cli_serve",
    "rerankers": "cli_succession",
    "teach": "cli_teach",
    "train": "cli_training",
    "tune": "cli_tuning",
}


def of_module(name: str) -> dict[str, Any]:
    """The commands that this module of ``ui`` registers, by name."""
    app = typer.Typer()
    import_module(f"ui.{name}").register(app)
    return dict(get_group(app).commands)


class Commands(Mapping[str, Any]):
    """The commands by name, each made when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        return of_module(MODULES[name])[name]

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


class Group(TyperGroup):
    """What stands before the commands."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = Commands()  # type: ignore[assignment]  # it is only read
