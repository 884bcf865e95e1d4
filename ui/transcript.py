"""The parts of the shopper's page as HTML: header, side panel, conversation, need, composer.

Pure. Knows how a ``Conversation`` looks; knows nothing of Gradio. Every text from a shopper, a record or an LLM is
escaped, and so are the page's own ``words``. Elements that act carry ``data-event`` (and what goes with it), which
``shop_page.js`` hands to the page.
"""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby

from chat.events import Comparison, Tag
from ui.cards import card_html
from ui.conversation import MOST_COMPARED, Conversation, DemoShopper, Exchange
from ui.words import Words

LONGEST_MESSAGE = 2000  # characters; a longer one is no question to a shop assistant

# Of a comparison: the facts that have a word of ours; the others are the merchant's.
_OWN_FACTS = {
    "price": "ofPrice",
    "rating": "ofRating",
    "brand": "ofBrand",
    "category": "ofCategory",
    "stock": "ofStock",
}
_MATTERS = ' class="st-matters"'
_CLOSE = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="m7 7 10 10m0-10L7 17"/></svg>'
_PERSON = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="8.5" r="3.8"/>'
    '<path d="M4.5 20c.7-4 3.7-6 7.5-6s6.8 2 7.5 6"/></svg>'
)
_NEW = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 5.5v13M5.5 12h13"/></svg>'
_SEND = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 19V5.5m-6 6 6-6 6 6"/></svg>'
_STOP = '<svg viewBox="0 0 24 24" aria-hidden="true"><rect x="7.5" y="7.5" width="9" height="9" rx="1.5"/></svg>'


def header_html(shop_name: str, shopper: DemoShopper | None, words: Words) -> str:
    """The slim bar on top: the shop, who is shopping (opens the panel on narrow screens) and a new chat."""
    name = shopper.name if shopper else words("visitor")
    opens = escape(words("whoOpens", name=name), quote=True)
    return (
        # The page's script gives language and direction to the document, which Gradio calls English.
        f'<header class="st-header" lang="{words.language}" dir="{words.locale.direction}">'
        f'<span class="st-mark" aria-hidden="true">{escape(shop_name[:1].upper())}</span>'
        f'<h1 class="st-name">{escape(shop_name)}<small>{escape(words("title"))}</small></h1>'
        f'<button type="button" class="st-quiet st-who" data-event="panel" aria-controls="st-side" '
        f'aria-expanded="false" aria-label="{opens}">{_PERSON}<span>{escape(name.split()[0])}</span></button>'
        f'<button type="button" class="st-quiet" data-event="renew">{_NEW}<span>{escape(words("renew"))}</span>'
        "</button></header>"
    )


def side_html(conversation: Conversation, shoppers: Sequence[DemoShopper], words: Words) -> str:
    """The panel beside the conversation: the shopper, their history, and the switch for personalisation."""
    chosen = chosen_shopper(conversation, shoppers)
    options = "".join(
        f'<option value="{escape(shopper.shopper_id, quote=True)}"{" selected" if shopper is chosen else ""}>'
        f"{escape(shopper.name)}</option>"
        for shopper in shoppers
    )
    name = chosen.name if chosen else words("newShopper")
    about = chosen.description if chosen else words("nothingKnown")
    switched = conversation.personalise
    chooser = (
        f'<label class="st-label" for="st-shopper">{escape(words("shoppingAs"))}</label>'
        '<div class="st-select"><select id="st-shopper" data-event="shopper">'
        f'<option value=""{"" if chosen else " selected"}>{escape(words("noHistory"))}</option>{options}</select></div>'
        f'<div class="st-person"><span class="st-avatar" aria-hidden="true">{escape(_initials(name))}</span>'
        f"<div><strong>{escape(name)}</strong><p>{escape(about)}</p></div></div>"
        if shoppers
        else ""
    )
    return (
        f'<aside class="st-side" aria-label="{escape(words("side"), quote=True)}">{chooser}'
        f'<div class="st-switchrow"><div><strong id="st-personalise">{escape(words("personalise"))}</strong>'
        f"<p>{escape(_switch_words(switched, chosen, words))}</p></div>"
        f'<button type="button" class="st-switch" role="switch" data-event="personalise" '
        f'aria-checked="{"true" if switched else "false"}" aria-labelledby="st-personalise"><i></i></button></div>'
        f"{_history(conversation, chosen, words)}</aside>"
    )


def log_html(
    conversation: Conversation,
    shop_name: str,
    first_questions: Sequence[str],
    shoppers: Sequence[DemoShopper],
    words: Words,
) -> list[str]:
    """The conversation, one piece of HTML for each exchange, so that only what changed travels to the browser."""
    busy = "true" if conversation.busy else "false"
    if not conversation.exchanges:
        welcome = _welcome(shop_name, first_questions, words)
        return [f'<div class="st-log" data-busy="{busy}" data-turns="0">{welcome}</div>']
    names = {shopper.shopper_id: shopper.name for shopper in shoppers}
    last = conversation.exchanges[-1]
    return [
        f'<div class="st-log" role="log" aria-label="{escape(words("log"), quote=True)}" aria-live="off" '
        f'aria-busy="{busy}" data-busy="{busy}" data-turns="{len(conversation.exchanges)}">',
        *(_exchange(exchange, conversation, names, exchange is last, words) for exchange in conversation.exchanges),
        "</div>",
    ]


def need_html(conversation: Conversation, words: Words) -> str:
    """What was understood, as tags that can be taken away, grouped by thing; and what is to be compared."""
    return _tags(conversation, words) + _tray(conversation, words)


def _comparison_message(conversation: Conversation, words: Words) -> str:
    """What the shopper says by pressing "Compare"."""
    titles = list(conversation.compared.values())
    return words("compareSay", items=words("compareAnd").join([", ".join(titles[:-1]), *titles[-1:]]))


def _tags(conversation: Conversation, words: Words) -> str:
    if not conversation.tags:
        return ""
    groups = []
    for want, tags in groupby(conversation.tags, key=lambda tag: tag.want):
        own = "".join(f"<li>{_tag(tag, words)}</li>" for tag in tags)
        named = f' role="group" aria-label="{escape(want, quote=True)}"' if want else ""
        groups.append(f'<div class="st-of"{named}><ul>{own}</ul></div>' if want else f"<ul>{own}</ul>")
    label = escape(words("need"))
    return (
        f'<div class="st-need" role="group" aria-label="{label}"><span class="st-needlabel" aria-hidden="true">{label}'
        f"</span>{''.join(groups)}</div>"
    )


def _tag(tag: Tag, words: Words) -> str:
    shown = tag.label.removeprefix(f"{tag.want}: ") if tag.want else tag.label  # its group names the thing already
    return (
        f'<button type="button" class="st-tag" data-event="untag" data-tag="{escape(tag.id, quote=True)}" '
        f'aria-label="{escape(words("remove", what=tag.label), quote=True)}"><span>{escape(shown)}</span>{_CLOSE}'
        "</button>"
    )


def _tray(conversation: Conversation, words: Words) -> str:
    """The items that were chosen to be compared, and the button that asks for it; empty where there are none."""
    compared = conversation.compared
    if not compared:
        return ""
    enough = len(compared) > 1
    said = " · ".join(compared.values()) if enough else words("compareMore")
    if conversation.is_tray_full:
        said = f"{words('compareFull', n=MOST_COMPARED)} {said}"
    ask = f'data-event="say" data-text="{escape(_comparison_message(conversation, words), quote=True)}"'
    return (
        f'<div class="st-tray" role="group" aria-label="{escape(words("compare"), quote=True)}">'
        f'<p id="st-tray-said" role="status">{escape(said)}</p>'
        f'<button type="button" class="st-docompare" aria-describedby="st-tray-said" '
        f'{ask if enough else """aria-disabled="true" """}>{escape(words("compare"))}</button>'
        f'<button type="button" class="st-uncompare" data-event="uncompare" '
        f'aria-label="{escape(words("uncompare"), quote=True)}">{_CLOSE}</button></div>'
    )


def composer_html(words: Words) -> str:
    """Where the shopper types; Send gives way to Stop while an answer runs."""
    return (
        '<form class="st-composer" autocomplete="off">'
        f'<label class="st-hidden" for="st-message">{escape(words("message"))}</label>'
        f'<textarea id="st-message" rows="1" maxlength="{LONGEST_MESSAGE}" enterkeyhint="send" '
        f'placeholder="{escape(words("hint"), quote=True)}"></textarea>'
        f'<button type="submit" class="st-round st-send" aria-label="{escape(words("send"), quote=True)}">{_SEND}'
        '</button><button type="button" class="st-round st-stop" data-event="stop" '
        f'aria-label="{escape(words("stop"), quote=True)}">{_STOP}</button></form>'
        f'<p class="st-small">{escape(words("small"))}</p>'
        '<div id="st-status" class="st-hidden" role="status" aria-live="polite"></div>'
    )


def chosen_shopper(conversation: Conversation, shoppers: Sequence[DemoShopper]) -> DemoShopper | None:
    """The demo shopper of this conversation; None for a new shopper."""
    return next((shopper for shopper in shoppers if shopper.shopper_id == conversation.shopper_id), None)


def _welcome(shop_name: str, first_questions: Sequence[str], words: Words) -> str:
    chips = "".join(_chip(question, "st-first") for question in first_questions)
    return (
        f'<section class="st-welcome"><h2>{escape(words("hello"))}</h2><p>{escape(words("tell"))} '
        f'<span class="st-ai">{escape(words("ai", shop=shop_name))}</span>'
        f'</p><div class="st-chips st-firsts">{chips}</div></section>'
    )


def _exchange(
    exchange: Exchange, conversation: Conversation, names: dict[str, str], is_last: bool, words: Words
) -> str:
    running = exchange.state == "running"
    asked = f'<p class="st-said"><span class="st-hidden">{escape(words("you"))}</span>{escape(exchange.said)}</p>'
    noted = f'<p class="st-note">{escape(exchange.note)}</p>'
    chips = "".join(_chip(chip) for chip in exchange.chips) if is_last and exchange.state == "done" else ""
    return "".join(
        [
            f'<article class="st-exchange" data-state="{exchange.state}">',
            f'<div class="st-asked">{asked if exchange.said else noted}</div>',
            f'<div class="st-meta">{escape(_meta(exchange, names, words))}</div>',
            _cards(exchange, conversation.compared, words),
            _comparison(exchange.comparison, words) if exchange.comparison is not None else "",
            f'<div class="st-text">{_text(exchange)}</div>',
            f'<div class="st-wait">{_waiting(exchange, words) if running else ""}</div>',
            f'<div class="st-after">{_ending(exchange, words)}</div>',
            f'<div class="st-chips">{chips}</div></article>',
        ]
    )


def _cards(exchange: Exchange, compared: Mapping[str, str], words: Words) -> str:
    """The cards as one list; as a list for each want, under its heading, where the turn answers several."""
    groups = [(want, list(cards)) for want, cards in groupby(exchange.cards, key=lambda card: card.want)]
    lists = [
        f'<ul class="st-cards" data-stage="{exchange.stage}">'
        + "".join(
            card_html(
                card,
                exchange.turn_id,
                words,
                exchange.pressed.get(card.item_id, ""),
                compared=card.item_id in compared,
                level=3 if len(groups) > 1 else 2,
            )
            for card in cards
        )
        + "</ul>"
        for _, cards in groups or [("", [])]
    ]
    if len(groups) < 2:
        return lists[0]
    sections = (
        f'<section class="st-group" aria-label="{escape(want, quote=True)}"><h2 class="st-want">{escape(want)}</h2>'
        f"{cards}</section>"
        for (want, _), cards in zip(groups, lists, strict=True)
    )
    return f'<div class="st-groups">{"".join(sections)}</div>'


def _comparison(comparison: Comparison, words: Words) -> str:
    """The table of what differs; nothing where nothing does."""
    if not comparison.rows:
        return ""
    heads = "".join(f'<th scope="col">{escape(item.title)}</th>' for item in comparison.items)
    rows = []
    for row in comparison.rows:
        name = words(_OWN_FACTS[row.key]) if row.key in _OWN_FACTS else row.name
        cells = "".join(
            f'<td class="st-unsaid">{escape(words("unsaid"))}</td>' if value is None else f"<td>{escape(value)}</td>"
            for value in row.values
        )
        rows.append(f'<tr{_MATTERS if row.matters else ""}><th scope="row">{escape(name)}</th>{cells}</tr>')
    caption = escape(words("differs"), quote=True)
    return (
        f'<div class="st-wide" role="group" aria-label="{caption}" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _meta(exchange: Exchange, names: dict[str, str], words: Words) -> str:
    if not exchange.cards:
        return ""
    count = len(exchange.cards)
    picks = words("pick" if count == 1 else "picks", n=count)
    name = names.get(exchange.shopper_id or "")
    if exchange.personalised and name:
        return f"{picks} · {words('orderedFor', name=name)}"
    return picks + ("" if exchange.personalised else f" · {words('notPersonal')}")


def _text(exchange: Exchange) -> str:
    spoken = "".join(f"<span>{escape(sentence)} </span>" for sentence in exchange.sentences)
    return f"<p>{spoken}</p>" if spoken else ""


def _waiting(exchange: Exchange, words: Words) -> str:
    written = exchange.sentences or exchange.stage == "final"
    word = words("writing" if written else "closer" if exchange.cards else "looking")
    return f'<p class="st-dots"><span>{escape(word)}</span><i></i><i></i><i></i></p>'


def _ending(exchange: Exchange, words: Words) -> str:
    if exchange.error is not None:
        reference = escape(words("reference", id=exchange.error.error_id))
        return f'<p class="st-error" role="alert">{escape(exchange.error.message)} <small>{reference}</small></p>'
    if exchange.state == "stopped":
        return f'<p class="st-aside">{escape(words("stopped"))}</p>'
    if not exchange.llm_reached:
        return f'<p class="st-aside">{escape(words("noModel"))}</p>'
    return ""


def _chip(text: str, extra: str = "") -> str:
    classes = f"st-chip {extra}".strip()
    return (
        f'<button type="button" class="{classes}" data-event="say" data-text="{escape(text, quote=True)}">'
        f"{escape(text)}</button>"
    )


def _switch_words(switched: bool, chosen: DemoShopper | None, words: Words) -> str:
    return words("personalOff" if not switched else "personalOn" if chosen else "personalNew")


def _history(conversation: Conversation, chosen: DemoShopper | None, words: Words) -> str:
    said = {"like": "liked", "dislike": "refused"}
    now = [
        f'<li class="st-now">{escape(words(said[kind], what=title))}</li>'
        for kind, title in reversed(conversation.pressed())
        if kind in said
    ]
    before = [f"<li>{escape(line)}</li>" for line in (chosen.history if chosen else ())]
    if not now and not before:
        return f'<p class="st-empty">{escape(words("noneYet"))}</p>'
    faded = "" if conversation.personalise else " st-off"
    return (
        f'<h2 class="st-label">{escape(words("history"))}</h2>'
        f'<ol class="st-history{faded}">{"".join(now + before)}</ol>'
    )


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()
