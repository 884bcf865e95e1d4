"""The command line's table of commands, and what a quick command does not wait for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ui
from ui.cli_commands import MODULES, Commands, of_module

EVERY = sorted(
    path.stem for path in Path(str(ui.__file__)).parent.glob("cli_*.py") if "\ndef register(" in path.read_text("utf-8")
)
HEAVY = ("chromadb", "gradio", "mcp", "onnxruntime", "openai", "scipy", "torch")


@pytest.mark.parametrize("module", EVERY)
def test_the_table_names_every_command_of_the_module(module: str) -> None:
    assert sorted(of_module(module)) == sorted(name for name, of in MODULES.items() if of == module)


def test_every_command_says_what_it_does() -> None:
    assert [name for name, command in Commands().items() if not command.get_short_help_str()] == []


def test_a_quick_command_loads_nothing_heavy(tmp_path: Path) -> None:
    """`shoptalk keys list` once took eight seconds, to load all that other commands need."""
    program = f"import atexit, sys\natexit.register(lambda: print([one for one in {HEAVY} if one in sys.modules]))"
    program += "\nfrom ui.cli import app\nsys.argv = ['shoptalk', 'keys', 'list']\napp()"
    environment = os.environ | {"SHOPTALK_HOME": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120)
    assert ran.stdout == (
        "There are no keys. Make one: shoptalk keys make site --name NAME --origin https://shop.example\n[]\n"
    )
