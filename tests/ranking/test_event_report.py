import json
import xml.etree.ElementTree as ElementTree

import pytest

from ranking import charts, reports

DAY = 86_400.0
NOW = 1_704_110_400.0  # 1 January 2024, 12:00


def test_the_report_says_what_there_is_and_what_was_left_out(tmp_path):
    (tmp_path / "events-a.jsonl").write_text(
        "".join(json.dumps({"line": line, "reason": "no item", "row": "x"}) + "\n" for line in (3, 4))
    )
    rows = [
        ("ann", "search", "", None, "Red  tent", NOW, None),
        ("ann", "view", "1", None, "", NOW + 60, None),
        ("ann", "view", "1", None, "", NOW + 61, None),
        ("ann", "purchase", "1", None, "", NOW + DAY, None),
        ("ann", "rating", "1", 5.0, "", NOW + 40 * DAY, None),
        ("bob", "view", "gone", None, "", NOW, None),
        ("bob", "view", "2", None, "", NOW, None),
        *(("robot", "view", str(at % 2 + 1), None, "", NOW + at, None) for at in range(100)),
    ]
    report = reports.look_through(lambda: iter(rows), {"1", "2"}, tmp_path)
    assert reports.table(report) == [
        ("events", "107"),
        ("shoppers", "3"),
        ("from, to", "1 January 2024, 10 February 2024"),
        ("rows of files that were no events", "2"),
        ("  no item", "2"),
        ("events left out", "102 (95.33%)"),
        ("  robots (1 shopper)", "100"),
        ("  the same again within a minute", "1"),
        ("  item no longer in the catalogue", "1"),
        ("events to learn from", "5"),
        ("  search (counts its words)", "1"),
        ("  rating (counts by its value)", "1"),
        ("  view (counts 0.2)", "2"),
        ("  purchase (counts 1)", "1"),
        ("visits (a pause of 30 minutes ends one)", "4"),
        ("  events in a visit, median", "1"),
        ("ratings, mean", "5.00"),
        ("  spread of shoppers' own means, which is taken off", "0.00"),
        ("  searched for “red tent”", "1"),
    ]
    assert report.months == {"2024-01": {"search": 1, "view": 2, "purchase": 1}, "2024-02": {"rating": 1}}
    assert report.per_shopper == {"1+": 1, "2+": 0, "3+": 1}
    assert len([ElementTree.fromstring(svg) for svg in reports.drawn(report)]) == 3
    assert "<script" not in reports.page(report)


def test_a_shop_without_events_has_a_report_too(tmp_path):
    report = reports.look_through(lambda: iter([]), set(), tmp_path)
    assert ("events to learn from", "0") in reports.table(report)
    assert "no data" in reports.page(report)


@pytest.mark.parametrize(
    "svg",
    [
        charts.lines("a < b & c", {}, "x", "y"),
        charts.lines("one point", {"<b>": [(1.0, 2.0)]}, "x", "y"),
        charts.lines("flat", {"a": [(1, 5), (2, 5)], "b": [(1, 5), (2, float("nan"))]}, "x", "y", {1: "one", 2: "two"}),
        charts.lines("far from 0", {"a": [(1, 0.9), (2, 0.95)]}, "x", "y"),
        charts.bars("none", {}, "x", "y"),
        charts.bars("zero", {"a": 0.0, "b<": 0.0}, "x", "y"),
    ],
)
def test_every_chart_is_well_formed_and_inside_its_frame(svg):
    for element in ElementTree.fromstring(svg).iter():
        if element.tag.endswith("circle"):
            assert 0 <= float(element.get("cx")) <= charts.WIDTH
            assert 0 <= float(element.get("cy")) <= charts.HEIGHT
        if element.tag.endswith("rect"):
            assert float(element.get("height")) >= 0


def test_the_report_tells_how_much_of_a_click_is_its_position(tmp_path):
    shown = [(f"t{turn}", "1", turn % 2 + 1, 0.1 + 0.8 * (turn % 7) / 7) for turn in range(1_400)]
    opened = {(turn, item) for number, (turn, item, position, _) in enumerate(shown) if number % (2 * position) < 2}
    report = reports.look_through(lambda: iter([]), {"1"}, tmp_path, shown, opened)
    lines = reports.table(report)[-4:]
    assert lines[:2] == [("items shown by conversations", "1,400"), ("  opened", "1,050")]
    assert [name for name, _ in lines[2:]] == [
        "  position 1: opened, looked at against the first, a click counts",
        "  position 2: opened, looked at against the first, a click counts",
    ]
    assert lines[2][1].startswith("100.0%, 100%, ")
    assert lines[3][1].startswith("50.0%, 5")
    few = reports.look_through(lambda: iter([]), {"1"}, tmp_path, shown[:50], opened)
    assert reports.table(few)[-1] == ("  bias towards the top", "fewer than 100 opened: clicks are not corrected")
