from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from retrieval.database import Connections
from retrieval.errors import SynonymsError
from retrieval.synonyms import SynonymStore
from ui import cli_search
from ui.home import Home

app = typer.Typer()
cli_search.register(app)


def run(home: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), env={"SHOPTALK_HOME": str(home), "COLUMNS": "120"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_synonyms_are_taken_in_shown_and_cleared(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run(home) == "There are no synonyms. Take in a file of them: shoptalk synonyms FILE\n"
    file = tmp_path / "words.txt"
    file.write_text("sofa, couch\ntelly => television  # ours\n", encoding="utf-8")
    assert run(home, str(file)) == "3 synonyms are in use from now on.\n"
    assert run(home) == "sofa => couch\ncouch => sofa\ntelly => television\n"
    connections = Connections(Home(home).database)
    assert ("telli",) in SynonymStore(connections).current().terms
    connections.close()
    assert run(home, "--clear") == "There are no synonyms now.\n"


def test_a_bad_line_is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("sofa, couch\n", encoding="utf-8")
    bad.write_text("telly => television\nsettee\n", encoding="utf-8")
    run(tmp_path, str(good))
    with pytest.raises(SynonymsError, match=r"bad\.txt, line 2: 'settee' stands alone"):
        run(tmp_path, str(bad))
    assert run(tmp_path) == "sofa => couch\ncouch => sofa\n"
