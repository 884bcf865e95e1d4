"""What the lab shows as HTML: differences by word, and a tried turn.

Pure. Every word of a prompt or a record is escaped here.
"""

import difflib
import json
import re
from html import escape

from ui.lab_trial import Trial

LAB_CSS = """
.lab-diff,.lab-call{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.55 ui-monospace,monospace;padding:.8rem;
border:1px solid var(--border-color-primary);border-radius:.5rem;margin:0}
.lab-diff ins{background:#b7e4c7;color:#081c15;text-decoration:none;border-radius:.2rem}
.lab-diff del{background:#f5c2c0;color:#410e0b;border-radius:.2rem}
.lab-trial h4{margin:.9rem 0 .3rem;font-size:.95rem}.lab-trial ol{padding-left:1.2rem;margin:0}
.lab-trial .lab-by{opacity:.7;font-size:.85em}.lab-trial dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem .8rem}
.lab-trial dt{opacity:.7}.lab-trial dd{margin:0}.lab-bad{color:#b3261e}
.dark .lab-bad{color:#f2b8b5}
#lab-one,#lab-other{overflow-wrap:anywhere}#lab-score,#lab-outcomes{overflow-x:auto}
"""


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
        parts.append(f'<p class="lab-bad">{what}: these are the plain sentences.</p>')
    said = [f'{escape(text)} <span class="lab-by">({escape(by)})</span>' for text, by in trial.sentences]
    parts.append(f"<h4>Answer</h4><p>{'<br>'.join(said) or '…'}</p>")
    if trial.tags:
        parts.append(f"<h4>Need</h4><p>{escape(' · '.join(trial.tags))}</p>")
    if trial.cards:
        rows = "".join(
            f"<li>{escape(card.title)} {escape(card.price_text)}"
            + (f' <span class="lab-bad">{escape(", ".join(card.outside))}</span>' if card.outside else "")
            for card in trial.cards
        )
        parts.append(f"<h4>Cards</h4><ol>{rows}</ol>")
    if trial.ended:
        parts.append(f"<h4>Figures</h4><dl>{''.join(f'<dt>{k}<dd>{escape(v)}' for k, v in _figures(trial))}</dl>")
    for number, call in enumerate(trial.calls, 1):
        sent = "\n\n".join(f"{message['role']}:\n{message['content']}" for message in call.messages)
        parts.append(
            f"<details><summary>Call {number}: what was sent, and the answer as it came</summary>"
            f'<pre class="lab-call">{escape(sent)}</pre><pre class="lab-call">{escape(_pretty(call.answer))}</pre>'
            "</details>"
        )
    return "".join(parts) + "</div>"


def _figures(trial: Trial) -> list[tuple[str, str]]:
    verdicts = [f"{trial.verdicts.count(one)} {one}" for one in ("kept", "repaired", "cut") if one in trial.verdicts]
    return [
        ("sentences of the LLM's", ", ".join(verdicts) or "none"),
        ("suggested next", " · ".join(trial.chips) or "nothing"),
        ("tokens", f"{trial.tokens[0]:,} read, {trial.tokens[1]:,} written"),
        ("first text", "" if trial.first_text_s is None else f"{trial.first_text_s:.1f} s"),
        ("whole turn", "" if trial.whole_s is None else f"{trial.whole_s:.1f} s"),
    ]


def _pretty(answer: str) -> str:
    try:
        return json.dumps(json.loads(answer), indent=2, ensure_ascii=False)
    except ValueError:
        return answer
