"""Versions as files for review in git, and back: what is exported and imported again is the same, byte for byte.

A folder holds ``NAME/NUMBER.md`` for each version, ``fragments/HASH.md`` for each fragment that one includes, and
``versions.yaml``, which says of each version its hash, its fragments, who published it and when. Labels are not in it:
they are of the shop that they point in. Knows files and the tables of versions.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from prompts.errors import VersionError
from prompts.library import FILE_NAME, FRAGMENTS, text_of
from prompts.tables import Version
from prompts.versions import Versions, fragment_hash

MANIFEST = "versions.yaml"
_Name = Annotated[str, Field(pattern=r"^[\w-]+$")]


class Listed(BaseModel):
    """One version in the list; a fragment's file is named by its name and hash, without the ending."""

    model_config = ConfigDict(frozen=True)

    version: str
    hash: str
    fragments: dict[_Name, _Name] = {}


_LISTED = TypeAdapter(list[Listed])


@dataclass(frozen=True)
class Exchanged:
    """What was written, or read."""

    versions: int
    new: tuple[Version, ...] = ()


def export(versions: Versions, folder: Path, name: str = "") -> Exchanged:
    """Write every version, or those of one prompt, into the folder; files of the same names there are replaced."""
    listed: list[dict[str, object]] = []
    every = versions.all(name)
    for version in every:
        prompt = versions.text(version)
        _write(folder / version.name / f"{version.number:03d}.md", prompt.content)
        held = {}
        for fragment, text in prompt.fragments.items():
            held[fragment] = f"{fragment}-{fragment_hash(fragment, text)[:16]}"
            _write(folder / FRAGMENTS / f"{held[fragment]}.md", text)
        when = datetime.fromtimestamp(version.time, UTC).isoformat(timespec="seconds")
        listed.append(
            {"version": version.title, "hash": version.hash, "author": version.author, "published": when}
            | ({"fragments": held} if held else {})
        )
    _write(folder / MANIFEST, yaml.safe_dump(listed, sort_keys=False, allow_unicode=True))
    return Exchanged(len(every))


def take(versions: Versions, folder: Path, who: str, why: str = "") -> Exchanged:
    """Publish every prompt in the folder that is not a version yet, in the order of their numbers.

    Nothing is published where one of them cannot be: PromptError with its line, or VersionError where a text is not
    what ``versions.yaml`` says it was.
    """
    listed = {entry.version: entry for entry in _manifest(folder)}
    files = [
        path
        for path in sorted(folder.glob("*/*.md"), key=lambda path: (path.parent.name, len(path.stem), path.stem))
        if path.parent.name != FRAGMENTS and FILE_NAME.match(path.name)
    ]
    if not files:
        raise VersionError(f"There are no prompts in {folder}: a prompt is NAME/NUMBER.md, such as reply/007.md.")
    found = []
    for path in files:
        name, origin = path.parent.name, f"{path.parent.name}/{path.name}"
        entry = listed.get(f"{name}@{int(path.stem)}")
        fragments = None if entry is None else {n: _fragment(folder, f) for n, f in entry.fragments.items()}
        prompt = versions.check(text_of(path), origin, named=name, fragments=fragments)
        if entry is not None and entry.hash != prompt.version:
            raise VersionError(f"{origin} is not the text that {MANIFEST} names: it was changed. Give it a new number.")
        found.append(prompt)
    return Exchanged(len(found), tuple(versions.publish_all(found, who, why)))


def _manifest(folder: Path) -> list[Listed]:
    path = folder / MANIFEST
    if not path.is_file():
        return []
    try:
        return _LISTED.validate_python(yaml.safe_load(text_of(path)) or [])
    except (yaml.YAMLError, ValidationError) as error:
        raise VersionError(f"{path.name} is not as it was exported: {str(error).splitlines()[0]}") from error


def _fragment(folder: Path, name: str) -> str:
    path = folder / FRAGMENTS / f"{name}.md"
    if not path.is_file():
        raise VersionError(f"{MANIFEST} names {FRAGMENTS}/{path.name}, which is not there.")
    return text_of(path)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
