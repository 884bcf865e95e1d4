"""Encoding on a real Ray of this machine, with two workers."""

import socket
from pathlib import Path

import numpy as np
import pytest

from retrieval.cluster import encode_on
from retrieval.embeddings import EmbeddingCache
from retrieval.encoder import MiniLMEncoder
from retrieval.errors import EncoderError

TEXTS = [f"{colour} {thing}, size {n}" for n in range(60) for colour in ("red", "blue") for thing in ("tent", "pan")]


@pytest.fixture
def cache(tmp_path: Path) -> EmbeddingCache:
    return EmbeddingCache(tmp_path / "embeddings.sqlite3")


def test_two_workers_encode_what_is_missing_with_the_same_encoder(
    cache: EmbeddingCache, minilm: MiniLMEncoder, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ray", reason='the extra is not installed: pip install "shoptalk[ray]"')
    cache.encode(TEXTS[:40], minilm)
    told: list[tuple[str, int, int]] = []
    done = encode_on("local", TEXTS, cache, minilm, lambda *step: told.append(step), total=len(TEXTS), workers=2)
    assert done == len(TEXTS) - 40
    assert told[-1] == ("encoding on 2 workers", len(TEXTS), len(TEXTS))
    assert cache.missing(TEXTS, minilm.name) == []
    here = minilm.encode(TEXTS)
    assert (cache.encode(TEXTS, minilm) * here).sum(axis=1).min() > 0.98  # int8 scales are a batch's own
    assert np.linalg.norm(cache.encode(TEXTS, minilm), axis=1) == pytest.approx(1, abs=1e-3)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("here", "is no address of a Ray cluster. Give HOST:PORT"),
        ("127.0.0.1:{closed}", "No Ray cluster answers at 127.0.0.1:"),
        ("127.0.0.1:{closed}", "Start one with: ray start --head, or use --ray local."),
        ("ray://127.0.0.1:10001", "Give HOST:PORT or local."),
    ],
)
def test_an_address_that_is_none_or_does_not_answer(
    cache: EmbeddingCache, minilm: MiniLMEncoder, address: str, words: str
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EncoderError, match=words):
        encode_on(address.format(closed=port), TEXTS, cache, minilm)
