"""``shoptalk teach`` from the shell, on a model of two thin layers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from scripted_llm import Answer, ScriptedLLM
from shops import ITEMS
from thin_model import thin_model
from typer.testing import CliRunner

from chat.errors import SetupError
from chat.known_requests import KnownRequests
from chat.settings import Settings
from chat.taught_llm import WEIGHTS
from chat.teaching.settings import TeachingSettings
from ranking.errors import SettingError
from retrieval.encoder import MiniLMEncoder
from retrieval.shop import open_catalogue
from ui import cli_teach
from ui.demo_shop import taught_for_demo
from ui.home import Home
from ui.opening import model_folder

pytestmark = pytest.mark.filterwarnings("default")  # of libraries, on what they will do in a later version

app = typer.Typer()
cli_teach.register(app)
SMALL = ("words=20", "uses=5", "acts=10", "answers=10", "laps=1", "rank=4", "supervised.epochs=1", "asked=0")


def environment(tmp_path: Path) -> dict[str, str]:
    return {"SHOPTALK_HOME": str(tmp_path / "home"), "SHOPTALK_LLM_MODEL": str(tmp_path / "thin"), "COLUMNS": "200"}


def settings(*values: str) -> list[str]:
    return [part for value in values for part in ("--set", value)]


def test_a_shop_teaches_its_model_and_is_served_with_it(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    base, home = thin_model(tmp_path / "thin"), Home(tmp_path / "home")
    with open_catalogue(home.folder) as (_, catalog):
        catalog.upsert(ITEMS)
    asked = tmp_path / "asked.jsonl"
    asked.write_text(json.dumps({"request": "a dry night for two", "items": ["tent-1", "tent-2"]}) + "\n")
    arguments = ["--requests", str(asked), *settings(*SMALL)]
    result = CliRunner().invoke(app, arguments, env=environment(tmp_path), catch_exceptions=False)
    assert "Its card:" in result.output
    assert "The next `shoptalk serve` uses it." in result.output
    card = (home.adapter / "card.md").read_text(encoding="utf-8")
    assert "describe: given" in card
    assert "1 requests of the merchant's own" in card
    assert not home.teaching.exists()  # it is done
    kept = KnownRequests.load(home.adapter, minilm.encode)
    assert kept.wanted("somewhere dry for two nights")  # what others wanted, for the model to be told of

    chosen = Settings(home=home.folder, llm_model=str(base), models=tmp_path / "models")
    folder = model_folder(chosen, home)
    assert folder.parent == tmp_path / "models"
    assert folder.name.startswith("thin-taught-")
    assert (folder / "model.safetensors").exists()
    assert model_folder(chosen.model_copy(update={"llm_adapter": "none"}), home) == base


def test_answers_are_taken_from_a_larger_model_that_the_settings_name(tmp_path: Path, llm_script: ScriptedLLM) -> None:
    thin_model(tmp_path / "thin")
    home = Home(tmp_path / "home")
    with open_catalogue(home.folder) as (_, catalog):
        catalog.upsert(ITEMS)

    def respond(body: dict[str, Any]) -> Answer:
        told = re.findall(r"<item>(.+?), (\$[\d.]+)", body["messages"][-1]["content"])
        return Answer(" ".join(f"The {name} costs {price}." for name, price in told))

    llm_script.respond = respond
    chosen = environment(tmp_path) | {"SHOPTALK_WRITER_URL": llm_script.url}
    arguments = settings(*SMALL, "written=12")
    nameless = CliRunner().invoke(app, arguments, env=chosen).exception
    assert isinstance(nameless, SetupError)
    assert "SHOPTALK_WRITER_MODEL" in str(nameless)
    chosen |= {"SHOPTALK_WRITER_MODEL": "larger-one"}
    result = CliRunner().invoke(app, arguments, env=chosen, catch_exceptions=False)
    asked = [request["messages"][-1]["content"] for request in llm_script.requests]
    assert len(set(asked)) == len(asked) == 12
    card = (home.adapter / "card.md").read_text(encoding="utf-8")
    assert re.search(r"Of answers that larger-one wrote, ([1-9]|1[012]) were kept whole by the check and taught", card)
    assert "with fewer than 100 it answers in the other manners alone" in result.output


def test_what_cannot_be_taught_is_said_with_what_to_do(tmp_path: Path) -> None:
    def failure(*arguments: str) -> BaseException | None:
        return CliRunner().invoke(app, list(arguments), env=environment(tmp_path)).exception

    empty = failure(*settings(*SMALL))
    assert isinstance(empty, SetupError)
    assert "shoptalk ingest" in str(empty)
    unknown = failure(*settings("word=3"))
    assert isinstance(unknown, SettingError)
    assert "did you mean words?" in str(unknown)
    wrong = failure(*settings("validation=0.9"))
    assert isinstance(wrong, SettingError)
    assert "validation=0.9" in str(wrong)


def test_the_demo_shop_is_served_with_what_ships_until_it_is_taught_anew(tmp_path: Path) -> None:
    def chosen(**named: str) -> str:
        return taught_for_demo(Settings(home=home.folder, **named), home, shipped).llm_adapter

    home, shipped = Home(tmp_path / "home"), tmp_path / "shipped"
    shipped.mkdir()
    assert chosen() == "auto"  # nothing ships
    (shipped / WEIGHTS).touch()
    assert chosen() == str(shipped)
    assert chosen(llm_adapter="none") == "none"
    assert chosen(llm_model=str(tmp_path / "another")) == "auto"
    home.adapter.mkdir(parents=True)
    (home.adapter / WEIGHTS).touch()
    assert chosen() == "auto"  # the shop's own


def test_a_shop_without_requests_of_its_own_is_taught_too(tmp_path: Path) -> None:
    thin_model(tmp_path / "thin")
    with open_catalogue(tmp_path / "home") as (_, catalog):
        catalog.upsert(ITEMS)
    result = CliRunner().invoke(app, settings(*SMALL), env=environment(tmp_path), catch_exceptions=False)
    assert "Its card:" in result.output


def test_the_settings_that_the_docs_name_have_the_values_that_they_say() -> None:
    text = (Path(cli_teach.__file__).parents[1] / "docs" / "teaching.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?) \| (.+?) \|", text.partition("### Settings")[2].partition("\n## ")[0], re.MULTILINE)
    assert len(rows) > 5
    for named, values in rows:
        part, recipe = "", TeachingSettings().model_dump()
        for name, said in zip(re.findall(r"`([\w.]+)`", named), values.split(", "), strict=True):
            before, _, name = name.rpartition(".")
            part = before or part if "." in named else ""  # `.batch` is of what was named before it
            found = (recipe[part] if part else recipe)[name]
            assert str(found) == said or float(found) == float(said), name
