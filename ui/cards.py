"""One item card as HTML: what the shopper sees of a ``chat.events.Card``.

Pure. Knows how a card looks and which addresses are safe; knows nothing of Gradio or of the conversation. Every word
of a record is escaped here: a title is text, whatever its merchant wrote into it.
"""

import hashlib
from html import escape
from urllib.parse import urlsplit

from chat.events import Card
from ui.words import Words

Pressed = str  # "like", "dislike" or "" where the shopper pressed neither

_HEART = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 20.3 4.6 13a4.9 4.9 0 0 1 0-7 4.9 4.9 0 0 1 7 0l.4.5'
    '.4-.5a4.9 4.9 0 0 1 7 0 4.9 4.9 0 0 1 0 7z"/></svg>'
)


_SCALES = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 8.5h15m-4-4 4 4-4 4M20 15.5H5m4-4-4 4 4 4"/></svg>'


def card_html(
    card: Card, turn_id: str, words: Words, pressed: Pressed = "", *, compared: bool = False, level: int = 2
) -> str:
    """The card as one ``<li>``; its buttons carry the turn and the item for the page's script to hand back.

    ``compared``: chosen to be compared; ``level``: of its title among the page's headings.
    """
    named = escape(card.title, quote=True)
    address = f'data-turn="{escape(turn_id, quote=True)}" data-item="{escape(card.item_id, quote=True)}"'
    parts = [
        f'<li class="st-card{" st-refused" if pressed == "dislike" else ""}">',
        f'<div class="st-picture">{placeholder_svg(card.category or (card.title,))}{_picture(card.picture_url)}',
        _outside(card.outside),
        "</div>",
        '<div class="st-body">',
        f'<p class="st-brand">{escape(card.brand)}</p>' if card.brand else "",
        f'<h{level} class="st-title" title="{named}">{escape(card.title)}</h{level}>',
        f'<p class="st-money"><span class="st-price">{escape(card.price_text or words("noPrice"))}</span>',
        _rating(card.rating, card.rating_count, words),
        "</p>",
        _facts(card.facts),
        f'<p class="st-variants">{escape(card.variants)}</p>' if card.variants else "",
        f'<p class="st-paid">{escape(card.mark)}</p>' if card.mark else "",
        f'<p class="st-reason">{escape(card.reason)}</p>' if card.reason else "",
        "</div>",
        f'<div class="st-actions" role="group" aria-label="{named}">',
        _button("like", words("like"), _HEART, address, named, pressed == "like"),
        _button("dislike", words("refuse"), "", address, named, pressed == "dislike"),
        _button("compare", words("compare"), _SCALES, address, named, compared, event="compare"),
        _open(card.page_url, address, named, words("openItem")),
        "</div></li>",
    ]
    return "".join(parts)


def safe_picture(url: str) -> str:
    """The address if a picture may be fetched from it: https, or a path of this site. Otherwise empty."""
    return _safe(url)


def safe_page(url: str) -> str:
    """The address if a link may lead there: https, or a path of this site. Otherwise empty."""
    return _safe(url)


def _safe(url: str) -> str:
    # Browsers drop tabs and newlines and read a backslash as a slash, so "/\t/host" and "/\\host" leave the site.
    if not url or "\\" in url or any(character <= " " or character == "\x7f" for character in url):
        return ""
    if url.startswith("/"):
        return "" if url.startswith("//") else url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme == "https" and parts.hostname else ""


def placeholder_svg(category: tuple[str, ...]) -> str:
    """A drawn stand-in for a picture: calm colours that stay the same for a category, and the category's name.

    It lies under every picture, so that a slow or broken one leaves a card that still looks finished.
    """
    name = category[-1][:24]
    digest = hashlib.sha256(name.lower().encode()).digest()
    hue, tilt = digest[0] * 360 // 256, digest[1] % 40
    return (
        f'<svg class="st-placeholder" viewBox="0 0 200 160" preserveAspectRatio="xMidYMid slice" aria-hidden="true" '
        f'style="--hue:{hue}"><rect class="st-ground" width="200" height="160"/>'
        f'<circle class="st-far" cx="{130 + tilt}" cy="{30 + tilt}" r="64"/>'
        f'<path class="st-near" d="M-10 {118 - tilt // 2} Q60 {70 + tilt} 110 {112 - tilt // 2} T210 96 V170 H-10z"/>'
        f'<text x="100" y="131" text-anchor="middle">{escape(name)}</text></svg>'
    )


def _picture(url: str) -> str:
    safe = safe_picture(url)
    # An empty alt: the title stands beside it, and a broken picture with an empty alt shows nothing at all.
    image = '<img src="{}" alt="" loading="lazy" decoding="async" referrerpolicy="no-referrer">'
    return image.format(escape(safe, quote=True)) if safe else ""


def _outside(broken: tuple[str, ...]) -> str:
    return f'<span class="st-outside">{escape(" · ".join(broken))}</span>' if broken else ""


def _rating(rating: float | None, count: int | None, words: Words) -> str:
    if rating is None:
        return ""
    stars, many = words.number(rating, 1), "" if count is None else words.number(count)
    counted = f' <span class="st-count">({many})</span>' if many else ""
    spoken = words("ratedBy", r=stars, n=many) if many else words("rated", r=stars)
    return (
        f'<span class="st-rating" role="img" aria-label="{escape(spoken, quote=True)}">'
        f'<span class="st-star">★</span>{stars}{counted}</span>'
    )


def _facts(facts: tuple[str, ...]) -> str:
    if not facts:
        return ""
    return '<ul class="st-facts">' + "".join(f"<li>{escape(fact)}</li>" for fact in facts[:2]) + "</ul>"


def _button(kind: str, word: str, icon: str, address: str, named: str, pressed: bool, event: str = "feedback") -> str:
    word = escape(word, quote=True)
    return (
        f'<button type="button" class="st-act st-{kind}" data-event="{event}" data-kind="{kind}" {address} '
        f'aria-pressed="{"true" if pressed else "false"}" aria-label="{word}: {named}" title="{word}">'
        f"{icon}<span>{word}</span></button>"
    )


def _open(url: str, address: str, named: str, word: str) -> str:
    safe = safe_page(url)
    if not safe:
        return ""
    word = escape(word, quote=True)
    return (
        f'<a class="st-act st-open" href="{escape(safe, quote=True)}" target="_blank" rel="noopener noreferrer" '
        f'data-event="feedback" data-kind="click" {address} aria-label="{word}: {named}" title="{word}">'
        f"<span>{word}</span></a>"
    )
