"""The evaluation set as files, ``cases/*.yaml``: conversations with what must hold after each message.

Knows the form, and where in a file it is broken. Whether a conversation passes, ``prompts.checks`` says; how one is
held, this package does not know.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from prompts.errors import CaseError
from prompts.expressions import broken_expression

FOLDER = Path(__file__).parent / "cases"
DEMO, OWN = "demo", "own"  # the shops that need no catalogue in the file
MOST_REPEATS = 25  # questions to a judge about one answer


def _several(value: object) -> object:
    return (value,) if isinstance(value, str | int | float) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_several)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rubric(_Form):
    """A question about the answer that only a reader can say yes or no to: an LLM is asked it several times."""

    asks: str = Field(min_length=1)
    at_least: float = Field(0.5, ge=0, le=1)  # share of yes, over which the whole band must lie
    repeats: int = Field(5, ge=1, le=MOST_REPEATS)


class Checks(_Form):
    """What must hold after a message. What is not stated is not checked."""

    shows: Texts = ()  # each is on a card: an item's id, or words of its title, category or attributes
    shows_any: Texts = ()  # one of them is
    never_shows: Texts = ()  # none is on any card, of the first cards neither
    cards_at_least: int | None = Field(None, ge=0)
    cards_at_most: int | None = Field(None, ge=0)
    price_at_most: float | None = None  # of each card that is not marked as outside what was asked
    price_at_least: float | None = None
    need: dict[str, Any] = {}  # what is understood now: each of these parts is just that; see prompts.checks
    asks: bool | str | None = None  # whether a question is asked, or words that it holds
    questions_at_most: int | None = Field(None, ge=0)  # asked, and written by the LLM whether or not they were shown
    says: Texts = ()  # each stands in the text; case does not matter
    says_any: Texts = ()
    never_says: Texts = ()
    written: bool | None = None  # whether the text has a sentence of the LLM's
    language: str = Field("", pattern=r"^([a-z]{2})?$")  # ISO 639-1, of the text
    grounded: bool = False  # every amount and every item that the text names is a record's and was shown
    tokens_at_most: int | None = Field(None, ge=1)  # read and written by the LLM for this message
    words_at_most: int | None = Field(None, ge=1)
    holds: Texts = ()  # Python expressions; see prompts.expressions
    rubric: Rubric | None = None


class CaseTurn(Checks):
    """One message of the shopper's, and what must hold after it."""

    say: str = Field(min_length=1, max_length=5_000)


class CaseEvent(_Form):
    """Something that the shopper did before."""

    kind: Literal["search", "view", "click", "like", "dislike", "cart", "purchase", "rating"]
    item: str = ""
    query: str = ""
    rating: float | None = Field(None, ge=0, le=5)
    days_ago: float = Field(1.0, ge=0)


class CaseItem(_Form):
    """An item of a small catalogue."""

    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    price: float | None = Field(None, ge=0)
    currency: str = "USD"
    category: Texts = ()
    brand: str = ""
    description: str = ""
    attributes: dict[str, Texts] = {}
    stock: int | None = Field(None, ge=0)
    rating: float | None = Field(None, ge=0, le=5)
    rating_count: int | None = Field(None, ge=0)


class CaseForm(_Form):
    """A case as it stands in a file."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")
    about: str = ""
    shop: str = DEMO
    source: str = ""  # the mark of the conversation that it was made from, by which an erasure finds it
    shopper: str = ""  # whose history in the demo shop (or one's own) is used
    history: tuple[CaseEvent, ...] = ()
    turns: tuple[CaseTurn, ...] = Field(min_length=1)


class CaseFile(_Form):
    """One file."""

    about: str = ""
    every: Checks = Checks()  # checked after each message of each case, beside what stands there
    catalogues: dict[str, tuple[CaseItem, ...]] = {}
    cases: tuple[CaseForm, ...] = Field(min_length=1)


class Case(_Form):
    """One conversation, with all that it needs. ``id`` is FILE/NAME, without the file's ending."""

    id: str
    about: str
    shop: str  # "demo", "own", or the name of its catalogue
    catalogue: tuple[CaseItem, ...]  # empty unless it is a small one
    shopper: str
    history: tuple[CaseEvent, ...]
    every: Checks
    turns: tuple[CaseTurn, ...]
    source: str = ""

    @property
    def hash(self) -> str:
        """Of all that decides how it goes: the same hash, the same case."""
        return hashlib.sha256(self.model_dump_json(exclude={"about", "source"}).encode()).hexdigest()

    @property
    def has_rubric(self) -> bool:
        """Whether a judge has something to say of it."""
        return any(turn.rubric for turn in (*self.turns, self.every))


def load(folders: Sequence[Path] = (FOLDER,), glob: str = "*") -> list[Case]:
    """The cases whose id, or file, the glob names, by file and then as they stand there.

    CaseError with file and line where one is not as it must be, or none is named. A folder may be missing.
    """
    found: dict[str, Case] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            for case in read(_text_of(path), path.name):
                if case.id in found:
                    raise CaseError(path.name, 1, f"there is a case {case.id} already; give the file another name")
                found[case.id] = case
    chosen = [case for case in found.values() if fnmatchcase(case.id, glob) or fnmatchcase(case.id, f"{glob}/*")]
    if not chosen:
        files = sorted({case.id.partition("/")[0] for case in found.values()})
        raise CaseError(glob, 0, f"no case is called so. Their files are: {', '.join(files) or 'none'}")
    return chosen


def _text_of(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CaseError(path.name, content.count(b"\n", 0, error.start) + 1, "it is not UTF-8") from error


def read(text: str, origin: str) -> list[Case]:
    """The cases of one file's text; CaseError with the line of what is wrong."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CaseError(origin, line, f"this is not YAML: {error.problem}") from error
    if root is None or not isinstance(raw, dict):
        raise CaseError(origin, 1, "a file of cases has fields: 'cases', and 'about', 'every', 'catalogues' if wanted")
    try:
        form = CaseFile.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        said = {"extra_forbidden": "is no field here", "missing": "is missing"}.get(first["type"], first["msg"])
        named = _named(raw, first["loc"])
        path = [str(part) for part in first["loc"] if not isinstance(part, int)]
        field = ".".join(path[1:] if named else path)
        raise CaseError(origin, _line(root, first["loc"]), f"{named}{field}: {said}") from error
    for place, what in _amiss(form):
        raise CaseError(origin, _line(root, place), f"{_named(raw, place)}{what}")
    stem = origin.removesuffix(".yaml")
    return [
        Case(
            id=f"{stem}/{case.name}",
            about=case.about,
            shop=case.shop,
            catalogue=form.catalogues.get(case.shop, ()),
            shopper=case.shopper,
            history=case.history,
            every=form.every,
            turns=case.turns,
            source=case.source,
        )
        for case in form.cases
    ]


def without_source(text: str, source: str) -> str:
    """The file's text without the cases that have this mark, its comments gone too; "" where nothing is left.

    What cannot be read is gone whole, where the mark stands in it.
    """
    if source not in text:
        return text
    try:
        raw = yaml.safe_load(text)
        left = [case for case in raw["cases"] if case.get("source") != source]
        rest = yaml.safe_dump(raw | {"cases": left}, sort_keys=False, allow_unicode=True)
    except (yaml.YAMLError, TypeError, KeyError, AttributeError):
        return ""
    return rest if left and source not in rest else ""


def _amiss(form: CaseFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What the form alone does not forbid, each with its place."""
    for name in form.catalogues:
        if name in (DEMO, OWN):
            yield ("catalogues", name), f"a catalogue cannot be called {name!r}: that is a shop"
    for expression in form.every.holds:
        if why := broken_expression(expression):
            yield ("every", "holds"), f"holds: {expression!r}: {why}"
    names: set[str] = set()
    for number, case in enumerate(form.cases):
        if case.name in names:
            yield ("cases", number, "name"), "the name is taken by a case above"
        names.add(case.name)
        if case.shop not in (DEMO, OWN, *form.catalogues):
            there = ", ".join((DEMO, OWN, *form.catalogues))
            yield ("cases", number, "shop"), f"there is no shop {case.shop!r}; there are: {there}"
        ids = {item.id for item in form.catalogues.get(case.shop, ())}
        if ids and case.shopper:
            yield ("cases", number, "shopper"), "nobody is known in a small catalogue: write a history instead"
        for at, event in enumerate(case.history):
            if ids and event.item and event.item not in ids:
                yield ("cases", number, "history", at), f"no item of the catalogue has the id {event.item!r}"
        for at, turn in enumerate(case.turns):
            for expression in turn.holds:
                if why := broken_expression(expression):
                    yield ("cases", number, "turns", at, "holds"), f"holds: {expression!r}: {why}"


def _named(raw: Mapping[str, Any], place: Sequence[str | int]) -> str:
    """The case's name, where the place lies in one that has a name."""
    if len(place) > 1 and place[0] == "cases" and isinstance(place[1], int):
        case = raw["cases"][place[1]]
        if isinstance(case, dict) and "name" in case:
            return f"case {case['name']}: "
    return ""


def _line(node: yaml.Node, place: Sequence[str | int]) -> int:
    """The line of a place in the file, as far down as there is something written."""
    line = node.start_mark.line + 1
    for part in place:
        below: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, below = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            below = node.value[part]
            line = below.start_mark.line + 1
        if below is None:
            break
        node = below
    return int(line)
