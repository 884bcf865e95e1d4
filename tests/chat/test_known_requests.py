"""What those wanted who asked alike, by the real encoder."""

from dataclasses import replace
from pathlib import Path

from chat.known_requests import ALIKE, LEAST_COSINE, TOLD, VOTERS, KnownRequests, Voted
from retrieval.encoder import MiniLMEncoder

ASKED = {
    "my wife gets cold in the tent at night": ["sleeping bag"],
    "she is always freezing when we camp": ["sleeping bag"],
    "the tent floor is so hard on my back": ["sleeping mat"],
    "somewhere dry to sleep for two": ["tent"],
    "coffee goes cold on my way to work": ["travel mug", "insulated bottle"],
}


def known(minilm: MiniLMEncoder) -> KnownRequests:
    return KnownRequests(minilm.encode(list(ASKED)), list(ASKED.values()), minilm.encode)


def test_the_nearest_requests_speak_for_what_they_wanted(minilm: MiniLMEncoder) -> None:
    assert known(minilm).wanted("my husband is cold at night in our tent").kinds[0] == "sleeping bag"
    assert known(minilm).wanted("keeps my coffee warm on the train to work").kinds[:2] == (
        "travel mug",
        "insulated bottle",
    )


def test_of_what_nobody_asked_nothing_is_told(minilm: MiniLMEncoder) -> None:
    assert known(minilm).wanted("quarterly tax return") == Voted()
    assert known(minilm).wanted("  ") == Voted()


def test_requests_for_one_kind_can_be_left_out(minilm: MiniLMEncoder) -> None:
    (vector,) = minilm.encode(["cold in the tent at night"])
    found = known(minilm).wanted_by(vector, without="sleeping bag").kinds
    assert found
    assert "sleeping bag" not in found


def test_at_most_so_many_speak_and_so_many_kinds_are_told(minilm: MiniLMEncoder) -> None:
    texts = [f"a warm thing for camping, number {number}" for number in range(VOTERS + 10)]
    held = KnownRequests(minilm.encode(texts), [[f"kind {number}"] for number in range(len(texts))], minilm.encode)
    assert len(held.wanted(texts[0]).kinds) == TOLD
    assert held.wanted(texts[0]).kinds[0] == "kind 0"


def test_where_a_fifth_wanted_one_kind_it_is_clear_and_else_the_model_decides_between_the_kinds(
    minilm: MiniLMEncoder,
) -> None:
    texts = [f"a warm thing for camping, number {number}" for number in range(VOTERS)]
    vectors = minilm.encode(texts)
    most = KnownRequests(vectors, [["sleeping bag"]] * (VOTERS - 4) + [["hot water bottle"]] * 4, minilm.encode)
    assert most.wanted(texts[0]).clear
    assert most.wanted(texts[0]).settled(["hot water bottle"]) == ("sleeping bag",)
    many = KnownRequests(vectors, [[f"kind {number} of flask"] for number in range(VOTERS)], minilm.encode)
    voted = many.wanted(texts[0])
    assert not voted.clear
    assert voted.settled([f"steel {voted.kinds[2]}"]) == (f"steel {voted.kinds[2]}",)
    assert voted.settled(["wool socks"]) == voted.settled([]) == voted.kinds[:1]
    assert Voted().settled(["wool socks"]) == ("wool socks",)
    far = replace(voted, share=1.0, alike=ALIKE - 0.01)
    assert not far.clear
    assert far.settled(["wool socks"]) == ("wool socks",)


def test_what_is_refused_has_no_say() -> None:
    voted = Voted(("garden gloves", "hand warmer"), 0.5, 0.9)
    assert voted.clear
    left = voted.without(lambda kind: "gloves" in kind)
    assert left.kinds == ("hand warmer",)
    assert not left.clear
    assert voted.without(lambda kind: "hat" in kind) == voted


def test_of_a_few_requests_none_is_clear(minilm: MiniLMEncoder) -> None:
    assert not known(minilm).wanted("my husband is cold at night in our tent").clear


def test_they_are_kept_beside_the_adapter_without_their_text(minilm: MiniLMEncoder, tmp_path: Path) -> None:
    known(minilm).save(tmp_path)
    again = KnownRequests.load(tmp_path, minilm.encode)
    question = "my husband is cold at night in our tent"
    assert again.wanted(question).kinds == known(minilm).wanted(question).kinds
    (file,) = tmp_path.iterdir()
    assert b"freezing" not in file.read_bytes()
    assert KnownRequests.load(tmp_path / "elsewhere", minilm.encode).wanted(question) == Voted()


def test_the_bound_lets_a_request_by_use_through_and_not_chance(minilm: MiniLMEncoder) -> None:
    one, alike, chance = minilm.encode(
        ["she is always freezing when we camp", "cold at night in our tent", "quarterly tax return"]
    )
    assert float(one @ alike) > LEAST_COSINE > float(one @ chance)
