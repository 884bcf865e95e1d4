"""The demo shop: as large as promised, the same each time, free of contradictions, and with tastes to be learnt."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from demo import assortment, pictures
from demo.__main__ import FIRST_QUESTIONS, write
from demo.colours import COLOURS, family, shade, slug
from demo.shoppers import LAST_DAY, SPAN_DAYS
from retrieval.filters import contains_term
from retrieval.items import Item

KINDS = {"search", "view", "click", "like", "dislike", "cart", "purchase", "rating"}
OF_ANIMALS = ("leather", "suede", "wool", "merino", "cashmere", "down", "beeswax", "honey", "milk", "sheepskin")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write(folder)
    return folder


@pytest.fixture(scope="module")
def items(out: Path) -> dict[str, Item]:
    read = [Item.model_validate_json(line) for line in (out / "catalogue.jsonl").read_text().splitlines()]
    return {item.id: item for item in read}


@pytest.fixture(scope="module")
def histories(out: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in (out / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        found.setdefault(event["shopper_id"], []).append(event)
    return found


def files(folder: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_command_writes_the_same_bytes(out: Path, tmp_path: Path) -> None:
    write(tmp_path)
    assert files(tmp_path) == files(out)


def test_it_is_as_large_as_promised(items: dict[str, Item], histories: dict[str, list[dict[str, Any]]]) -> None:
    leaves = {item.category for item in items.values()}
    per_department = Counter(department for department, _ in leaves)
    assert len(items) >= 1500
    assert len(per_department) == 12
    assert all(4 <= count <= 8 for count in per_department.values())
    assert len(histories) == 400
    assert all(6 <= len(events) <= 80 for shopper, events in histories.items() if shopper != "sam")


def test_titles_are_unique_and_every_item_is_described(items: dict[str, Item]) -> None:
    titles = Counter(item.title.lower() for item in items.values())
    assert [title for title, count in titles.items() if count > 1] == []
    for item in items.values():
        assert item.title.startswith(item.brand)
        assert 2 <= len(re.findall(r"[.!?](?:\s|$)", item.description)) <= 8, item.description
        assert item.price is not None
        assert item.price > 1
        assert item.currency == "USD"
        assert item.attributes
        assert (item.rating is None) == (item.rating_count == 0)
    assert 20 < sum(item.stock == 0 for item in items.values()) < 0.1 * len(items)


def test_the_colours_and_sizes_of_a_product_are_one_group(items: dict[str, Item]) -> None:
    groups: dict[str, list[Item]] = {}
    for item in items.values():
        if item.group_id:
            groups.setdefault(item.group_id, []).append(item)
    assert len(groups) > 400
    told_apart = {id: [(item.attributes.get("colour"), item.attributes.get("size")) for item in held]
                  for id, held in groups.items()}  # fmt: skip
    assert all(2 <= len(set(differ)) == len(differ) for differ in told_apart.values())
    assert all(len({(item.brand, item.category, item.description) for item in held}) == 1 for held in groups.values())
    in_sizes = [held for held in groups.values() if len({item.attributes.get("size") for item in held}) > 1]
    assert len(in_sizes) > 60
    assert all(min(item.price for item in held) < max(item.price for item in held) for held in in_sizes)  # type: ignore[type-var]


def test_a_colour_in_a_title_is_the_items_colour(items: dict[str, Item]) -> None:
    for item in items.values():
        held = item.attributes.get("colour")
        if held is None:
            continue
        assert held[-1] == family(held[0])
        named = [name for name in COLOURS if contains_term(item.title, name)]
        assert all(name in held or any(contains_term(other, name) for other in held) for name in named), item.title


def test_a_vegan_item_holds_nothing_of_animals(items: dict[str, Item]) -> None:
    for item in items.values():
        values = [value for held in item.attributes.values() for value in held]
        if "vegan" in values:
            words = " ".join([item.title, *(value for value in values if value != "vegan")])
            assert not [term for term in OF_ANIMALS if contains_term(words.replace("Earl Grey", ""), term)], item.title


def test_a_material_in_a_title_is_the_items_material(items: dict[str, Item]) -> None:
    materials = {value for item in items.values() for value in item.attributes.get("material", ())}
    single = sorted(value for value in materials if " " not in value and value != "soap")
    named = re.compile(rf"(?<!\w)({'|'.join(single)})(?!\w|-burning|-coated)", re.IGNORECASE)
    wrong = [
        (item.title, held)
        for item in items.values()
        if (held := item.attributes.get("material"))
        and not set(named.findall(item.title.removeprefix(item.brand).lower()))
        <= set(re.split(r"[ -]", " ".join(held))) | set(COLOURS)
    ]
    assert wrong == []


def test_a_description_names_no_other_colour_of_the_leaf(items: dict[str, Item]) -> None:
    for item in items.values():
        shade_of_item = item.attributes.get("colour", ())
        for name in ("navy", "rust", "sage", "mustard", "burgundy", "terracotta", "blush", "olive", "charcoal"):
            if shade_of_item and contains_term(item.description, name):
                assert name in shade_of_item or "olive oil" in item.description, item.description


def test_prices_follow_the_brands_tier(items: dict[str, Item]) -> None:
    tiers = {brand.name: brand.tier for department in assortment.departments() for brand in department.brands}
    by_tier: dict[int, list[float]] = {1: [], 2: [], 3: []}
    for item in items.values():
        by_tier[tiers[item.brand]].append(float(item.price or 0))
    cheap, middle, dear = (sorted(prices)[len(prices) // 2] for prices in by_tier.values())
    assert cheap < middle < dear


def test_every_event_is_sound(items: dict[str, Item], histories: dict[str, list[dict[str, Any]]]) -> None:
    ids = Counter(event["id"] for events in histories.values() for event in events)
    assert max(ids.values()) == 1
    last = LAST_DAY.timestamp()
    for events in histories.values():
        times = [event["time"] for event in events]
        assert times == sorted(times)
        assert last - SPAN_DAYS * 86_400 <= times[0]
        assert times[-1] <= last
        for event in events:
            assert set(event) == {"id", "shopper_id", "kind", "item_id", "query", "rating", "time"}
            assert event["kind"] in KINDS
            assert bool(event["query"]) == (event["kind"] == "search")
            assert bool(event["item_id"]) == (event["kind"] != "search")
            assert event["item_id"] in items or event["kind"] == "search"
            assert (event["rating"] is not None) == (event["kind"] == "rating")
            assert event["rating"] is None or 1 <= event["rating"] <= 5
    assert {event["kind"] for events in histories.values() for event in events} == KINDS


def test_the_last_purchase_is_mostly_from_a_favourite_leaf(
    items: dict[str, Item], histories: dict[str, list[dict[str, Any]]]
) -> None:
    asked = hits = 0
    for events in histories.values():
        bought = [place for place, event in enumerate(events) if event["kind"] == "purchase"]
        if len(bought) < 2:
            continue
        target = items[events[bought[-1]]["item_id"]]
        before = [event["item_id"] for event in events[: bought[-1]] if event["item_id"] not in ("", target.id)]
        leaves = Counter(items[id].category for id in before)
        asked += 1
        hits += target.category in [leaf for leaf, _ in leaves.most_common(5)]
    assert asked > 300
    assert hits / asked > 0.6


def test_the_personas_have_histories_and_tell_nothing_secret(
    out: Path, items: dict[str, Item], histories: dict[str, list[dict[str, Any]]]
) -> None:
    personas = json.loads((out / "personas.json").read_text())
    assert [one["name"] for one in personas] == [
        "Maren Holt",
        "Theo Bellamy",
        "Amira Castell",
        "Jonas Ekberg",
        "Rosa Delmar",
        "Kit Okoro",
        "Edith Lang",
        "Sam Wren",
    ]
    assert all(set(one) == {"shopper_id", "name", "description"} for one in personas)
    counts = [len(histories[one["shopper_id"]]) for one in personas]
    assert all(30 <= count <= 80 for count in counts[:-1]), counts
    assert counts[-1] == 2
    favourite = {
        one["shopper_id"]: Counter(
            items[event["item_id"]].category[0] for event in histories[one["shopper_id"]] if event["item_id"]
        ).most_common(1)[0][0]
        for one in personas
    }
    assert favourite["maren"] == "Outdoor"
    assert favourite["rosa"] == "Garden"
    assert favourite["sam"] == "Home"
    assert len(set(favourite.values())) >= 6


def test_first_questions_are_three(out: Path) -> None:
    assert json.loads((out / "first_questions.json").read_text()) == list(FIRST_QUESTIONS)
    assert len(FIRST_QUESTIONS) == 3


def test_every_picture_that_is_named_is_drawn_and_is_plain_svg(out: Path, items: dict[str, Item]) -> None:
    named = {item.image_url for item in items.values()}
    assert {f"/pictures/{path.name}" for path in (out / "pictures").iterdir()} == named
    for path in (out / "pictures").iterdir():
        root = ElementTree.fromstring(path.read_text())
        tags = {part.tag.rpartition("}")[2] for part in root.iter()}
        assert root.get("viewBox") == "0 0 300 220"
        assert tags <= {"svg", "g", "rect", "circle", "ellipse", "path"}
        assert "$" not in path.read_text()


def test_every_leaf_is_drawn_and_leads_to_leaves_that_exist() -> None:
    leaves = [leaf for department in assortment.departments() for leaf in department.leaves]
    names = {leaf.name for leaf in leaves}
    own = {kind.draw for leaf in leaves for kind in leaf.kinds if kind.draw}
    assert set(pictures.drawings()) == {slug(name) for name in names | own}
    assert {follow for leaf in leaves for follow in leaf.then} <= names


def test_every_sentence_is_one() -> None:
    for department in assortment.departments():
        for leaf in department.leaves:
            said = [sentence for kind in leaf.kinds for sentence in kind.say]
            said += [
                text for options in (*leaf.pick.values(), *leaf.some.values()) for text in options.values() if text
            ]
            for sentence in (*said, *leaf.use, *leaf.care):
                assert re.match(r"[A-Z0-9]", sentence), f"{leaf.name}: {sentence!r}"
                assert len(sentence) >= 15, f"{leaf.name}: {sentence!r}"


def test_a_wrong_field_names_file_and_leaf(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "department: X\nlines: [A]\nbrands: {B: {tier: 1}}\n"
        "leaves: {Hats: {price: 1, colour: red, kinds: {hat: {}}, use: [], care: []}}\n"
    )
    with pytest.raises(ValueError, match=r"x\.yaml: leaf 'Hats' has unknown fields \['colour'\]"):
        assortment.departments(tmp_path)


@pytest.mark.parametrize(
    ("colour", "amount", "mixed"),
    [("#808080", 1.0, "#ffffff"), ("#808080", -1.0, "#000000"), ("#800000", 0.5, "#c08080")],
)
def test_a_colour_is_shaded(colour: str, amount: float, mixed: str) -> None:
    assert shade(colour, amount) == mixed


def test_a_name_becomes_a_file_name() -> None:
    assert slug("Bath & Body") == "bath-body"
