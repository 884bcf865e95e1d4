import json
import time

import pytest

from ranking.errors import UnreadableFeed
from ranking.feeds import EARLIEST, ORDER_STEP_S, Columns, Rejected, read_kind, read_time
from ranking.history import Event, Events
from ranking.intake import take_in
from retrieval.database import Connections

NOW = 1_790_000_000.0
ITEMS = {"1", "2"}


@pytest.fixture
def table(tmp_path):
    return Events(Connections(tmp_path / "shop.sqlite3"))


def test_csv_with_other_names_and_everything_that_can_be_wrong(tmp_path, table):
    file = tmp_path / "shop.csv"
    file.write_text(
        "Customer ID,Event Type,Product ID,Search Term,Stars,Timestamp\n"
        "ann,add to cart,1,,,2024-05-01T10:00:00Z\n"
        "ann,Purchase,1,,,1714557700000\n"  # milliseconds
        "ann,search,,red shoes,,1714557800\n"
        "ann,rating,2,,4.5,1714557900\n"
        "ann,add to cart,1,,,2024-05-01T10:00:00Z\n"
        "ann,view,9,,,1714557900\n"
        "ann,view,,,,1714557900\n"
        ",view,1,,,1714557900\n"
        "ann,juggle,1,,,1714557900\n"
        "ann,rating,1,,11,1714557900\n"
        "ann,rating,1,,,1714557900\n"
        "ann,view,1,,,yesterday\n"
        "ann,view,1,,,12\n"
        "ann,view,1,,,9999999999\n"
        "ann,search,,,,1714557900\n"
        "ann,view\n"
    )
    intake = take_in(file, table, ITEMS, tmp_path / "rejected")
    assert [(one.line, one.reason) for one in intake.rejected] == [
        (6, "duplicate"),
        (7, "unknown item"),
        (8, "no item"),
        (9, "no shopper"),
        (10, "unknown kind"),
        (11, "rating outside 0 to 5"),
        (12, "rating without a value"),
        (13, "unreadable time"),
        (14, "time before 1995"),
        (15, "time in the future"),
        (16, "search without a query"),
        (17, "not a row of the file's columns"),
    ]
    assert (intake.read, intake.new, intake.known) == (16, 4, 0)
    assert intake.kinds == {"cart": 1, "purchase": 1, "search": 1, "rating": 1}
    assert [(event.kind, event.item_id, event.query, event.rating, event.time) for event in table.of("ann")] == [
        ("cart", "1", "", None, 1714557600.0),
        ("purchase", "1", "", None, 1714557700.0),
        ("search", "", "red shoes", None, 1714557800.0),
        ("rating", "2", "", 4.5, 1714557900.0),
    ]
    kept = [json.loads(line) for line in intake.kept.read_text().splitlines()]
    assert kept[0] == {"line": 6, "reason": "duplicate", "row": "ann,add to cart,1,,,2024-05-01T10:00:00Z"}
    assert len(kept) == 12


def test_an_order_in_place_of_times_and_a_kind_for_all(tmp_path, table):
    file = tmp_path / "bought.csv"
    file.write_text("user_id,item_id,position\nann,2,1\nann,1,0\nbob,1,0\nann,1,x\n")
    intake = take_in(file, table, ITEMS, tmp_path, kind="purchase", order_column="position")
    assert [(one.line, one.reason) for one in intake.rejected] == [(5, "unreadable order")]
    assert [(event.item_id, event.time) for event in table.of("ann")] == [
        ("1", EARLIEST),
        ("2", EARLIEST + ORDER_STEP_S),
    ]
    again = take_in(file, table, ITEMS, tmp_path, kind="purchase", order_column="position")
    assert (again.new, again.known) == (0, 3)


def test_json_lines_with_turn_and_position_shown(tmp_path, table):
    file = tmp_path / "events.jsonl"
    row = {"id": "e1", "shopper_id": "ann", "kind": "click", "item_id": 1, "rating": None, "time": 1714557700.0}
    file.write_text(json.dumps({**row, "turn_id": "t1", "shown_position": 3}) + "\n\nnonsense\n")
    intake = take_in(file, table, ITEMS, tmp_path / "rejected")
    assert table.of("ann") == [
        Event(id="e1", shopper_id="ann", kind="click", item_id="1", time=1714557700.0, turn_id="t1", position=3)
    ]
    assert intake.rejected == (Rejected(3, "not a row of the file's columns", "nonsense"),)


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("", {}, "file.csv is empty."),
        ("just some text\n", {}, "file.csv is neither JSON Lines nor CSV with a comma and a header: 'just some text'."),
        ("a,b\n1,2\n", {}, "No column found for shopper and item and time (or --order-column) and kind (or --kind)"),
        ("user,item,time\na,1,1\n", {}, "No column found for kind (or --kind) among user, item, time."),
        ("user,item\na,1\n", {"mapping": {"colour": "item"}}, "--map names the field 'colour'"),
        ("user,item\na,1\n", {"mapping": {"time": "when"}}, "--map names the column 'when', which the file lacks"),
        ("user,item\na,1\n", {"order_column": "n"}, "The file has no column 'n'. Its columns: user, item."),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, table, content, arguments, message):
    file = tmp_path / "file.csv"
    file.write_text(content)
    with pytest.raises(UnreadableFeed) as raised:
        take_in(file, table, ITEMS, tmp_path, **arguments)
    assert str(raised.value).startswith(message)
    assert table.count() == 0


def test_a_missing_file_says_so(tmp_path, table):
    with pytest.raises(UnreadableFeed, match="No such file"):
        take_in(tmp_path / "none.csv", table, ITEMS, tmp_path)


def test_a_mapping_wins_over_the_names():
    columns = Columns.named(["user", "item", "time", "who", "kind"], {"shopper": "who"})
    assert columns.of == {"shopper": "who", "item": "item", "time": "time", "kind": "kind"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1714557700", 1714557700.0),
        ("1714557700123", 1714557700.123),
        ("2024-05-01", 1714521600.0),
        ("2024-05-01T12:00:00+02:00", 1714557600.0),
        ("", "no time"),
        ("nan", "unreadable time"),
        (str(NOW + 10_000), "time in the future"),
        (str(NOW + 10), NOW + 10),
    ],
)
def test_read_time(text, expected):
    assert read_time(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("view", "view"), ("Add-To-Cart", "cart"), ("TRANSACTION", "purchase"), ("dance", None), ("", None)],
)
def test_read_kind(text, expected):
    assert read_kind(text) == expected


def test_a_time_of_now_is_no_future(tmp_path, table):
    file = tmp_path / "now.csv"
    file.write_text(f"user,item,time,kind\nann,1,{time.time()},view\n")
    assert take_in(file, table, ITEMS, tmp_path).new == 1
