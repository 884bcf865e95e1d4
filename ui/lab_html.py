"""What the lab shows as HTML: a line of status, differences by word, and a tried turn.

Pure. Every word of a prompt or a record is escaped here.
"""

import difflib
import json
import re
from html import escape
from itertools import zip_longest

from chat.traced import Call
from ui.lab_trial import Trial

LAB_CSS = """
.lab-diff,.lab-call{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.55 ui-monospace,monospace;padding:.8rem;
border:1px solid var(--border-color-primary);border-radius:.5rem;margin:0}
.lab-diff ins{background:#b7e4c7;color:#081c15;text-decoration:none;border-radius:.2rem}
.lab-diff del{background:#f5c2c0;color:#410e0b;border-radius:.2rem}
.lab-trial h4{margin:.9rem 0 .3rem;font-size:.95rem}.lab-trial ol{padding-left:1.2rem;margin:0}
.lab-trial .lab-by{opacity:.7;font-size:.85em}.lab-trial dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem .8rem}
.lab-trial dt{opacity:.7}.lab-trial dd{margin:0}
.lab-bad{color:#b3261e!important;font-weight:600}.dark .lab-bad{color:#f2b8b5!important}
.lab-trial summary{cursor:pointer;padding:.3rem 0}
#lab-status p{min-height:1.5em}
#lab-one,#lab-other,#lab-conversation{overflow-wrap:anywhere}
.lab-wide{overflow-x:auto;max-width:100%}.lab-wide table{border-collapse:collapse}
.lab-wide th,.lab-wide td{padding:.25rem .6rem;border:1px solid var(--border-color-primary);text-align:left;
vertical-align:top}
"""
BY = {"llm": "by the model", "template": "a fixed sentence"}
STEPS = {  # of a turn, in its order, as the assistant's clock names them
    "rank": "items ranked in",
    "first_cards": "first cards after",
    "judge": "items judged after",
    "understand": "message understood after",
    "final_cards": "last cards after",
    "first_llm_sentence": "first sentence of the model's after",
    "first_template_sentence": "first fixed sentence after",
}


def said(line: str, *, bad: bool = False) -> str:
    """A line of status; ``bad``: of something that was not done."""
    return f'<p role="{"alert" if bad else "status"}" class="{"lab-bad" if bad else ""}">{escape(line)}</p>'


def words_html(before: str, after: str) -> str:
    """The second text with what it has that the first had not marked, and what is gone struck out, word by word."""
    if before == after:
        return f'<pre class="lab-diff">{escape(after)}</pre><p>They are the same.</p>'
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    parts = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = escape("".join(old[a:b])), escape("".join(new[c:d]))
        if what == "equal":
            parts.append(come)
            continue
        parts.append((f"<del>{gone}</del>" if gone else "") + (f"<ins>{come}</ins>" if come else ""))
    return f'<pre class="lab-diff">{"".join(parts)}</pre>'


def trial_html(title: str, trial: Trial) -> str:
    """One tried turn: the answer, the cards, how it was checked, what it cost, and what the LLM was sent."""
    parts = [f'<div class="lab-trial"><h3>{escape(title)}</h3>']
    if trial.trouble:
        parts.append(f'<p class="lab-bad">{escape(trial.trouble)}</p>')
    if not trial.llm_reached:
        what = "The language model gave no answer, or a prompt could not be filled in (the log says why)"
        parts.append(f'<p class="lab-bad">{what}: these are the fixed sentences.</p>')
    if trial.before:
        rows = "".join(f"<li><b>{escape(message)}</b><br>{escape(answer)}" for message, answer in trial.before)
        parts.append(f"<h4>Before</h4><ol>{rows}</ol>")
    spoken = [f'{escape(text)} <span class="lab-by">({BY.get(by, escape(by))})</span>' for text, by in trial.sentences]
    parts.append(f'<h4>Answer to “{escape(trial.message)}”</h4><p class="lab-answer">{"<br>".join(spoken) or "…"}</p>')
    if trial.checks:
        rows = "".join(f"<li>{verdict}: {escape(text)}" for verdict, text in trial.checks)
        parts.append(f"<h4>What the model wrote, held against the records</h4><ol>{rows}</ol>")
    if trial.tags:
        parts.append(f"<h4>Understood</h4><p>{escape(' · '.join(trial.tags))}</p>")
    if trial.cards:
        rows = "".join(
            f"<li>{escape(card.title)} {escape(card.price_text)}"
            + (f' <span class="lab-bad">{escape(", ".join(card.outside))}</span>' if card.outside else "")
            for card in trial.cards
        )
        parts.append(f"<h4>Cards</h4><ol>{rows}</ol>")
    if trial.ended:
        rows = "".join(f"<dt>{escape(name)}<dd>{escape(value)}" for name, value in _figures(trial))
        parts.append(f"<h4>Tokens and times</h4><dl>{rows}</dl>")
    if trial.candidates:
        rows = "".join(f"<li>{escape(one)}" for one in trial.candidates)
        head = f"Candidates as they were found, before the ranking: {len(trial.candidates)} of {trial.found}"
        parts.append(f"<details><summary>{head}</summary><ol>{rows}</ol></details>")
    if trial.need:
        parts.append(_folded("What was understood, as JSON", _pretty(trial.need)))
    for number, (call, usage) in enumerate(zip_longest(trial.calls, trial.usage[: len(trial.calls)]), 1):
        sent = "\n\n".join(f"{message['role']}:\n{message['content']}" for message in call.messages)
        parts.append(_folded(f"Call {number}: {_cost(call, usage)}", sent, _pretty(call.answer)))
    return "".join(parts) + "</div>"


def _folded(summary: str, *texts: str) -> str:
    held = "".join(f'<pre class="lab-call">{escape(text)}</pre>' for text in texts)
    return f"<details><summary>{escape(summary)}</summary>{held}</details>"


def _cost(call: Call, usage: tuple[int, int] | None) -> str:
    """What a call was for and what it cost, in words."""
    parts = ["asked for JSON" if call.structured else "asked for text"]
    if usage:
        parts.append(f"{usage[0]:,} tokens read, {usage[1]:,} written")
    if call.first_s is not None:
        parts.append(f"first piece after {call.first_s:.1f} s")
    if call.whole_s is not None:
        parts.append(f"whole after {call.whole_s:.1f} s")
    return ", ".join(parts) + "; what was sent, and the answer as it came"


def _figures(trial: Trial) -> list[tuple[str, str]]:
    verdicts = [verdict for verdict, _ in trial.checks]
    counts = [f"{verdicts.count(one)} {one}" for one in ("kept", "repaired", "cut") if one in verdicts]
    read, wrote = (sum(of) for of in zip(*trial.usage, strict=True)) if trial.usage else (0, 0)
    steps = [
        (name, f"{trial.timings_ms[step] / 1000:.2f} s") for step, name in STEPS.items() if step in trial.timings_ms
    ]
    return [
        ("sentences of the model's", ", ".join(counts) or "none"),
        ("offered as next messages", " · ".join(trial.chips) or "nothing"),
        ("tokens", f"{read:,} read, {wrote:,} written"),
        *steps,
        ("whole turn", "" if trial.whole_s is None else f"{trial.whole_s:.1f} s"),
    ]


def _pretty(answer: str) -> str:
    try:
        return json.dumps(json.loads(answer), indent=2, ensure_ascii=False)
    except ValueError:
        return answer
