"""The command that teaches the LLM on the shop's own records.

Knows progress, and where a teaching's parts lie. What is taught, and how, is in ``chat.teaching``.
"""

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from chat.builtin_llm import ensure_converted
from chat.errors import SetupError
from chat.llm import LLM, PATIENT
from chat.settings import Settings
from prompts.serving import Served, released
from ranking.history import Events
from ranking.settings import changed
from retrieval.catalog import Catalog
from retrieval.database import Connections
from ui.home import Home
from ui.progress import Tell, bars

if TYPE_CHECKING:  # torch takes seconds to load
    from chat.teaching.source import Source
    from chat.teaching.teach import Taught
    from chat.teaching.writing import AnswerWriter
    from prompts.prompt import Prompt

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(teach)


def teach(
    requests: Annotated[
        Path | None,
        typer.Option(help='Requests of your own, one a line: {"request": "…", "items": ["id", …]}.'),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the teaching, as NAME=VALUE, or @FILE of such (YAML, JSON). Repeat."),
    ] = None,
    licence: Annotated[str, typer.Option(help="What the card says of the licence.")] = "",
    fresh: Annotated[bool, typer.Option(help="Begin anew, though a teaching was cut off before its end.")] = False,
) -> None:
    """Teach the language model to describe, understand and answer for this shop; the next `serve` uses it.

    One that was cut off goes on where it was. Ctrl-C ends the step that is under way and keeps the best so far; before
    the first of its laps has ended there is none.
    """
    settings = Settings.model_validate({})
    try:
        teach_model(Home(settings.home), settings, requests, changes or [], fresh=fresh, licence=licence)
    except KeyboardInterrupt:
        console.print("Before its first lap has ended there is nothing to keep; the examples are, for the next time.")
        raise


def teach_model(
    home: Home,
    settings: Settings,
    requests: Path | None = None,
    changes: list[str] | None = None,
    *,
    fresh: bool = False,
    licence: str = "",
) -> "Taught":
    """Teach on the shop in this home, and leave the adapter in ``home.adapter``. Raises SetupError and SettingError."""
    from chat.teaching.settings import TeachingSettings

    recipe = changed(TeachingSettings(), changes or [])  # before torch is loaded: a slip is told at once
    from chat.teaching.card import REQUESTS, few, written
    from chat.teaching.teach import teach as taught_by

    base = Path(settings.llm_model) if settings.llm_model else ensure_converted(settings.models)
    if fresh:
        shutil.rmtree(home.teaching, ignore_errors=True)
    with bars(console) as tell, source_of(home, settings, requests, tell) as (source, prompts):
        chosen = prompts.chosen("teaching")
        understand, reply = (prompts.version(name, chosen[name]) for name in ("understand_taught", "reply_taught"))
        writer = answer_writer(settings, prompts.version("write_answers", chosen["write_answers"]), home)
        taught = taught_by(
            base, source, (understand, reply),
            recipe, home.adapter, home.teaching, tell,
            notes={
                "shop": settings.shop_name, "base": base.name,
                "machine": f"{platform.machine()} with {_cores()} cores",
                "data": f"{len(source.items):,} items, {len(source.events):,} events and {len(source.given):,} "
                "requests of the merchant's own.",
                **({"licence": licence} if licence else {}),
                **({"writer": settings.writer_model} if writer else {}),
            },
            writer=writer,
        )  # fmt: skip
    for one in taught.facts["tried"]:
        chance = f" ({few(one['requests'])})" if few(one["requests"]) else ""
        console.print(
            f"{one['requests']} requests held out, {REQUESTS[one['sort']]}: Recall@10 {one['words']:.3f} by their "
            f"words, {one['described']:.3f} with the model's description{chance}",
            highlight=False,
        )
    if "writer" in taught.facts:
        console.print(written(taught.facts), highlight=False)
    stopped = " Stopped by you; the best so far was kept, and the same command goes on from there."
    console.print(
        f"{taught.facts['seconds']:.0f} s. Its card: {taught.folder / 'card.md'}. "
        f"The next `shoptalk serve` uses it.{stopped if taught.interrupted else ''}",
        highlight=False,
    )
    if not taught.interrupted:
        shutil.rmtree(home.teaching, ignore_errors=True)
    return taught


def answer_writer(settings: Settings, prompt: "Prompt", home: Home) -> "AnswerWriter | None":
    """The larger model that the settings name for writing answers; None: none. SetupError where half of it is named."""
    from chat.teaching.writing import AnswerWriter

    if not settings.writer_url:
        return None
    if not settings.writer_model:
        raise SetupError("SHOPTALK_WRITER_URL is set, and SHOPTALK_WRITER_MODEL, the model's name there, is not.")
    connect = partial(
        LLM, settings.writer_url, settings.writer_model, api_key=settings.writer_api_key.get_secret_value(),
        timeouts=PATIENT,
    )  # fmt: skip
    return AnswerWriter(connect, settings.writer_model, prompt, settings.shop_name, home.teaching / "written.jsonl")


@contextmanager
def source_of(home: Home, settings: Settings, requests: Path | None, tell: Tell) -> Iterator[tuple["Source", Served]]:
    """What a shop's records are for teaching, and its prompts; closed at the end."""
    from chat.teaching.requests import given
    from chat.teaching.source import Source
    from retrieval.embeddings import EmbeddingCache
    from retrieval.encoder import MiniLMEncoder, ensure_encoder

    connections = Connections(home.database)
    cache = EmbeddingCache(home.embeddings)
    try:
        encoder = MiniLMEncoder(ensure_encoder(settings.models))
        catalog = Catalog(connections)
        items = [item for item in catalog.all() if item.in_stock]
        if not items:
            raise SetupError("There is nothing to teach on: the catalogue is empty. Run: shoptalk ingest FILE")
        vectors = cache.encode([item.encoder_text() for item in items], encoder, tell)
        yield (
            Source(
                items, vectors, catalog.vocabulary(), encoder.encode, list(Events(connections).all()),
                given(requests, {item.id: item for item in items}) if requests else (),
            ),
            released(connections)[1],
        )  # fmt: skip
    finally:
        cache.close()
        connections.close()


def _cores() -> int:
    return len(os.sched_getaffinity(0))
