"""Parquet files as rows, a few thousand at a time.

Knows pyarrow. Knows nothing of what columns mean.
"""

import json
import math
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow
import pyarrow.parquet

from retrieval.errors import FeedError
from retrieval.rows import Row

MAGIC = b"PAR1"
_BATCH = 500  # rows that are decoded at once
_BUFFER = 1 << 20  # bytes of a column that are read at once; without it, pyarrow reads a row group's column whole


def parquet_columns(data: BinaryIO) -> tuple[str, ...]:
    """The names of the columns. Raises FeedError if the file is damaged."""
    return tuple(_opened(data).schema_arrow.names)


def parquet_rows(data: BinaryIO) -> Iterator[Row]:
    """The rows; where a part cannot be decoded, a last row says so."""
    file = _opened(data)
    number = 0
    try:
        for batch in file.iter_batches(_BATCH, use_threads=False):
            for values in batch.to_pylist(maps_as_pydicts="lossy"):
                number += 1
                held = {name: _plain(value) for name, value in values.items()}
                yield Row(number, json.dumps(held, ensure_ascii=False, default=str), held)
    except (pyarrow.ArrowException, OSError, ValueError):
        left = file.metadata.num_rows - number
        fault = f"the file is damaged: {left:,} rows from here on cannot be read"
        yield Row(number + 1, "", fault=fault, cut=True)


def _opened(data: BinaryIO) -> pyarrow.parquet.ParquetFile:
    try:
        return pyarrow.parquet.ParquetFile(data, buffer_size=_BUFFER, pre_buffer=False)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise FeedError(f"It is a damaged Parquet file: {_first(error)}. Export it again.") from error


def _first(error: BaseException) -> str:
    return str(error).partition("\n")[0].rstrip(".")[:200]


def _plain(value: Any) -> Any:
    """The value as JSON would hold it; a number that is none is nothing."""
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return str(value) if isinstance(value, date | datetime | time) else value
