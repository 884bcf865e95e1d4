import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from sqlite_utils import Database

from retrieval import embeddings
from retrieval.embeddings import WINDOW, EmbeddingCache
from retrieval.encoder import Encoder, MiniLMEncoder, Vectors, _batches
from retrieval.errors import EncoderError

TEXTS = ["red running shoes", "", "sneakers for jogging, red", "a cast-iron frying pan", "emoji 😀 only", "\ud800"]


def test_vectors_are_unit_rows_in_the_order_of_the_texts(minilm: MiniLMEncoder) -> None:
    vectors = minilm.encode(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), minilm.dimension), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    alone = np.vstack([minilm.encode([text]) for text in TEXTS])
    assert (alone * vectors).sum(axis=1).min() > 0.95  # int8 scales are a batch's own; "" suffers most
    assert minilm.encode([]).shape == (0, minilm.dimension)


def test_meaning_is_nearer_than_difference(minilm: MiniLMEncoder) -> None:
    shoes, _, sneakers, pan, *_ = minilm.encode(TEXTS)
    assert shoes @ sneakers > 0.6 > 0.3 > shoes @ pan


def test_int8_is_within_a_hundredth_of_fp32(minilm: MiniLMEncoder) -> None:
    facts = json.loads((minilm.folder / "encoder.json").read_text())
    assert facts["cosine_to_fp32"] is None or facts["cosine_to_fp32"]["mean"] > 0.99


def test_a_very_long_text_is_cut_not_refused(minilm: MiniLMEncoder) -> None:
    assert minilm.encode(["tent " * 100_000]).shape == (1, minilm.dimension)


def test_a_broken_folder_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "encoder.json").write_text("{}")
    with pytest.raises(EncoderError, match="Remove the folder"):
        MiniLMEncoder(tmp_path)


class Counting:
    """An encoder that remembers what it was asked."""

    name, dimension = "counting", 3

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: list[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text), 1, 0] for text in texts], dtype=np.float32).reshape(len(texts), 3)


def test_a_text_is_encoded_once(tmp_path: Path) -> None:
    encoder, told = Counting(), []
    first = EmbeddingCache(tmp_path / "embeddings.sqlite3")
    first.encode(["a", "bb", "a"], encoder, lambda *step: told.append(step))
    first.close()
    again = EmbeddingCache(tmp_path / "embeddings.sqlite3")
    vectors = again.encode(["ccc", "a", "bb", "a"], encoder)
    assert vectors.tolist() == [[3, 1, 0], [1, 1, 0], [2, 1, 0], [1, 1, 0]]
    assert encoder.asked == ["a", "bb", "ccc"]
    assert told == [("encoding", 0, 3), ("encoding", 3, 3)]


def test_like_lengths_share_a_batch_and_every_core_has_one() -> None:
    assert _batches([], workers=2) == []
    assert _batches([30, 8, 27], workers=2) == [[1], [2], [0]]
    many = _batches([12] * 200 + [250, 250, 256], workers=2)
    assert [len(rows) for rows in many] == [42, 42, 42, 42, 32, 2, 1]
    assert sorted(row for rows in many for row in rows) == list(range(203))


def test_the_order_of_texts_and_their_number_do_not_change_a_vector_much(minilm: MiniLMEncoder) -> None:
    texts = [
        f"{colour} {thing} number {n}" for n in range(60) for colour in ("red", "blue") for thing in ("tent", "pan")
    ]
    forward, backward = minilm.encode(texts), minilm.encode(texts[::-1])[::-1]
    assert (forward * backward).sum(axis=1).min() > 0.99


def test_windows_of_a_long_list_fit_together(tmp_path: Path) -> None:
    cache, encoder, told = EmbeddingCache(tmp_path / "embeddings.sqlite3"), Counting(), []
    texts = ["x" * (place % 700) for place in range(WINDOW + 500)]
    vectors = cache.encode(texts, encoder, lambda *step: told.append(step))
    assert vectors[:, 0].tolist() == [len(text) for text in texts]
    assert encoder.asked == ["x" * length for length in range(700)]  # the second window brings nothing new
    assert told[-1] == ("encoding", WINDOW, WINDOW + 500)


def test_what_is_missing_can_be_encoded_elsewhere(tmp_path: Path) -> None:
    cache, encoder = EmbeddingCache(tmp_path / "embeddings.sqlite3"), Counting()
    cache.encode(["a"], encoder)
    assert cache.missing(["a", "bb", "ccc", "bb"], encoder.name) == ["bb", "ccc"]
    cache.keep(["bb", "ccc"], np.eye(3, dtype=np.float32)[:2], encoder.name)
    assert cache.missing(["a", "bb", "ccc"], encoder.name) == []
    assert cache.encode(["ccc", "bb"], encoder).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert encoder.asked == ["a"]


def test_vectors_kept_by_a_former_version_are_taken_over(tmp_path: Path) -> None:
    database = Database(tmp_path / "embeddings.sqlite3")
    embeddings.m001_initial(database)
    digest = hashlib.sha256(b"a").hexdigest()
    database["embeddings"].insert(
        {"encoder": "counting", "text_hash": digest, "vector": np.array([0.5, 0.25, 0], np.float32).tobytes()}
    )
    database.close()
    encoder = Counting()
    assert EmbeddingCache(tmp_path / "embeddings.sqlite3").encode(["a"], encoder).tolist() == [[0.5, 0.25, 0]]
    assert encoder.asked == []


def test_vectors_of_another_encoder_are_not_taken(tmp_path: Path) -> None:
    cache, one, other = EmbeddingCache(tmp_path / "embeddings.sqlite3"), Counting(), Counting()
    other.name = "other"
    cache.encode(["a"], one)
    cache.encode(["a"], other)
    assert other.asked == ["a"]


def test_both_are_encoders(minilm: MiniLMEncoder) -> None:
    held: list[Encoder] = [minilm, Counting()]  # the type checker holds them to the protocol
    assert len(held) == 2
