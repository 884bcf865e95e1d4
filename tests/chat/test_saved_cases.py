"""A stored conversation as a case: masked, readable, found again by an erasure wherever people moved it."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from shops import ITEMS

from chat.errors import UnknownSession
from chat.need import Need
from chat.saved_cases import SavedCases, case_text
from chat.store import Session, Shown, Store, Turn
from chat.want import Want
from prompts.cases import load
from prompts.errors import CaseError
from prompts.results import Key, Results
from prompts.scores import Result
from retrieval.catalog import Catalog
from retrieval.database import Connections
from retrieval.filters import Filter


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    connections = Connections(tmp_path / "shop.sqlite3")
    Catalog(connections).upsert(ITEMS)
    yield connections
    connections.close()


def talk(connections: Connections, shopper: str = "maren-1") -> Session:
    store = Store(connections)
    session = store.begin(shopper)
    need = Need(turns=1, wants=(Want(words="tent", filter=Filter(price_max=Decimal(160))),)).model_dump_json()
    for number, (message, items, thumb) in enumerate(
        (
            ("My name is Zoe, a tent under $160, write to zoe@example.org", ["tent-1", "tent-2"], 0),
            ("no, zoe wants a lantern", ["lamp-1"], -1),
            ("", ["lamp-1", "lamp-2"], 0),
            ("thanks", [], 0),
        )
    ):
        turn = Turn(f"{session.id}-{number}", session.id, message, True, need=need)
        turn.shown = [Shown(one, place, 0.5, 0.5, "") for place, one in enumerate(items, 1)]
        store.save(session, turn)
        if thumb:
            store.rate(session.id, turn.id, thumb)
    return session


def test_a_conversation_becomes_a_case_without_who_it_was(connections: Connections, tmp_path: Path) -> None:
    session = talk(connections)
    text = case_text(Store(connections), Catalog(connections), session.id)
    (case,) = yaml.safe_load(text)["cases"]
    assert case["turns"] == [
        {
            "say": "…, a tent under $160, write to …",
            "shows_any": ["Fernhill Ridge 2-person tent", "Fernhill Vale 2-person tent"],
            "price_at_most": 160,
            "need": {"price_max": 160},
        },
        {"say": "no, … wants a lantern"},
        {"say": "thanks"},
    ]
    assert "Disliked: message 2. Write what should hold there." in case["about"]
    assert "A tag was taken away in it" in case["about"]
    path = SavedCases(connections, tmp_path / "cases").save(session.id, "zoes-tent", text, "ann")
    held = path.read_text(encoding="utf-8")
    for secret in ("Zoe,", "zoe@example.org", "maren-1", session.id):
        assert secret not in held
    (read,) = load((tmp_path / "cases",))
    assert (read.id, read.shop, len(read.turns), read.every.grounded) == ("zoes-tent/conversation", "own", 3, True)
    assert path.stat().st_mode & 0o077 == 0


def test_what_cannot_be_saved_is_told_and_nothing_is_kept(connections: Connections, tmp_path: Path) -> None:
    session = talk(connections)
    saved = SavedCases(connections, tmp_path / "cases")
    text = case_text(Store(connections), Catalog(connections), session.id)
    for name, of, told in (
        ("Not This", text, "Not This: a case's name has small letters"),
        ("budget", text, "budget.yaml: there is such a file of cases already"),
        ("broken", text.replace("price_at_most", "price_at_mots"), "broken.yaml, line 13: case conversation: turns."),
    ):
        with pytest.raises(CaseError) as caught:
            saved.save(session.id, name, of, "ann")
        assert str(caught.value).startswith(told)
    with pytest.raises(UnknownSession):
        saved.save("nobody", "tent", text, "ann")
    assert not (tmp_path / "cases").exists()
    assert saved.sources([session.id], "maren-1") == []
    saved.save(session.id, "tent", text, "ann")
    with pytest.raises(CaseError, match="already"):
        saved.save(session.id, "tent", text, "ann")


def test_a_case_is_forgotten_wherever_people_moved_it_and_so_is_what_it_came_to(
    connections: Connections, tmp_path: Path
) -> None:
    folder = tmp_path / "cases"
    saved = SavedCases(connections, folder)
    mine, other = talk(connections), talk(connections, "otto")
    for session, name in ((mine, "mine"), (other, "other")):
        saved.save(session.id, name, case_text(Store(connections), Catalog(connections), session.id), "ann")
    one, two = (yaml.safe_load((folder / f"{name}.yaml").read_text())["cases"][0] for name in ("mine", "other"))
    (folder / "mine.yaml").unlink()
    (folder / "other.yaml").unlink()
    both = {"cases": [one | {"name": "first"}, two | {"name": "second"}]}
    (folder / "both.yaml").write_text(f"# what Zoe said\n{yaml.safe_dump(both)}")
    (folder / "both.yaml~").write_text(f"cases: [{one['source']}")
    results = Results(connections)
    for case in load((folder,)):
        key = Key("v", case.hash, "model", "setting")
        results.put(key, Result(case=case.id, version="reply@1", checks=1, passed=1, source=case.source))

    sources = saved.sources([], "maren-1")
    assert sources == [one["source"]]
    assert len(saved.texts(sources)) == 2
    Store(connections).delete(mine.id)  # for its age: the case stays, and is found by its shopper
    assert saved.sources([], "maren-1") == sources
    assert saved.forget(sources) == 2
    assert [path.name for path in folder.iterdir()] == ["both.yaml"]
    (left,) = load((folder,))
    assert left.id == "both/second"
    assert "Zoe" not in (folder / "both.yaml").read_text()
    rows = connections.current.execute("SELECT result FROM prompt_results").fetchall()
    assert len(rows) == 1
    assert two["source"] in rows[0][0]
    assert saved.sources([], "maren-1") == []
    assert saved.sources([other.id]) == [two["source"]]
    assert saved.forget(sources) == 0
