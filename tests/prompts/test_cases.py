"""The evaluation set's form: what is read, and how what is wrong is told."""

from pathlib import Path

import pytest

from prompts.cases import FOLDER, load, read
from prompts.errors import CaseError

SMALL = """\
about: Three lines.
every: {grounded: true}
catalogues:
  tiny:
    - {id: mug, title: A mug, price: 4, category: Mugs}
cases:
  - name: one
    shop: tiny
    history: [{kind: like, item: mug}]
    turns:
      - {say: a mug, shows: mug, holds: "len(cards) == 1"}
  - name: two
    shopper: maren
    turns:
      - say: a tent
        price_at_most: 100
"""


def test_a_file_is_read_into_cases_that_carry_all_they_need() -> None:
    one, two = read(SMALL, "small.yaml")
    assert (one.id, one.shop, [item.id for item in one.catalogue]) == ("small/one", "tiny", ["mug"])
    assert (two.id, two.shop, two.catalogue, two.shopper) == ("small/two", "demo", (), "maren")
    assert one.turns[0].shows == ("mug",)
    assert two.turns[0].price_at_most == 100
    assert one.every.grounded


def test_a_case_is_another_one_when_anything_that_decides_it_changes() -> None:
    one, two = read(SMALL, "small.yaml")
    cheaper, same_two = read(SMALL.replace("price: 4", "price: 5"), "small.yaml")
    worded, _ = read(SMALL.replace("about: Three lines.", "about: Four."), "small.yaml")
    assert cheaper.hash != one.hash
    assert same_two.hash == two.hash
    assert worded.hash == one.hash


@pytest.mark.parametrize(
    ("before", "after", "line", "told"),
    [
        ("price_at_most: 100", "price_at_mots: 100", 16, "case two: turns.price_at_mots: |is no field here"),
        ("price_at_most: 100", "price_at_most: cheap", 16, "case two: turns.price_at_most: |valid number"),
        ("      - say: a tent\n", "      - asks: true\n", 15, "case two: turns.say: |is missing"),
        ("kind: like", "kind: adore", 9, "case one: history.kind: |'search', 'view'"),
        ("item: mug", "item: cup", 9, "case one: |no item of the catalogue has the id 'cup'"),
        ("shop: tiny", "shop: big", 8, "case one: |there is no shop 'big'; there are: demo, own, tiny"),
        ("name: two", "name: one", 12, "case one: |the name is taken by a case above"),
        ('"len(cards) == 1"', '"len(cards ="', 11, "case one: holds: |no Python expression"),
        ("    shop: tiny\n", "    shop: tiny\n    shopper: ada\n", 9, "case one: |write a history instead"),
        ("about: Three lines.", "about: [", 3, "this is not YAML|"),
        (SMALL, "", 1, "a file of cases has fields|"),
        (SMALL, "cases: []", 1, "cases: |at least 1 item"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_case(before: str, after: str, line: int, told: str) -> None:
    assert before in SMALL
    with pytest.raises(CaseError) as raised:
        read(SMALL.replace(before, after), "small.yaml")
    first, second = told.split("|")
    assert str(raised.value).startswith(f"small.yaml, line {line}: {first}"), raised.value
    assert second in str(raised.value)


def test_cases_are_chosen_by_file_or_name_and_ones_own_stand_beside_them(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(SMALL, encoding="utf-8")
    both = load((FOLDER, tmp_path, tmp_path / "missing"))
    assert [case.id for case in both][-2:] == ["ours/one", "ours/two"]
    assert [case.id for case in load((FOLDER, tmp_path), "ours")] == ["ours/one", "ours/two"]
    assert [case.id for case in load((FOLDER, tmp_path), "*/two")] == ["ours/two"]
    with pytest.raises(CaseError, match=r"^nowhere: no case is called so\. Their files are: ours$"):
        load((tmp_path,), "nowhere")
    (tmp_path / "budget.yaml").write_text(SMALL.replace("name: one", "name: cap"), encoding="utf-8")
    with pytest.raises(CaseError, match="there is a case budget/cap already"):
        load((FOLDER, tmp_path))


def test_the_set_that_comes_along_has_sixty_cases_and_says_of_each_message_what_must_hold() -> None:
    cases = load()
    assert len(cases) >= 60
    for case in cases:
        stated = [turn.model_dump(exclude={"say"}, exclude_defaults=True) for turn in case.turns]
        assert any(stated), case.id
        assert case.every.grounded, case.id
        assert case.every.tokens_at_most, case.id
