"""Shoppers whose every word can be told apart, and the search for their words in all the bytes of a home."""

from pathlib import Path


def found_in(folder: Path, *texts: str) -> list[tuple[str, str]]:
    """Each of the texts with each file of the folder in whose bytes or name it stands."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        held = path.read_bytes()
        found += [(text, path.name) for text in texts if text.encode() in held or text in path.name]
    return found
