"""What is erased for its age, with a clock that the test turns, and that a server does so by itself."""

import os
import time
from pathlib import Path

from api_server import until
from canaries import found_in
from test_erasure import Shop

from chat.settings import Settings
from ranking.history import Event
from ui.audit import COMMAND, SERVER, Audit
from ui.home import Home
from ui.retention import DAY_S, Retained, Retention, daily
from ui.sessions import Owner


def settings(**changed: object) -> Settings:
    return Settings.model_validate(changed)


def test_conversations_go_after_their_time_and_shoppers_histories_stay(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "home")
    shop.when = time.time()
    known, nobody = shop.talk("ann-the-known", "canaryword"), shop.talk("", "canaryword")
    shop.sessions.begin("never-said-anything", Owner("site_1"))
    dead = Event(shopper_id="session:of-a-former-version", kind="like", item_id="x", time=time.time() - 31 * DAY_S)
    shop.events.add([dead])
    kept_aside = shop.home.rejected / "events-old.jsonl"
    kept_aside.parent.mkdir()
    kept_aside.write_text("{}\n")
    os.utime(kept_aside, (0, time.time() + 2 * DAY_S))

    def run(days: float) -> Retained:
        retention = Retention(shop.connections, shop.home, settings(), lambda: time.time() + days * DAY_S)
        return retention.run(COMMAND)

    assert run(1) == Retained(sessions=0, turns=0, answers=6, events=1, kept_aside=0, backups=0)
    assert run(29.9) == Retained(sessions=0, turns=0, answers=0, events=0, kept_aside=0, backups=0)
    assert run(30.1) == Retained(sessions=3, turns=6, answers=0, events=6, kept_aside=0, backups=0)
    assert run(32.1) == Retained(sessions=0, turns=0, answers=0, events=0, kept_aside=1, backups=0)
    assert found_in(tmp_path, nobody.id, "This canaryword") == []
    assert not shop.store.known(known.id)
    assert len(shop.events.of("ann-the-known")) == 6
    assert Audit(shop.connections).lines(1)[0].counts == {"kept_aside": 1}
    shop.connections.close()


def test_what_is_set_to_be_kept_is_kept_and_events_go_where_that_is_set(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "home")
    shop.talk("ann-the-known", "canaryword")
    ordered = Event(shopper_id="ann-the-known", kind="purchase", item_id="x", time=788_918_460.0)  # by an order
    shop.events.add([ordered])

    def run(**changed: object) -> Retained:
        held = settings(keep_conversations_days=0, **changed)
        return Retention(shop.connections, shop.home, held, lambda: time.time() + 4000 * DAY_S).run(COMMAND)

    assert run().sessions == 0
    assert run(keep_events_days=365).events == 6
    assert shop.events.of("ann-the-known")[0].kind == "purchase"
    assert len(shop.store.of_shopper("ann-the-known")) == 1
    shop.connections.close()


def test_backups_go_after_their_time_and_nothing_else_of_that_folder(tmp_path: Path) -> None:
    shop, folder = Shop(tmp_path / "home"), tmp_path / "backups"
    folder.mkdir()
    for name in ("shoptalk-20260101-000000.zip", "shoptalk-20260201-000000.zip", "holiday.zip", "shoptalk-mine.zip"):
        (folder / name).write_text("x")
        os.utime(folder / name, (0, time.time() - (40 if "0101" in name or "shoptalk-2" not in name else 2) * DAY_S))
    assert Retention(shop.connections, shop.home, settings(backups=folder)).run(COMMAND).backups == 1
    assert sorted(path.name for path in folder.iterdir()) == [
        "holiday.zip", "shoptalk-20260201-000000.zip", "shoptalk-mine.zip",
    ]  # fmt: skip
    shop.connections.close()


def test_a_server_does_it_once_a_day(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    session = shop.talk("", "canaryword")
    shop.connections.current.execute("UPDATE sessions SET seen = 0")
    audit = Audit(shop.connections)
    with daily(Home(tmp_path), settings(), first_look_s=0.01):
        until(lambda: audit.last("retain") is not None, 60)
    (line,) = audit.lines(9)
    assert (line.who, line.counts["sessions"], shop.store.known(session.id)) == (SERVER, 1, False)
    at_once = Retention(shop.connections, shop.home, settings())
    a_day_later = Retention(shop.connections, shop.home, settings(), lambda: time.time() + DAY_S)
    assert (at_once.due(), a_day_later.due()) == (False, True)
    shop.connections.close()
