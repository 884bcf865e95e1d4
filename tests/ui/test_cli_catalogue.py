import io
from pathlib import Path

from rich.console import Console

from chat.settings import Settings
from retrieval.encoder import MiniLMEncoder
from retrieval.filters import Filter
from retrieval.shop import Shop
from ui.cli_catalogue import ingest_file
from ui.home import Home


def test_a_file_is_ingested_indexed_and_reported(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    settings = Settings.model_validate({"home": tmp_path / "home"})
    feed = tmp_path / "feed.csv"
    feed.write_text("sku,name,price,weight\n1,Tea mug,9\n2,Trail tent,149\n,Nameless,1\n3,Lamp,ask\n")
    shown = io.StringIO()
    ingest_file(Home(settings.home), settings, feed, [], console=Console(file=shown, width=100))
    text = [line.rstrip() for line in shown.getvalue().splitlines() if line.strip()]
    rejected = next((tmp_path / "home" / "rejected").iterdir())
    assert text == [
        "feed.csv: CSV parted by commas, UTF-8",
        "4  rows read",
        "3  new items",
        "0  changed",
        "0  the same as before",
        "0  removed, no longer in the file",
        "1  dropped",
        "  line 4: the id is missing",
        *wrapped(f"The dropped rows are kept in {rejected}", 100),
        "  3 ×  fewer values than columns, in line 2, 3, 5",
        "  1 ×  price not understood, left out, in line 5",
        "Columns not used: weight",
        "3 items are indexed: the shop is ready.",
    ]
    with Shop.opened(settings.home, settings.models) as shop:
        assert shop.grounder.ground([], "tent for hiking", Filter(), k=1).candidates[0].item_id == "2"


def wrapped(text: str, width: int) -> list[str]:
    shown = io.StringIO()
    Console(file=shown, width=width).print(text, markup=False, highlight=False)
    return [line.rstrip() for line in shown.getvalue().splitlines()]


def test_an_update_changes_what_the_file_states_and_nothing_else(tmp_path: Path, minilm: MiniLMEncoder) -> None:
    """The command once forgot to tell the feed that it was an update, and refused files without titles."""
    settings = Settings.model_validate({"home": tmp_path / "home"})
    feed, prices = tmp_path / "feed.csv", tmp_path / "prices.csv"
    feed.write_text("sku,name,price\n1,Tea mug,9 EUR\n2,Trail tent,149 EUR\n")
    prices.write_text("sku,price,stock\n1,7.50,0\n")
    home = Home(settings.home)
    ingest_file(home, settings, feed, [], console=Console(file=io.StringIO()))
    report = ingest_file(home, settings, prices, [], update=True, console=Console(file=io.StringIO()))
    assert (report.read, report.changed, report.dropped) == (1, 1, 0)
    with Shop.opened(settings.home, settings.models) as shop:
        mug = shop.catalog.many(["1"])["1"]
    assert (mug.title, str(mug.price), mug.currency, mug.stock) == ("Tea mug", "7.50", "EUR", 0)
