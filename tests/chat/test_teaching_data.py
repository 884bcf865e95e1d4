"""What a model is taught from: descriptions in the catalogue's language, requests, acts, answers, and the choice."""

import json
import random
import re
from collections import Counter, defaultdict
from itertools import islice, product
from pathlib import Path

import numpy as np
import pytest
from hashing import Hashing
from jsonschema import Draft202012Validator

from chat import manners
from chat.errors import SetupError
from chat.manners import FORMS
from chat.need import Need
from chat.teaching import acts, answers, examples, requests, trial
from chat.teaching.choosing import Chooser
from chat.teaching.records import Language
from chat.teaching.settings import TeachingSettings
from chat.teaching.source import Example, Source, line_of, of_line
from demo import asked, assortment, catalogue
from demo.__main__ import SEED
from prompts.library import Library
from ranking.history import Event
from retrieval.columns import Columns
from retrieval.facts import Vocabulary, vocabulary_of
from retrieval.items import Item

SHOP = assortment.departments()
ITEMS = catalogue.items(SHOP, SEED)
BY_ID = {item.id: item for item in ITEMS}
LANGUAGE = Language(ITEMS)


def vocabulary() -> Vocabulary:
    columns = Columns.empty().applied(
        (
            number, item.id, item.brand, json.dumps(item.category), json.dumps(item.attributes), str(item.price),
            item.currency, item.stock, item.rating, item.rating_count,
        )
        for number, item in enumerate(ITEMS)
    )  # fmt: skip
    return vocabulary_of(columns)


def test_a_kind_is_what_titles_of_several_makers_share() -> None:
    kinds = {kind.name.lower() for department in SHOP for leaf in department.leaves for kind in leaf.kinds}
    named = [LANGUAGE.kind(item) for item in ITEMS]
    # A kind that few makers have goes by the end of its name: "tent" for "backpacking tent".
    assert sum(name in kinds or any(kind.endswith(name) for kind in kinds) for name in named) / len(named) > 0.85
    brands = {item.brand.lower() for item in ITEMS}
    assert not [name for name in named if any(name.startswith(f"{brand} ") for brand in brands)]


def test_a_description_adds_no_name_that_was_not_asked_for() -> None:
    item = next(item for item in ITEMS if item.title.startswith("Farrow Peak Skerry"))
    assert not any("skerry" in text for text in LANGUAGE.descriptions(item))
    assert any("skerry" in text for text in LANGUAGE.descriptions(item, "something by Skerry"))
    for text in LANGUAGE.descriptions(item, "olive, please"):
        assert 1 <= len(text.split()) <= 8


def test_requests_in_own_words_are_right_for_what_holds_them_all() -> None:
    made = list(requests.of_words(ITEMS, LANGUAGE, random.Random(1), 300))
    assert made == list(requests.of_words(ITEMS, LANGUAGE, random.Random(1), 300))
    for one in made:
        assert one.right
        assert set(one.right) <= set(BY_ID)
    plain = [one for one in made if one.text == "chargers"]
    assert all(len(one.right) > 5 for one in plain)
    assert len({one.text for one in made}) > 250


def test_searches_teach_what_was_bought_after_them_in_the_same_visit() -> None:
    def event(kind: str, time: float, item: str = "", query: str = "") -> Event:
        return Event(shopper_id="ann", kind=kind, item_id=item, query=query, time=time)  # type: ignore[arg-type]

    first, second, third = (item.id for item in ITEMS[:3])
    made = requests.of_events(
        [
            event("search", 10, query="a dry night"),
            event("view", 20, second),
            event("purchase", 60, first),
            event("purchase", 60 + requests.VISIT_S * 2, third),
        ],
        BY_ID,
    )
    assert [(one.text, one.right) for one in made if one.sort == "searched"] == [("a dry night", (first,))]
    (history,) = [one for one in made if one.sort == "history"]
    assert (history.right, history.had) == ((third,), (BY_ID[first].title,))


def test_a_merchants_own_requests_are_read_and_a_wrong_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_text(json.dumps({"request": "to keep dry", "items": [ITEMS[0].id, "gone"]}) + "\n\n")
    (one,) = requests.given(path, BY_ID)
    assert (one.text, one.right, one.sort) == ("to keep dry", (ITEMS[0].id,), "given")
    path.write_text('{"request": "ok", "items": []}\n{"question": "no"}\n')
    with pytest.raises(SetupError, match=r"asked\.jsonl, line 2"):
        requests.given(path, BY_ID)


def test_the_demo_shops_requests_all_find_something_and_are_none_of_those_measured() -> None:
    made = list(asked.requests(SHOP, ITEMS))
    assert len(made) > 4000
    assert all(one["items"] for one in made)
    from bench.finding import by_use

    measured = by_use(ITEMS)
    assert len(measured) >= 150
    assert all(one.right for one in measured)
    taught = {one["request"].lower().strip(" .?!") for one in made}
    assert not [one.text for one in measured if one.text.lower().strip(" .?!") in taught]


def test_every_form_is_filled_and_every_act_is_one_that_the_prompt_knows() -> None:
    prompt = Library().get("understand_taught")
    assert prompt.output is not None
    known = set(prompt.output["properties"]["act"]["enum"])
    made = list(islice(acts.said(ITEMS, LANGUAGE, random.Random(2)), 3000))
    assert {one.act for one in made} == known
    assert not [one.message for one in made if "{" in one.message or not one.message.strip()]
    assert all(one.before for one in made if one.act in acts.AFTER_CARDS)


def test_no_form_is_a_message_that_readings_are_measured_on() -> None:
    from bench import hearing, utterances

    corpus = {case["message"].lower().strip(" .?!") for part in utterances.HALVES for case in utterances.cases(part)}
    corpus |= {said.message.lower().strip(" .?!") for said in hearing.messages()}
    same = [
        form
        for form in (form for held in requests.forms().values() for form in held)
        if form.lower().strip(" .?!") in corpus and len(form.split()) > 4
    ]
    assert not same, same  # "thanks" is nobody's own


@pytest.mark.parametrize("manner", range(len(FORMS)))
def test_each_manner_is_kept_by_the_check_and_says_nothing_else(manner: int) -> None:
    rng = random.Random(manner)
    kept, tried = 0, 0
    for item in rng.sample(ITEMS, 200):
        others = [one for one in ITEMS if one.category == item.category and one != item][:3]
        if manner not in answers.fitting(Need(), [item, *others]):
            continue
        tried += 1
        for _, text in answers.answer(Need(), [item, *others], manner):
            kept += 1
            assert "{" not in text
            assert "[" not in text
            assert not re.search(r"\b(?:is|comes) (?:the|The) (?:[\w&'-]+ )*(?:socks|boots|shoes)\b", text), text
    assert tried > 20
    assert kept > 0.9 * tried


def test_no_sentence_stands_in_two_manners_and_the_prompt_names_each() -> None:
    same = {"M": "N", "m": "n", "r": "p", "q": "p", "d": "c", "price2": "price", "it2": "it", "one2": "one"}
    where: dict[str, set[int]] = {}
    for number, held in enumerate(FORMS):
        for form in held:
            alike = re.sub(r"\{(\w+)\}", lambda slot: f"{{{same.get(slot[1], slot[1])}}}", form)
            for left_out in product((True, False), repeat=alike.count("[")):
                parts = re.split(r"\[|\]", alike)
                kept = [one for at, one in enumerate(parts) if at % 2 == 0 or not left_out[at // 2]]
                where.setdefault("".join(kept), set()).add(number)
    assert len(where) > len(FORMS)
    assert not {sentence: held for sentence, held in where.items() if len(held) > 1}
    assert len({manners.named(number, two=True) for number in range(len(FORMS))}) == len(FORMS)
    assert manners.named(1, two=True) == "At $, 1 _. At $, 2 _."
    assert manners.named(1, two=False) == "At $, 1 _."


def test_things_in_the_plural_are_spoken_of_as_several() -> None:
    assert manners.is_plural("Torvald Promenade running shoes, coral")
    assert not manners.is_plural("Brightwell Halcyon radio (cream)")
    assert not manners.is_plural("Larkfield filter coffee machine 10 cups")
    said = {"name": "Wharf rain boots", "price": "$42.95", "facts": "is for men; its size is XL", "about": ""}
    assert answers.written(0, answers.Facts.of(said), None) == (
        "The Wharf rain boots are for men and have a size of XL. They cost $42.95."
    )
    one = {"name": "Kite train set", "price": "", "facts": "its pieces is 80", "about": ""}
    assert answers.written(0, answers.Facts.of(one), None) == "The Kite train set has 80 pieces."


def test_the_chosen_description_is_the_one_that_finds_what_is_right() -> None:
    encoder = Hashing()
    texts = ["red tent", "blue tent", "wool sock", "cotton sock", "tin mug"]
    chooser = Chooser(list("abcde"), encoder.encode(texts), ["tent", "tent", "sock", "sock", "mug"])
    held = dict(
        zip(["wool sock", "blue tent", "tin mug"], encoder.encode(["wool sock", "blue tent", "tin mug"]), strict=True)
    )
    words = encoder.encode(["for cold feet"])[0]
    assert chooser.best(words, held, ["c"]) == "wool sock"
    assert chooser.best(None, held, ["b"]) == "blue tent"
    assert chooser.best(None, {"blue tent": held["blue tent"]}, ["a"]) == "blue tent"
    assert not chooser.best(None, {"tin mug": np.zeros_like(words)}, ["gone"])
    values = chooser.values(words, np.stack(list(held.values())), ["e"])
    assert values[2] == max(values) > values[1]


def test_what_is_found_among_ten_is_counted_with_a_description_and_without() -> None:
    encoder = Hashing()
    texts = [f"tent {number}" for number in range(40)] + ["wool sock", "cotton sock"]
    chooser = Chooser([str(number) for number in range(42)], encoder.encode(texts), ["tent"] * 40 + ["sock"] * 2)
    words, described = encoder.encode(["tent", "wool sock"])
    assert chooser.recall(words, None, ["40"]) == 0
    assert chooser.recall(words, described, ["40"]) == 1
    assert chooser.recall(words, described, ["40", "gone"]) == 1  # no longer in the shop
    assert chooser.recall(words, None, ["gone"]) == 0
    assert chooser.recall(words, None, [str(number) for number in range(40)]) == 1  # ten of ten places


def test_a_taught_models_answers_are_tried_on_the_requests_that_were_held_out() -> None:
    some = [item for item in ITEMS if item.in_stock][:60]
    encoder = Hashing()
    source = Source(some, encoder.encode([item.title.lower() for item in some]), vocabulary(), encoder.encode)
    right = (some[7].id,)
    for text, answer, helped in (
        ("zzz", examples.answered("search", some[7].title), True),
        ("zzz", examples.answered("search"), False),  # nothing described
        ("zzz", '{"act":', False),  # cut off
    ):
        one = Example("describe", (), "", requests.Request(text, right, "given"))
        ((alone, beside),) = trial.recalls([one], [answer], source)
        assert (beside > alone) == helped


def test_a_small_shop_holds_out_one_of_ten_of_each_sort_and_a_large_one_the_share_that_was_set() -> None:
    def asked(count: int, sort: requests.Sort) -> list[requests.Request]:
        return [requests.Request(f"{sort} {number}", ("a",), sort) for number in range(count)]

    for count, share, held in ((40, 0.03, 4), (800, 0.03, examples.LEAST_HELD), (800, 0.1, 80)):
        learned, aside = examples.parted([*asked(count, "given"), *asked(count, "use")], share)
        assert Counter(one.sort for one in aside) == {"given": held, "use": held}
        assert len(learned) == 2 * (count - held)
    learned, aside = examples.parted(asked(3, "given"), 0.03)
    assert (len(learned), len(aside)) == (2, 1)
    assert examples.parted([], 0.03) == ([], [])


def test_what_is_held_out_is_taught_in_no_other_place_but_what_is_said_of_any_history() -> None:
    words = [requests.Request(f"tent {number % 30}" if number % 2 else f"Tent {number % 30}", ("a",), "words")
             for number in range(300)]  # fmt: skip
    histories = [requests.Request("surprise me", ("a",), "history", (f"thing {number}",)) for number in range(100)]
    learned, aside = examples.parted([*words, *histories], 0.03)
    held = {one.text.casefold() for one in aside if one.sort == "words"}
    assert len([one for one in aside if one.sort == "words"]) == 30
    assert not held & {one.text.casefold() for one in learned if one.sort == "words"}
    assert len([one for one in learned if one.sort == "history"]) == 90


def test_a_request_that_is_held_out_is_told_of_what_others_wanted_as_a_shopper_would_be() -> None:
    kinds = {LANGUAGE.kind(item): item for item in ITEMS if item.in_stock}
    some = list(kinds.values())[:60]
    encoder = Hashing()
    given = [requests.Request(f"night {number} out", (item.id,), "given") for number, item in enumerate(some)]
    vectors = encoder.encode([item.encoder_text() for item in some])
    source = Source(some, vectors, vocabulary(), encoder.encode, given=given)
    recipe = TeachingSettings(words=0, uses=0, acts=0, answers=0, misspelt=0)
    library, language = Library(), Language(some)
    prompts = library.get("understand_taught"), library.get("reply_taught")
    made = examples.made(source, *prompts, recipe, lambda *_: None)

    def told_of_its_own(one: Example) -> bool:
        assert one.request
        told = re.search(r"^asked: (.+)$", one.messages[1][1], re.MULTILINE)
        assert told
        return language.kind(source.by_id[one.request.right[0]]) in told[1].split("; ")

    learned, held = ([one for one in part if one.request] for part in (made.learned, made.held))
    assert len(held) == 6
    shared = Counter(language.kind(item) for item in some)
    assert not [one for one in held if one.request and told_of_its_own(one)
                and shared[language.kind(source.by_id[one.request.right[0]])] == 1]  # fmt: skip
    assert sum(map(told_of_its_own, learned)) > len(learned) / 2


def test_the_same_shop_gives_the_same_examples_in_the_form_that_is_served() -> None:
    some = [item for item in ITEMS if item.in_stock][:120]
    encoder = Hashing()
    source = Source(
        some,
        encoder.encode([item.encoder_text() for item in some]),
        vocabulary(),
        encoder.encode,
        given=[requests.Request("a dry night out", (some[0].id,), "given")],
    )
    recipe = TeachingSettings(words=20, uses=15, acts=20, answers=20, misspelt=1.0)
    library = Library()
    prompts = library.get("understand_taught"), library.get("reply_taught")
    both, second = (examples.made(source, *prompts, recipe, lambda *_: None) for _ in range(2))
    assert both == second
    first = [*both.learned, *both.held]
    skills = Counter(one.skill for one in first)
    assert skills["understand"] == 20
    assert skills["describe"] >= 30
    assert skills["answer"] >= 10
    for one in first:
        assert of_line(line_of(one)) == one
        assert [role for role, _ in one.messages] == ["system", "user"]
        if one.skill != "answer":
            fields = json.loads(one.answer)
            assert fields["act"] in prompts[0].output["properties"]["act"]["enum"]  # type: ignore[index]
            Draft202012Validator(prompts[0].output or {}).validate(fields)
    own = [requests.Request("a dry night out", ("a",), "given"), requests.Request("tent", ("a",), "words")] * 4
    again = examples.misspelt(own, 0.5, random.Random(1))
    assert len(again) == 2
    assert {one.sort for one in again} == {"given"}
    assert not examples.misspelt(own, 0.0, random.Random(1))
    dry = [one for one in first if one.request is not None and one.request.sort == "given"]
    assert len(dry) == (2 if any(one in both.learned for one in dry) else 1)  # held out, it is not put once more
    asked_for = [{one.request.text for one in part if one.request} for part in (both.learned, both.held)]
    assert asked_for[1]
    assert not {one for one in asked_for[1] if len(one.split()) > 3} & asked_for[0]  # "tent" is asked for twice
    assert sum("a dry night out" in one.messages[1][1] for one in dry) >= 1


def test_after_another_want_it_is_told_of_that_alone_whatever_the_message_is() -> None:
    """What was read of the message stood there for some kinds of message, and told them from the others."""
    encoder = Hashing()
    source = Source(ITEMS, encoder.encode([item.encoder_text() for item in ITEMS]), vocabulary(), encoder.encode,
                    given=[requests.Request(f"a dry night {number}", (ITEMS[0].id,), "given")
                           for number in range(60)])  # fmt: skip
    recipe = TeachingSettings(words=0, uses=0, acts=600, answers=0, misspelt=0.0)
    library = Library()
    made = examples.made(source, library.get("understand_taught"), library.get("reply_taught"), recipe, lambda *_: None)
    after: dict[str, list[bool]] = defaultdict(list)  # by kind of message, whether its words are among those wanted
    later = 0
    for one in made.learned:
        told = one.messages[1][1].split("\n")
        wanted = next((line.removeprefix("wants: ") for line in told if line.startswith("wants: ")), "")
        if wanted and one.skill == "understand":
            words = {word for word in told[-1].lower().split() if len(word) > 4}
            after[json.loads(one.answer)["act"]].append(bool(words) and words <= set(wanted.lower().split()))
        elif wanted:
            later += 1
            assert "dry" not in wanted
    assert 3 <= later <= 25
    assert {"refine", "thanks", "order", "off_topic"} <= set(after)
    assert sum(map(sum, after.values())) <= 0.05 * sum(map(len, after.values()))


def test_a_shop_whose_records_carry_no_answer_ends_all_the_same() -> None:
    bare = [Item(id=str(number), title=f"thing {number}") for number in range(5)]
    encoder = Hashing()
    source = Source(bare, encoder.encode([item.title for item in bare]), vocabulary(), encoder.encode)
    recipe = TeachingSettings(words=5, uses=0, acts=5, answers=20)
    library = Library()
    made = examples.made(source, library.get("understand_taught"), library.get("reply_taught"), recipe, lambda *_: None)
    assert {one.skill for one in made.learned} >= {"understand"}


def test_of_histories_only_those_are_taught_of_which_something_had_finds_the_next_thing() -> None:
    titles = ["Acme Ridge tent green", "Acme Ridge tent red", *(f"Borel thing {number}" for number in range(40))]
    items = [Item(id=str(number), title=title) for number, title in enumerate(titles)]
    encoder = Hashing()
    tracks = {"ann": ("0", "7", "1"), "bob": ("7", "0")}  # nothing of the 7 leads to the 0
    events = [
        Event(shopper_id=shopper, kind="purchase", item_id=item_id, time=float(time))
        for shopper, track in tracks.items()
        for time, item_id in enumerate(track)
    ]
    vectors = encoder.encode([title.lower() for title in titles])
    source = Source(items, vectors, vocabulary(), encoder.encode, events=events)
    recipe = TeachingSettings(words=0, uses=0, acts=0, answers=0, histories=10)
    library = Library()
    made = examples.made(source, library.get("understand_taught"), library.get("reply_taught"), recipe, lambda *_: None)
    told = [one for one in (*made.learned, *made.held) if one.request is not None and one.request.right == ("1",)]
    assert [json.loads(one.answer)["items"] for one in told] == [["acme ridge tent green"]]
    assert "had: Borel thing 5; Acme Ridge tent green" in told[0].messages[1][1]
    every = [one.request.right for one in (*made.learned, *made.held) if one.request is not None]
    assert ("0",) not in every
