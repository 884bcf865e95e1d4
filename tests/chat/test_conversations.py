"""What the team that runs the shop reads of conversations: masked, filtered, labelled, counted."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from shops import item

from chat.conversations import Conversations, LabelError, masked
from chat.demand import DemandFigures
from chat.store import Shown, Store, Turn
from ranking.history import Event, Events
from retrieval.catalog import Catalog
from retrieval.database import Connections


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    connections = Connections(tmp_path / "shop.db")
    yield connections
    connections.close()


def held(
    store: Store,
    number: int,
    message: str = "a tent",
    *,
    words: str = "tent",
    shown: tuple[str, ...] = ("tent-1",),
    outside: tuple[str, ...] = (),
    thumb: int | None = None,
    reached: bool = True,
    verdict: str = "kept",
    version: str = "v1",
    site: str = "",
    shopper: str = "ada",
) -> str:
    session = store.begin(shopper)
    session.prompts, session.site = {"reply": version}, site
    turn = Turn(f"turn-{number}", session.id, message, True, time=1.7e9 + number)
    turn.need = json.dumps({"wants": [{"words": words}]})
    turn.sentences = [{"text": "It costs $9.", "by": "llm", "verdict": verdict}]
    turn.shown = [Shown(one, place, 0.5, 0.5, "", outside) for place, one in enumerate(shown, 1)]
    turn.llm_reached, turn.finished = reached, True
    store.save(session, turn)
    if thumb:
        store.rate(session.id, turn.id, thumb)
    return session.id


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("mail me at ada.l+shop@example.co.uk please", "mail me at … please"),
        ("call +44 (0)20 7946 0958 now", "call … now"),
        ("order 1234-5678-9012", "order …"),
        ("card 4111 1111 1111 1111", "card …"),
        ("My name is Ada Lovelace and I want a tent", "… and I want a tent"),
        ("a tent for 4 under $1,250.50, 2.5 kg", "a tent for 4 under $1,250.50, 2.5 kg"),
        ("size 10 or 11, 120 x 200 cm", "size 10 or 11, 120 x 200 cm"),
    ],
)
def test_what_could_tell_a_person_is_masked(said: str, read: str) -> None:
    assert masked(said) == read


def test_conversations_are_found_by_what_happened_in_them(connections: Connections) -> None:
    store, conversations = Store(connections), Conversations(connections)
    plain = held(store, 1)
    up = held(store, 2, thumb=1, version="v2")
    down = held(store, 3, "I am ada@example.com", thumb=-1)
    lost = held(store, 4, reached=False)
    mended = held(store, 5, verdict="repaired")

    def found(**asked: object) -> list[str]:
        return [one.id for one in conversations.latest(**asked)]  # type: ignore[arg-type]

    assert found() == [mended, lost, down, up, plain]
    assert found(version="v2") == found(thumb=1) == [up]
    assert found(thumb=-1) == [down]
    assert (found(without_llm=True), found(repaired=True)) == ([lost], [mended])
    assert found(repaired=True, thumb=1) == []
    assert len(found(most=2)) == 2
    one = conversations.one(down)
    assert one is not None
    assert (one.turns[0].message, one.thumbs, one.turns[0].cards) == ("I am …", "+0 -1", ("tent-1",))
    assert "ada" not in repr(one)


def test_labels_are_put_and_taken_and_go_with_the_conversation(connections: Connections) -> None:
    store, conversations = Store(connections), Conversations(connections)
    first, second = held(store, 1), held(store, 2)
    conversations.put_label(first, " asks  twice ", "wendy")
    conversations.put_label(first, "asks twice", "rob")
    conversations.put_label(second, "good", "rob")
    assert [one.id for one in conversations.latest(label="asks twice")] == [first]
    assert conversations.labels() == ["asks twice", "good"]
    conversations.take_label(second, "good")
    store.delete(first)
    assert (conversations.labels(), conversations.one(first)) == ([], None)
    for session, label, what in ((first, "x", "is gone"), (second, " ", "1 to 60"), (second, "x" * 61, "1 to 60")):
        with pytest.raises(LabelError, match=what):
            conversations.put_label(session, label, "rob")


def test_the_merchant_sees_days_and_what_was_not_met_and_no_single_shopper(connections: Connections) -> None:
    store, events, catalog = Store(connections), Events(connections), Catalog(connections)
    catalog.upsert([item("tent-1", "A tent", "149.50", ("Tents",))])
    held(store, 1, thumb=1, site="site_a")
    held(store, 2)
    for number in (3, 4):
        held(store, number, words="aprons", shown=(), shopper="eve")
    held(store, 5, words="aprons", outside=("over your $10",), shopper="")
    forked = [held(store, number, words="my own secret", shown=()) for number in (6, 7)]
    store.fork(forked[0], "turn-6")
    for kind in ("click", "purchase"):
        at = {"item_id": "tent-1", "time": 1.7e9, "turn_id": "turn-2", "position": 1}
        events.add([Event(shopper_id="ada", kind=kind, **at)])  # type: ignore[arg-type]
    found = DemandFigures(connections, events, catalog).since(0)
    assert [(day.site, day.conversations, day.turns) for day in found.days] == [("site_a", 1, 1), ("", 7, 6)]
    page = found.days[1]
    assert (page.clicks, page.carts, page.purchases, page.revenue) == (1, 0, 1, Decimal("149.50"))
    assert found.days[0].thumbs_up == 1
    assert [(one.words, one.conversations, one.nothing) for one in found.unmet] == [("aprons", 3, 2)]
    assert DemandFigures(connections, events, catalog).since(1.7e9 + 100).days == []


def test_a_long_message_is_masked_without_trying_every_letter() -> None:
    # For minutes, were each letter the beginning of an address.
    assert masked("a" * 400_000 + " ada@example.com") == "a" * 400_000 + " …"


def test_labels_go_into_the_export_and_go_with_the_conversation(connections: Connections) -> None:
    store, conversations = Store(connections), Conversations(connections)
    session = held(store, 1)
    conversations.put_label(session, "a planted one", "wendy")
    assert store.whole(session)["labels"] == ["a planted one"]
    store.delete(session)
    assert conversations.labels() == []


def test_a_conversation_that_is_older_than_the_versions_keeps_those_of_its_next_turn(connections: Connections) -> None:
    store = Store(connections)
    session = store.session(held(store, 1))
    connections.write("UPDATE sessions SET prompts = '{}'")
    for number, version in enumerate(("v7", "v8"), 2):
        session.prompts = {"reply": version}
        store.save(session, Turn(f"turn-{number}", session.id, "and red?", True, time=1.7e9 + number))
        assert store.session(session.id).prompts == {"reply": "v7"}


def test_what_was_understood_holds_nothing_of_what_is_masked(connections: Connections) -> None:
    # The words of a want are taken apart: no address is left in them, but all of its words are.
    store = Store(connections)
    said, words = "2 tents, I am ada@examples.com, my name is Lovelace", "2 tent ada example com lovelace"
    for number in (1, 2):
        session = held(store, number, said, words=words, shown=(), shopper=f"shopper {number}")
    turn = Turn("turn-9", session, "and red?", True, time=1.7e9 + 9)
    turn.need = json.dumps({"wants": [{"words": f"red {words}"}]})
    turn.sentences = [{"text": "We have no tent of Lovelace.", "by": "template", "verdict": "kept"}]
    store.save(store.session(session), turn)
    found = Conversations(connections).one(session)
    assert found is not None
    assert [one.understood for one in found.turns] == ["2 tent …", "red 2 tent …"]
    assert found.turns[1].answer == "We have no tent of …."
    unmet = DemandFigures(connections, Events(connections), Catalog(connections)).since(0).unmet
    assert [one.words for one in unmet] == ["2 tent …"]
