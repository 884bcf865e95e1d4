from html.parser import HTMLParser

from ranking.card import CARD, LIKING, page, rows
from ranking.folder import load, save

FACTS = {
    "figures": {},
    "settings": {"hidden": 32, "without": ["price"], "sequence": {"dropout": 0.2}},
    "data_hash": "0123456789abcdef",
    "interrupted": True,
    "trained_at": "2026-11-24T09:05:00+00:00",
}


class Text(HTMLParser):
    """Cells of a page's tables, and all tags."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.lasttag in ("td", "th") and self.rows:
            self.rows[-1][-1] += data


def test_every_training_has_one_with_its_figures(tmp_path, material, training):
    folder = save(tmp_path, training, material[0].ids)
    text = (folder / CARD).read_text(encoding="utf-8")
    found, figures = Text(text), training.figures
    assert not found.tags & {"script", "link", "img", "iframe"}
    assert f"Model card: reranker {folder.name}" in text
    assert ["items", "160"] in found.rows
    assert ["shoppers", "60"] in found.rows
    assert ["from, to", "14 November 2023, 14 November 2023"] in found.rows
    interval = (
        f"{figures['test.ndcg@10']:.3f} ({figures['test.ndcg@10.low']:.3f} to {figures['test.ndcg@10.high']:.3f})"
    )
    assert [row[2] for row in found.rows if row and row[0] == "this reranker" and row[-1] == ""] == [interval]
    assert {row[0] for row in found.rows} >= {"popularity", "same category", "what followed", "Recall@10", "AUC"}
    assert [row[1] for row in found.rows if row and row[0] == "nothing known of the shopper"] == ["60"]
    assert text.count("<svg") == 6  # models, reliability, loss and validation of network and transformer
    assert load(folder).version == folder.name  # the card is no part of the model


def test_what_was_not_measured_is_said_and_an_interrupted_training_too():
    text = page("v1", FACTS)
    assert text.count("It was not measured.") == 4
    assert "Its training was interrupted" in text
    found = Text(text)
    assert [row for row in found.rows if row] == [
        ["hash of all of it", "0123456789ab"],
        ["hidden", "32"],
        ["without", "price"],
        ["sequence.dropout", "0.2"],
    ]


def test_a_blend_names_its_members_and_what_it_leans_on():
    blend = {"kind": "network", "members": ["network", "ease", "<b>"]}
    text = page(
        "v1",
        FACTS
        | {
            "figures": {"compared.ease.ndcg@10": 0.05, "compared.blend.network.ndcg@10": 0.0612},
            "blend": blend,
            "importances": {
                "price": {"value": 0.01, "low": -0.01, "high": 0.02},
                "text_max": {"value": 0.25, "low": 0.2, "high": 0.3},
            },
            "weighed": "2026-11-20",
        },
    )
    assert "What it leans on (weighed on 2026-11-20, by a network of that day)" in text
    assert "It is a blend (network) of: its feature network alone, linear autoencoder (EASE), &lt;b&gt;." in text
    assert [row for row in Text(text).rows if len(row) == 2][1:7] == [
        ["", "NDCG@10"],
        ["small network over scores and features", "0.0612"],
        ["linear autoencoder (EASE)", "0.0500"],
        ["feature", "NDCG@10 lost once it is shuffled"], ["text max", "0.250 (0.200 to 0.300)"],
        ["price", "0.0100 (-0.0100 to 0.0200)"],
    ]  # fmt: skip


def test_rows_show_the_parts_that_were_measured():
    ece = {"test.like.ece": 0.0123, "test.like.ece.low": 0.01, "test.like.ece.high": 0.02}
    line = ("calibration error (ECE)", "0.0123 (0.0100 to 0.0200)")
    assert rows(ece, LIKING) == [("", "test"), line]
    assert rows(ece | {"validation.stars.mae": 2.5}, LIKING) == [
        ("", "validation", "test"),
        ("calibration error (ECE)", "", line[1]),
        ("error in stars of held-out ratings (MAE)", "2.50", ""),
    ]
    assert rows({}, LIKING) == []
