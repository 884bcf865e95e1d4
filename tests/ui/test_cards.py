import pytest
from scripted_assistant import FINAL, HOSTILE, a_card

from ui.cards import card_html, placeholder_svg, safe_page, safe_picture
from ui.words import words_in

ENGLISH = words_in("en")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://shop.example/items/4?a=1&b=2", True),
        ("/pictures/tents.svg", True),
        ("/items/4", True),
        ("", False),
        ("http://shop.example/items/4", False),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("data:image/svg+xml,<svg/>", False),
        ("vbscript:x", False),
        ("//elsewhere.example/x", False),
        ("/\\elsewhere.example/x", False),
        ("/\t/elsewhere.example/x", False),
        (" https://shop.example", False),
        ("https://", False),
        ("https:///x", False),
        ("https://[broken/x", False),
        ("pictures/tents.svg", False),
        ("https:\nshop.example", False),
    ],
)
def test_only_https_and_paths_of_this_site_are_kept(url: str, kept: bool) -> None:
    assert (safe_page(url), safe_picture(url)) == ((url, url) if kept else ("", ""))


def test_a_card_shows_the_record_and_says_what_it_breaks() -> None:
    card = FINAL[2]
    placeholder = placeholder_svg(("Jackets",))
    title = "Cloudbreak 3-layer alpine jacket with storm hood"
    address = 'data-turn="turn-9" data-item="item-4"'
    heart = card_html(card, "turn-9", ENGLISH).partition("<svg viewBox")[2].partition("</svg>")[0]
    arrows = card_html(card, "turn-9", ENGLISH).rpartition("<svg viewBox")[2].partition("</svg>")[0]
    assert card_html(card, "turn-9", ENGLISH, "like") == (
        f'<li class="st-card"><div class="st-picture">{placeholder}'
        '<img src="/pictures/jacket.svg" alt="" loading="lazy" decoding="async" referrerpolicy="no-referrer">'
        '<span class="st-outside">over your $150</span></div>'
        f'<div class="st-body"><p class="st-brand">Marlow Ridge</p><h2 class="st-title" title="{title}">{title}</h2>'
        '<p class="st-money"><span class="st-price">$178.00</span>'
        '<span class="st-rating" role="img" aria-label="Rated 4.5 of 5 by 1,287 shoppers">'
        '<span class="st-star">★</span>4.5 <span class="st-count">(1,287)</span></span></p>'
        '<ul class="st-facts"><li>waterproof: 10,000 mm</li><li>weight: 310 g</li></ul>'
        '<p class="st-reason">matches waterproof</p></div>'
        f'<div class="st-actions" role="group" aria-label="{title}">'
        f'<button type="button" class="st-act st-like" data-event="feedback" data-kind="like" {address} '
        f'aria-pressed="true" aria-label="Like: {title}" title="Like">'
        f"<svg viewBox{heart}</svg><span>Like</span></button>"
        f'<button type="button" class="st-act st-dislike" data-event="feedback" data-kind="dislike" {address} '
        f'aria-pressed="false" aria-label="Not this: {title}" title="Not this"><span>Not this</span></button>'
        f'<button type="button" class="st-act st-compare" data-event="compare" data-kind="compare" {address} '
        f'aria-pressed="false" aria-label="Compare: {title}" title="Compare">'
        f"<svg viewBox{arrows}</svg><span>Compare</span></button>"
        '<a class="st-act st-open" href="https://shop.example/items/4" target="_blank" rel="noopener noreferrer" '
        f'data-event="feedback" data-kind="click" {address} aria-label="Open: {title}" title="Open">'
        "<span>Open</span></a></div></li>"
    )


def test_a_card_with_little_known_leaves_out_what_is_not_known() -> None:
    card = a_card(7, "Mug", brand="", price=None, price_text="", facts=(), reason="", rating=None, rating_count=None)
    html = card_html(card, "turn-1", ENGLISH, "dislike")
    absent = ("st-brand", "st-facts", "st-reason", "st-rating", "st-open", "<img", "st-outside")
    assert [name for name in absent if name in html] == []
    assert html.startswith('<li class="st-card st-refused">')
    assert "Price on request" in html


def test_nothing_of_a_hostile_record_becomes_markup() -> None:
    html = card_html(HOSTILE[0], '"><b>', ENGLISH)
    assert [tag for tag in ("<script", "<img", "<b>", "<i>", "<u>", "<s>", "<svg onload", "<a ") if tag in html] == []
    assert "javascript:" not in html
    assert "&lt;img src=x onerror=&quot;window.hurt=1&quot;&gt;" in html


def test_the_drawing_stays_the_same_for_a_category_and_differs_between_categories() -> None:
    drawings = [placeholder_svg((name,)) for name in ("Tents", "Mugs", "Jackets", "Tents")]
    assert drawings[0] == drawings[3]
    assert len(set(drawings)) == 3


def test_a_card_that_someone_pays_for_says_so() -> None:
    marked = card_html(FINAL[0].model_copy(update={"mark": "sponsored"}), "turn-9", ENGLISH)
    assert '<p class="st-paid">sponsored</p>' in marked
    assert marked.replace('<p class="st-paid">sponsored</p>', "") == card_html(FINAL[0], "turn-9", ENGLISH)
