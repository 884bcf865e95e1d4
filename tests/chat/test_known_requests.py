"""What those wanted who asked alike, by the real encoder."""

from pathlib import Path

from chat.known_requests import LEAST_COSINE, TOLD, VOTERS, KnownRequests
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
    assert known(minilm).wanted("my husband is cold at night in our tent")[0] == "sleeping bag"
    assert known(minilm).wanted("keeps my coffee warm on the train to work")[:2] == ["travel mug", "insulated bottle"]


def test_of_what_nobody_asked_nothing_is_told(minilm: MiniLMEncoder) -> None:
    assert known(minilm).wanted("quarterly tax return") == []
    assert known(minilm).wanted("  ") == []


def test_requests_for_one_kind_can_be_left_out(minilm: MiniLMEncoder) -> None:
    (vector,) = minilm.encode(["cold in the tent at night"])
    found = known(minilm).wanted_by(vector, without="sleeping bag")
    assert found
    assert "sleeping bag" not in found


def test_at_most_so_many_speak_and_so_many_kinds_are_told(minilm: MiniLMEncoder) -> None:
    texts = [f"a warm thing for camping, number {number}" for number in range(VOTERS + 10)]
    held = KnownRequests(minilm.encode(texts), [[f"kind {number}"] for number in range(len(texts))], minilm.encode)
    assert len(held.wanted(texts[0])) == TOLD
    assert held.wanted(texts[0])[0] == "kind 0"


def test_they_are_kept_beside_the_adapter_without_their_text(minilm: MiniLMEncoder, tmp_path: Path) -> None:
    known(minilm).save(tmp_path)
    again = KnownRequests.load(tmp_path, minilm.encode)
    question = "my husband is cold at night in our tent"
    assert again.wanted(question) == known(minilm).wanted(question)
    (file,) = tmp_path.iterdir()
    assert b"freezing" not in file.read_bytes()
    assert KnownRequests.load(tmp_path / "elsewhere", minilm.encode).wanted(question) == []


def test_the_bound_lets_a_request_by_use_through_and_not_chance(minilm: MiniLMEncoder) -> None:
    one, alike, chance = minilm.encode(
        ["she is always freezing when we camp", "cold at night in our tent", "quarterly tax return"]
    )
    assert float(one @ alike) > LEAST_COSINE > float(one @ chance)
