"""The parts of the shopper's page as HTML: header, side panel, conversation, need, composer.

Pure. Knows how a ``Conversation`` looks; knows nothing of Gradio. Every text from a shopper, a record or an LLM is
escaped. Elements that act carry ``data-event`` (and what goes with it), which ``shop_page.js`` hands to the page.
"""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from ui.cards import card_html
from ui.conversation import Conversation, DemoShopper, Exchange

LONGEST_MESSAGE = 2000  # characters; a longer one is no question to a shop assistant

_CLOSE = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="m7 7 10 10m0-10L7 17"/></svg>'
_PERSON = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="8.5" r="3.8"/>'
    '<path d="M4.5 20c.7-4 3.7-6 7.5-6s6.8 2 7.5 6"/></svg>'
)
_NEW = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 5.5v13M5.5 12h13"/></svg>'
_SEND = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 19V5.5m-6 6 6-6 6 6"/></svg>'
_STOP = '<svg viewBox="0 0 24 24" aria-hidden="true"><rect x="7.5" y="7.5" width="9" height="9" rx="1.5"/></svg>'


def header_html(shop_name: str, shopper: DemoShopper | None) -> str:
    """The slim bar on top: the shop, who is shopping (opens the panel on narrow screens) and a new chat."""
    name = shopper.name if shopper else "You"
    return (
        f'<header class="st-header"><span class="st-mark" aria-hidden="true">{escape(shop_name[:1].upper())}</span>'
        f'<h1 class="st-name">{escape(shop_name)}<small>Shop assistant</small></h1>'
        f'<button type="button" class="st-quiet st-who" data-event="panel" aria-controls="st-side" '
        f'aria-expanded="false" aria-label="{escape(name, quote=True)}: shopper and personalisation">'
        f"{_PERSON}<span>{escape(name.split()[0])}</span></button>"
        f'<button type="button" class="st-quiet" data-event="renew">{_NEW}<span>New chat</span></button></header>'
    )


def side_html(conversation: Conversation, shoppers: Sequence[DemoShopper]) -> str:
    """The panel beside the conversation: the shopper, their history, and the switch for personalisation."""
    chosen = chosen_shopper(conversation, shoppers)
    options = "".join(
        f'<option value="{escape(shopper.shopper_id, quote=True)}"{" selected" if shopper is chosen else ""}>'
        f"{escape(shopper.name)}</option>"
        for shopper in shoppers
    )
    name = chosen.name if chosen else "New shopper"
    about = chosen.description if chosen else "Nothing is known of this shopper yet."
    switched = conversation.personalise
    chooser = (
        '<label class="st-label" for="st-shopper">Shopping as</label>'
        '<div class="st-select"><select id="st-shopper" data-event="shopper">'
        f'<option value=""{"" if chosen else " selected"}>New shopper (no history)</option>{options}</select></div>'
        f'<div class="st-person"><span class="st-avatar" aria-hidden="true">{escape(_initials(name))}</span>'
        f"<div><strong>{escape(name)}</strong><p>{escape(about)}</p></div></div>"
        if shoppers
        else ""
    )
    return (
        f'<aside class="st-side" aria-label="Your shopper and personalisation">{chooser}'
        '<div class="st-switchrow"><div><strong id="st-personalise">Personalise</strong>'
        f"<p>{_switch_words(switched, chosen)}</p></div>"
        f'<button type="button" class="st-switch" role="switch" data-event="personalise" '
        f'aria-checked="{"true" if switched else "false"}" aria-labelledby="st-personalise"><i></i></button></div>'
        f"{_history(conversation, chosen)}</aside>"
    )


def log_html(
    conversation: Conversation, shop_name: str, first_questions: Sequence[str], shoppers: Sequence[DemoShopper]
) -> list[str]:
    """The conversation, one piece of HTML for each exchange, so that only what changed travels to the browser."""
    busy = "true" if conversation.busy else "false"
    if not conversation.exchanges:
        return [f'<div class="st-log" data-busy="{busy}" data-turns="0">{_welcome(shop_name, first_questions)}</div>']
    names = {shopper.shopper_id: shopper.name for shopper in shoppers}
    last = conversation.exchanges[-1]
    return [
        f'<div class="st-log" role="log" aria-live="off" aria-busy="{busy}" data-busy="{busy}" '
        f'data-turns="{len(conversation.exchanges)}">',
        *(_exchange(exchange, names, exchange is last) for exchange in conversation.exchanges),
        "</div>",
    ]


def need_html(conversation: Conversation) -> str:
    """What was understood, as tags that can be taken away; empty where nothing narrows the search."""
    if not conversation.tags:
        return ""
    tags = "".join(
        f'<li><button type="button" class="st-tag" data-event="untag" data-tag="{escape(tag.id, quote=True)}" '
        f'aria-label="Remove: {escape(tag.label, quote=True)}"><span>{escape(tag.label)}</span>{_CLOSE}</button></li>'
        for tag in conversation.tags
    )
    return f'<div class="st-need"><span class="st-needlabel">Looking for</span><ul>{tags}</ul></div>'


def composer_html(shop_name: str) -> str:
    """Where the shopper types; Send gives way to Stop while an answer runs."""
    return (
        '<form class="st-composer" autocomplete="off"><label class="st-hidden" for="st-message">Your message</label>'
        f'<textarea id="st-message" rows="1" maxlength="{LONGEST_MESSAGE}" enterkeyhint="send" '
        'placeholder="What are you looking for?"></textarea>'
        f'<button type="submit" class="st-round st-send" aria-label="Send">{_SEND}</button>'
        f'<button type="button" class="st-round st-stop" data-event="stop" aria-label="Stop">{_STOP}</button></form>'
        f'<p class="st-small">An AI answers here. It shows only items of {escape(shop_name)}.</p>'
        '<div id="st-status" class="st-hidden" role="status" aria-live="polite"></div>'
    )


def chosen_shopper(conversation: Conversation, shoppers: Sequence[DemoShopper]) -> DemoShopper | None:
    """The demo shopper of this conversation; None for a new shopper."""
    return next((shopper for shopper in shoppers if shopper.shopper_id == conversation.shopper_id), None)


def _welcome(shop_name: str, first_questions: Sequence[str]) -> str:
    chips = "".join(_chip(question, "st-first") for question in first_questions)
    return (
        f'<section class="st-welcome"><h2>What can we find for you?</h2>'
        f"<p>Say it in your own words: who it is for, what it must do, what it may cost. "
        f'<span class="st-ai">You are talking with an AI. It shows only items that {escape(shop_name)} sells.</span>'
        f'</p><div class="st-chips st-firsts">{chips}</div></section>'
    )


def _exchange(exchange: Exchange, names: dict[str, str], is_last: bool) -> str:
    running = exchange.state == "running"
    asked = f'<p class="st-said"><span class="st-hidden">You: </span>{escape(exchange.said)}</p>'
    noted = f'<p class="st-note">{escape(exchange.note)}</p>'
    chips = "".join(_chip(chip) for chip in exchange.chips) if is_last and exchange.state == "done" else ""
    return "".join(
        [
            f'<article class="st-exchange" data-state="{exchange.state}">',
            f'<div class="st-asked">{asked if exchange.said else noted}</div>',
            f'<div class="st-meta">{_meta(exchange, names)}</div>',
            _cards(exchange),
            f'<div class="st-text">{_text(exchange)}</div>',
            f'<div class="st-wait">{_waiting(exchange) if running else ""}</div>',
            f'<div class="st-after">{_ending(exchange)}</div>',
            f'<div class="st-chips">{chips}</div></article>',
        ]
    )


def _cards(exchange: Exchange) -> str:
    """The cards as one list; as a list for each want, under its heading, where the turn answers several."""
    groups = [(want, list(cards)) for want, cards in groupby(exchange.cards, key=lambda card: card.want)]
    lists = [
        f'<ul class="st-cards" data-stage="{exchange.stage}">'
        + "".join(card_html(card, exchange.turn_id, exchange.pressed.get(card.item_id, "")) for card in cards)
        + "</ul>"
        for _, cards in groups or [("", [])]
    ]
    if len(groups) < 2:
        return lists[0]
    sections = (
        f'<section class="st-group" aria-label="{escape(want, quote=True)}"><h3 class="st-want">{escape(want)}</h3>'
        f"{cards}</section>"
        for (want, _), cards in zip(groups, lists, strict=True)
    )
    return f'<div class="st-groups">{"".join(sections)}</div>'


def _meta(exchange: Exchange, names: dict[str, str]) -> str:
    if not exchange.cards:
        return ""
    count = len(exchange.cards)
    picks = f"{count} {'pick' if count == 1 else 'picks'}"
    name = names.get(exchange.shopper_id or "")
    if exchange.personalised and name:
        return f"{picks} · ordered for {escape(name)}"
    return picks + ("" if exchange.personalised else " · not personalised")


def _text(exchange: Exchange) -> str:
    spoken = "".join(f"<span>{escape(sentence)} </span>" for sentence in exchange.sentences)
    return f"<p>{spoken}</p>" if spoken else ""


def _waiting(exchange: Exchange) -> str:
    if exchange.sentences:
        word = "Writing"
    elif exchange.cards:
        word = "Looking closer" if exchange.stage == "first" else "Writing"
    else:
        word = "Looking"
    return f'<p class="st-dots"><span>{word}</span><i></i><i></i><i></i></p>'


def _ending(exchange: Exchange) -> str:
    if exchange.error is not None:
        return (
            f'<p class="st-error" role="alert">{escape(exchange.error.message)} '
            f"<small>Reference {escape(exchange.error.error_id)}</small></p>"
        )
    if exchange.state == "stopped":
        return '<p class="st-aside">Stopped.</p>'
    if not exchange.llm_reached:
        return '<p class="st-aside">Answered without the language model: the items are real, the wording is fixed.</p>'
    return ""


def _chip(text: str, extra: str = "") -> str:
    classes = f"st-chip {extra}".strip()
    return (
        f'<button type="button" class="{classes}" data-event="say" data-text="{escape(text, quote=True)}">'
        f"{escape(text)}</button>"
    )


def _switch_words(switched: bool, chosen: DemoShopper | None) -> str:
    if not switched:
        return "Off: the next answer ignores the history."
    return "On: the history may change the order." if chosen else "On: what you like here changes the order."


def _history(conversation: Conversation, chosen: DemoShopper | None) -> str:
    words = {"like": "liked", "dislike": "refused"}
    now = [
        f'<li class="st-now">{words[kind]} {escape(title)} · just now</li>'
        for kind, title in reversed(conversation.pressed())
        if kind in words
    ]
    before = [f"<li>{escape(line)}</li>" for line in (chosen.history if chosen else ())]
    if not now and not before:
        return '<p class="st-empty">What you like or refuse here is listed in this panel.</p>'
    faded = "" if conversation.personalise else " st-off"
    return f'<h2 class="st-label">History</h2><ol class="st-history{faded}">{"".join(now + before)}</ol>'


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()
