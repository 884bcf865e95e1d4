"""What became of a prompt's versions, in the words that the shell and the lab both use.

Pure. Knows outcomes and what may be said of a difference; knows neither tables nor pages.
"""

from collections.abc import Sequence
from datetime import datetime

from chat.outcomes import SUCCESSES, Outcome
from prompts.experiment import Arm, difference
from prompts.tables import Entry

DONE = SUCCESSES[1:5]  # what shoppers do with an item that was shown


def when(moment: float) -> str:
    """A moment (unix seconds) by the clock of this machine."""
    return f"{datetime.fromtimestamp(moment):%Y-%m-%d %H:%M}"


def on(site: str) -> str:
    """ " on SITE", or nothing for all sites."""
    return f" on {site}" if site else ""


def rows_of(outcomes: Sequence[Outcome]) -> list[tuple[str, list[str]]]:
    """Of each figure its name, and its value for each version; what shoppers did as shares of its conversations."""
    slow = [one.turn_ms_p95 for one in outcomes]
    return [
        ("conversations", [f"{one.conversations:,}" for one in outcomes]),
        ("turns", [f"{one.turns:,}" for one in outcomes]),
        *((f"with a {kind}", [f"{one.rate(kind):.1%}" for one in outcomes]) for kind in DONE),
        ("thumbs", [f"+{one.thumbs_up} -{one.thumbs_down}" for one in outcomes]),
        ("turns with its words", [f"{one.written:,}" for one in outcomes]),
        ("sentences repaired", [f"{one.repaired:,}" for one in outcomes]),
        ("turns without the LLM", [f"{one.unreached:,}" for one in outcomes]),
        ("turn, p95", ["" if ms is None else f"{ms / 1000:.1f} s" for ms in slow]),
    ]


def conclusion(first: str, production: Outcome, second: str, candidate: Outcome, success: str) -> str:
    """What may be said today of the second version against the first, by their names, in one or two sentences."""
    old, new = (Arm(one.conversations, one.successes[success]) for one in (production, candidate))
    what = "a click, like, cart or purchase" if success == "engaged" else f"a {success}"
    rates = f"{new.rate:.1%} of the conversations of {second} had {what}, {old.rate:.1%} of {first}'s"
    seen = difference(old, new)
    if seen is None:
        return f"{rates}: too few yet to say anything."
    interval = f"{seen.gain:+.1%}, between {seen.low:+.1%} and {seen.high:+.1%} however often one looks"
    if not seen.sure:
        return f"{rates}: {interval}. No difference beyond noise yet."
    return f"{rates}: {interval}. {second} is {'better' if seen.gain > 0 else 'worse'}, beyond noise."


def told(entry: Entry, before: str, after: str) -> str:
    """A line of the journal; ``before`` and ``after`` name its versions."""
    match entry.done:
        case "published":
            return f"published {after}"
        case "moved" | "back":
            return f"moved {entry.label}{on(entry.site)} from {before or 'nothing'} to {after or 'nothing'}"
        case "split":
            share = f"{float(entry.after):.0%}" if entry.after else "the share that it has everywhere"
            return f"gave the candidate of {entry.name} {share}{on(entry.site)}"
        case _:
            return f"wrote the fragment {entry.name}"
