"""The score table for people and for machines: in a terminal, as JUnit, and as one HTML file.

Knows forms of output; what stands in them comes from ``prompts.scores``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from jinja2 import Environment, StrictUndefined
from rich.console import Console
from rich.table import Table
from rich.text import Text

from prompts.scores import FIGURES, Comparison, Result, total
from retrieval.cleaning import visible

LONGEST_WHY = 160  # characters of a reason in the terminal; the reports have all of it
SHARES = frozenset({"cases", "passed", "constraints", "hit5", "success5", "written"})

Scored = Mapping[str, Sequence[Result]]  # by version, each with the same cases in the same order


def case_rows(scored: Scored) -> list[tuple[Result, ...]]:
    """Of each case what each version came to; simulated shoppers are no cases, and count in the totals alone."""
    return [row for row in zip(*scored.values(), strict=True) if not row[0].simulated]


def print_report(console: Console, scored: Scored, comparisons: Sequence[Comparison]) -> None:
    """The cases that not every version passed, the totals, and what may be said of the differences."""
    versions = list(scored)
    rows = case_rows(scored)
    table = Table("case", *versions, "why")
    for row in rows:
        if not all(result.ok for result in row):
            why = "\n".join(line for result in row for line in whys(result, named=len(row) > 1))
            table.add_row(row[0].case, *(_mark(result) for result in row), Text(why))
    if table.row_count:
        console.print(table)
    passed = sum(all(result.ok for result in row) for row in rows)
    console.print(f"{passed} of {len(rows)} cases are passed whole by {'it' if len(versions) == 1 else 'all'}.")
    console.print(totals_table(scored, comparisons))
    for comparison in comparisons:
        console.print(comparison.sentence, markup=False)


def totals_table(scored: Scored, comparisons: Sequence[Comparison]) -> Table:
    """A row for each figure, a column for each version and, of two versions, one for the difference."""
    of_two = comparisons[0] if len(comparisons) == 1 else None
    table = Table("", *scored, *(["difference"] if of_two else []))
    for row in total_rows(scored, of_two):
        table.add_row(*row)
    return table


def total_rows(scored: Scored, of_two: Comparison | None) -> list[list[str]]:
    """The cells of the table of totals, without its heading."""
    totals = {version: total(results) for version, results in scored.items()}
    gaps = {gap.figure: gap for gap in of_two.gaps} if of_two else {}
    rows = []
    for name, what in {"cases": "cases passed whole", **{name: held[0] for name, held in FIGURES.items()}}.items():
        if not any(name in held for held in totals.values()):
            continue
        row = [what, *(_number(name, held.get(name)) for held in totals.values())]
        if of_two:
            gap = gaps.get(name)
            mark = "beyond noise" if gap and gap.clear else "noise"
            told = (_number(name, value, sign=True) for value in (gap.gain, gap.low, gap.high)) if gap else ()
            row.append("{} ({} to {}), {}".format(*told, mark) if gap else "")
        rows.append(row)
    return rows


def write_junit(path: Path, scored: Scored) -> None:
    """A suite for each version, a test for each case."""
    root = ElementTree.Element("testsuites", name="shoptalk prompts eval")
    for version, held in scored.items():
        results = [result for result in held if not result.simulated]
        failed = sum(not result.ok for result in results)
        suite = ElementTree.SubElement(
            root, "testsuite", name=version, tests=str(len(results)), failures=str(failed), errors="0"
        )
        for result in results:
            test = ElementTree.SubElement(suite, "testcase", classname=version, name=result.case)
            if not result.ok:
                lines = whys(result)
                failure = ElementTree.SubElement(test, "failure", message=visible(lines[0]))
                failure.text = "\n".join(map(visible, lines))
    ElementTree.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def write_html(path: Path, scored: Scored, comparisons: Sequence[Comparison], about: str) -> None:
    """One page that needs nothing else: sentences, totals, and every case with why it failed and what was said."""
    page = _PAGE.render(
        about=about,
        versions=list(scored),
        sentences=[comparison.sentence for comparison in comparisons],
        totals=total_rows(scored, comparisons[0] if len(comparisons) == 1 else None),
        of_two=len(comparisons) == 1,
        rows=case_rows(scored),
        whys=lambda result: whys(result),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _mark(result: Result) -> Text:
    if result.ok:
        return Text("pass", style="green")
    return Text(f"{result.passed} of {result.checks}", style="red")


def whys(result: Result, *, named: bool = False) -> list[str]:
    """A line for each check that did not pass; those of which it cannot be said stand last, and fail nothing."""
    before = f"{result.version}, " if named else ""
    ordered = sorted(result.failures, key=lambda failure: failure.unsure)
    return [
        f"{before}message {failure.turn}: {failure.check}{' (unsure)' if failure.unsure else ''}: "
        + (failure.why if len(failure.why) <= LONGEST_WHY or not named else f"{failure.why[:LONGEST_WHY]}…")
        for failure in ordered
    ]


def _number(name: str, value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return ""
    plus = "+" if sign else ""
    if name in SHARES:
        return f"{value:{plus}.1%}"
    return f"{value:{plus}.0f}" if name in ("tokens", "first_word_ms", "words") else f"{value:{plus}.2f}"


_PAGE = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ versions | join(", ") }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 } th, td { text-align: left; vertical-align: top; padding: .3rem .8rem; border-bottom: 1px solid #ccc }
.pass { color: #11672d } .fail { color: #a3121b } p.said { margin: .2rem 0; color: #555; font-size: .9rem } ul { margin: 0; padding-left: 1.1rem }
</style>
<h1>{{ versions | join(" and ") }}</h1>
<p>{{ about }}</p>
{% for sentence in sentences %}
<p><strong>{{ sentence }}</strong></p>
{% endfor %}
<table>
<tr><th></th>{% for version in versions %}<th>{{ version }}</th>{% endfor %}{% if of_two %}<th>difference</th>{% endif %}</tr>
{% for row in totals %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table>
<table>
<tr><th>case</th>{% for version in versions %}<th>{{ version }}</th>{% endfor %}</tr>
{% for row in rows %}
<tr><td>{{ row[0].case }}</td>
{% for result in row %}
<td>{% if result.ok %}<span class="pass">pass</span>{% else %}<span class="fail">{{ result.passed }} of {{ result.checks }}</span>{% endif %}
{% if result.failures %}<ul>{% for line in whys(result) %}<li>{{ line }}</li>{% endfor %}</ul>{% endif %}
{% for text in result.texts %}<p class="said">{{ text }}</p>{% endfor %}</td>
{% endfor %}
</tr>
{% endfor %}
</table>
</html>
""")  # noqa: E501 - a page's lines
