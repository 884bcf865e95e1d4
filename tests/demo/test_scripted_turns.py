"""Every scripted turn of bench/turns.yaml over the demo shop by rules alone: nothing shown may break its script."""

from pathlib import Path

from rich.console import Console

from bench.latency import measure
from bench.turns import conversations
from chat.settings import Settings
from ui.demo_shop import build_demo
from ui.home import Home
from ui.opening import language_model, opened_assistant

NOWHERE = "http://127.0.0.1:9/v1"  # no language model answers there


async def test_no_turn_shows_what_was_not_asked_for_or_says_what_no_record_carries(tmp_path: Path) -> None:
    settings, home, quiet = Settings(home=tmp_path, llm_url=NOWHERE), Home(tmp_path), Console(quiet=True)
    with home.owned(), language_model(settings, home) as model:
        build_demo(home, settings, quiet)
        with opened_assistant(settings, home, model.llm, quiet) as (assistant, shop):
            turns = await measure(assistant, shop, conversations())
    assert len(turns) > 200
    broken = [(seen.conversation, seen.message, str(one)) for seen in turns for one in seen.violations]
    assert broken == []
