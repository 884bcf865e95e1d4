"""The command that shows the trained rerankers and changes which one is live.

Knows tables for people. What is kept, and how it changes, is in ``ranking.lives``.
"""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from chat.settings import Settings
from ranking.errors import RankingError
from ui.home import Home

FIGURES = ("validation.ndcg@10", "test.ndcg@10", "test.recall@10")

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(rerankers)


def rerankers(
    live: Annotated[str, typer.Option(help="Make the one of this version live; its first characters will do.")] = "",
    back: Annotated[bool, typer.Option("--back", help="Make the one that was live before live again.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept with the change.")] = "",
) -> None:
    """Show the trained rerankers that are kept; make another one live."""
    from ranking import lives

    folder = Home(Settings.model_validate({}).home).rerankers
    if live and back:
        raise RankingError("Give one of --live VERSION and --back, not both.")
    if live or back:
        chosen = lives.before(folder) if back else lives.chosen(folder, live)
        lives.succeed(chosen, reason or ("gone back to" if back else "chosen"))
    shown = Table("version", "trained (UTC)", *FIGURES, "live", "why it went live", title="Rerankers")
    for one in lives.kept(folder):
        figures = one.facts.get("figures", {})
        measured = [f"{figures[name]:.4f}" if name in figures else "" for name in FIGURES]
        trained = str(one.facts.get("trained_at", ""))[:16].replace("T", " ")
        shown.add_row(one.folder.name, trained, *measured, "live" if one.live else "", one.reason)
    console.print(shown)
    if live or back:
        console.print("A server that runs takes it when it is started again.")
