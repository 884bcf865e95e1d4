"""The card of an adapter: what it was taught on, how, what came of it, and under which licence it stands.

Pure: facts in, Markdown out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chat.taught_llm import LEAST_OWN_ANSWERS, OWN_ANSWERS

CARD = "card.md"
FEW = 40  # requests
REQUESTS = {"given": "the merchant's own", "searched": "shoppers' searches", "use": "of items' descriptions"}


def page(facts: Mapping[str, Any]) -> str:
    """The card's text."""
    settings = facts["settings"]
    parts = [
        f"# Adapter of {facts.get('shop', 'a shop')} for {facts.get('base', 'a language model')}",
        "Low-rank weights (LoRA) beside the model's own, taught by `shoptalk teach`. They teach three things: to "
        "describe the items that would fit, as JSON; to say what kind of message it is, in the same JSON; and to "
        "answer over given items. They answer to the prompts named below and to no others.",
        "## Data",
        f"{facts.get('data', '')}{_writer(facts)}".strip(),
        _table(("examples", "count"), list(facts["examples"].items())),
        f"{facts['held_out']:,} others say how well it goes. {facts['answer_tokens']:,} tokens of answers are learned "
        f"from; {facts['rows']:,} packed rows of "
        f"{settings['pack']} tokens; {facts['pairs']:,} pairs of descriptions, the better by what it finds.",
        "## Recipe",
        f"Rank {settings['rank']}, alpha {settings['alpha']:g}, on every linear layer; bfloat16 products; loss on the "
        f"answers alone. Seed {settings['seed']}. {facts['seconds'] / 60:.0f} minutes on "
        f"{facts.get('machine', 'one machine')}{', cut off by hand' if facts['interrupted'] else ''}.",
        *(_curve(name, settings[part], facts["curves"].get(name, ()), facts) for name, part in
          (("words", "supervised"), ("preference", "preference"))),
        "![The curves](curve.svg)",
        _table(("prompt", "version"), [(name, f"`{version[:12]}`") for name, version in facts["prompts"].items()]),
        "## On this shop",
        *_tried(facts.get("tried", ())),
        "## Figures",
        *_figures(facts.get("figures", {}), facts.get("measured", "")),
        "## Licence",
        f"{facts.get('licence', 'As the data that it was taught on, and the licence of its base model.')}",
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _writer(facts: Mapping[str, Any]) -> str:
    return f" {written(facts)}" if facts.get("writer") else ""


def written(facts: Mapping[str, Any]) -> str:
    """What came of asking a larger model for answers."""
    kept = facts["examples"].get(OWN_ANSWERS, 0)
    spoken = (
        "; the model answers in words of its own, too."
        if kept >= LEAST_OWN_ANSWERS
        else f"; with fewer than {LEAST_OWN_ANSWERS} it answers in the other manners alone."
    )
    return f"Of answers that {facts['writer']} wrote, {kept:,} were kept whole by the check and taught{spoken}"


def _tried(found: Sequence[Mapping[str, Any]]) -> list[str]:
    if not found:
        return ["Nothing was tried: no request was held out, the teaching was cut off, or it is of an older version."]
    rows = [
        (REQUESTS[one["sort"]], one["requests"], f"{one['words']:.3f}", f"{one['described']:.3f}", few(one["requests"]))
        for one in found
    ]
    return [
        "Requests that were held out, and what is found of their right items among ten (Recall@10), by the words alone "
        "and with what the taught model describes: over the whole catalogue by cosines, as if the words named nothing "
        "that the shop has. They also said when to stop.",
        _table(("requests", "count", "by the words", "with a description", ""), rows),
    ]


def few(requests: int) -> str:
    """What is said of so few requests that chance moves a figure more than a teaching does; "" of more."""
    return f"fewer than {FEW}: may be chance" if requests < FEW else ""


def _figures(figures: Mapping[str, float], measured: str) -> list[str]:
    how = "`python -m bench.teaching --adapter FOLDER --card`"
    if not figures:
        return [f"None were taken when it was taught. {how} takes them on the demo shop."]
    rows = [(name, f"{value:.4g}") for name, value in sorted(figures.items())]
    return [f"By {how}; {measured}.", _table(("figure", "value"), rows)]


def _curve(
    name: str, settings: Mapping[str, Any], epochs: Sequence[Mapping[str, float]], facts: Mapping[str, Any]
) -> str:
    if not epochs:
        why = f"{facts['pairs']} pairs are too few" if facts.get("paired") else "it was cut off before"
        return f"The {name} was not taught: {why}."
    head = (
        f"The {name}: learning rate {settings['learning_rate']:g}, {settings['batch']} a step, {len(epochs)} of "
        f"{settings['epochs']} laps."
    )
    rows = [(epoch["number"], f"{epoch['loss']:.4f}", f"{epoch['validation']:.4f}") for epoch in epochs]
    return f"{head}\n\n{_table(('lap', 'loss', 'validation'), rows)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
