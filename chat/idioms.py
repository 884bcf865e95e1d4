"""Ways of speaking that say something plain: "closer to the second one" is "like the second one".

Pure. Puts a message into the words that the rules read, before they read it; what it knows no plainer words for stays
as it was. Simulated shoppers found these: each was misread, at the cost of a constraint or of the whole want.
"""

import re
from collections.abc import Sequence

from chat.abilities import with_abilities
from chat.birthdays import with_ages
from chat.references import ORDINALS
from retrieval.items import Item

_NTH = rf"(?:the |that )?(?P<nth>{'|'.join(ORDINALS)})(?: (?:one|item|option))?"
_SUM = r"(?:[$€£] ?)?\d[\d.,]*(?: ?(?:[$€£]|[a-z]{3,7}\b))?"
_AGAIN = r"(?:on second thoughts?|come to think of it|no,? wait|wait|actually|scratch that|changed my mind)\W+"

_TIME_AGO = r"(?:last|ago|before|years?|months?|yesterday|since|once|back then|in (?:19|20)\d\d)"
# What was bought earlier, and by whom, bounds nothing: "I bought 3 mugs last year for 45 dollars, now I'd like one".
_TOLD = (
    re.compile(
        r"(?<=\s)(?:for|at|and paid) [$€£]?\d[\d.,]*(?: ?(?:[$€£]|dollars?|bucks|euros?|pounds))?(?: altogether| each)?"
        rf"(?=(?:[^.;!?,]*\b{_TIME_AGO}\b)?[^.;!?]*(?:[.,;!?]|\b(?:but|so)\b)\s*(?:but |so |and )?"
        r"(?:now|this time|today)\b)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\bhave(?: got)? (?:\d|two|three|four|five|a couple of|several) (?:little |small |young )?"
        r"(?:kids|children|grandchildren)\b(?=\W*(?:$|[,.;!?]|and\b|so\b|but\b|at\b))",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:M(?:r|rs|s|iss)|D(?:r|oc)|Prof(?:essor)?)\.? [A-Z]\w+"),
)
_WHAT = r"(?P<what>(?!(?:because|since|as|so)\b)[\w'-]+(?: (?:and |or )?(?!(?:because|since|as|so)\b)[\w'-]+){0,2}?)"
_SUBJECT = r"\b(?P<what>(?!(?:it|that|which|they|this|he|she)\b)[\w'-]+(?: (?:and|or) [\w'-]+)?)"
# What somebody cannot bear, WHO to be put in; and that it is to be left out, which says the same once more.
_HARM = (
    r"(?:itch\w*|sneeze|ill|sick|sweat|swell up|come out in \w+|out in \w+"
    r"|(?:a |an |the )?(?:rash(?:es)?|hives|eczema|spots|stomach ?aches?|upset stomach|allerg\w+))"
)
_ILL = (
    rf"(?:(?:makes?|gives?|brings?) (?=(?:\w+ ){{1,2}}{_HARM})|(?:doesn'?t|don'?t|do not|does not|never) agrees? with "
    rf"|(?:upsets?|irritates?|bothers?) )WHO(?:'s? (?:stomach|tummy|skin)| {_HARM})?(?!\w)"
    r"(?:\W+(?:so )?(?:(?:please )?(?:leave|rule) (?:that|it) out|skip (?:that|it)|not that|avoid (?:that|it)))?"
    r"(?:\W*(?: [-\u2013\u2014] |$|[,;.:]))?"
)
# What is said beside the matter: it would be searched for.
_ASIDES = re.compile(
    r",? ?\b(?:if i (?:remember|recall)(?: (?:it )?(?:right(?:ly)?|correctly|well))?|i(?:'d| would) say"
    r"|i (?:guess|suppose)|to be (?:honest|fair|precise)|as far as i (?:know|recall)|sorry to be a bother"
    r"|i (?:do )?hope that makes sense|you are being very patient(?: with me)?|definitely|quickly|for sure)\b"
    r"(?=\W*$|[,.;!?])",
    re.IGNORECASE,
)
_PLAINER: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), plainer)
    for pattern, plainer in (
        (r"^\W*as (?:to|for|regards) the ", "for the "),
        (
            r"(?:^\W*|(?<=[,;.:!?] )|(?<=\band ))for (?P<who>(?:the|my|our|his|her) [\w'-]+)[,:]?"
            r" (?:(?:i|we)(?:'d like| want| need| would like) )?(?P<thing>(?:an?|some) [^,.;!?]+)",
            r"\g<thing> for \g<who>",
        ),
        (
            r"^(?=\W*(?:\w+\W+){0,3}(?:sorry|oops|whoops|typo|meant?|mistake|bad)\b)"
            r"(?:\W|sorry|oops|whoops|a typo|typo|i meant?|that was|that should be|no|ah|oh|my (?:bad|mistake)"
            r"|mistake|wait)*(?P<new>[$€£]?\d[\d.,]*)\W*$",
            r"make that \g<new>",
        ),
        (r"^\W*(?:i )?meant?(?: to (?:say|write|type))? ", ""),
        # added to what is wanted
        (
            r"^\W*(?:(?:please|and|also|ok(?:ay)?)\W+)*(?:add|include) (?!an? |some |the |my |it\b|this |that |\d|in "
            r"|to |them |these |those |another |one )(?![^.;!?]* to (?:my|the) )",
            "with ",
        ),
        (
            r"\b(?:and |just |but )?(?:nothing|none) else (?:fits|suits|works for|will do for)(?: me| him| her| us)?\b",
            "",
        ),
        (
            r"\b(?:now|next|then|and)\W+(?:for )?the (?P<pet>dog|cat|puppy|kitten|baby|kids|children):"
            r" (?P<thing>an? [^,.;]+)",
            r"\g<thing> for the \g<pet>",
        ),
        (r"\b(?P<n>\d{2} ?-?(?:l|lit(?:re|er)s?)) pack\b", r"\g<n> backpack"),
        (
            r"\b(?P<thing>toys?|beds?|bowls?|treats?|leads?|collars?|harness|basket|blanket) for (?:the|my|our"
            r"|a|his|her) (?P<pet>cat|dog"
            r"|kitten|puppy)\b",
            r"\g<pet> \g<thing>",
        ),
        (
            r"\b(?P<pet>cat|dog|puppy|kitten)(?:'?s)? (?P<what>food|water|drinking|feeding|travel|donut|chew"
            r"|car|outdoor|winter)"
            r" (?P<thing>bowls?|beds?|toys?|treats?)\b",
            r"\g<what> \g<pet> \g<thing>",
        ),
        (  # "500 g bag": what the thing comes in is none of the shop's bags
            r"(?P<amount>\d[\d.,]*\s?(?:kg|g|grams?|kilos?|oz|lbs?|pounds?))"
            r" (?:bag|box|tin|jar|pack|pouch)(?:s|es)?\b",
            r"\g<amount>",
        ),
        (r"\b(?:i(?:'ve| have)? )?changed my mind\b[\s,.:;!-]*", "actually "),
        (r"\b(?:that|this) one (?:can|may|could|might) (?:be|cost)(?: up to| about)? (?=[$\u20ac\u00a3]?\d)", "up to "),
        (
            r"^\W*(?:it'?s|it is) (?P<what>[\w' -]{2,40}?) (?:that )?(?:i|we)(?:'m|'re| am"
            r"| are)? ?(?:came(?: in)? for|come for"
            r"|after|here for|looking for|need|want)\b",
            r"I want \g<what>",
        ),
        (
            r"^\W*(?:hi |hello |well |so |ok )?i(?: just)? (?:came|come|popped|dropped) (?:in|by"
            r"|here)? ?(?:thinking of|for"
            r"|looking for|to (?:buy|get|find)) ",
            "I want ",
        ),
        (r"^\W*(?:well |so |ok |hm+ )?i (?:think|believe|guess|suppose)(?: of| that)? (?=i\b|an? |some )", ""),
        # sums
        (
            r"^\W*(?:(?:i|we)(?:'d| would| will|'ll)? )?(?:(?:want|wish|like|plan|hope|intend|wanna|gonna|going|can"
            r"|could) ?(?:to )?)?(?:spend|pay) (?P<sum>[^,.;!?]*?\d[^,.;!?]*?) (?:on|for) "
            r"(?P<thing>(?!(?:it|this|that|them|these|those)\b)[^.;!?]+)",
            r"\g<thing>, spend \g<sum>",
        ),
        (
            rf"(?:\bthere(?:'s| is| are)|\bwe(?:'ve| have)(?: got)?|\bi(?:'ve| have)(?: got)?) (?P<sum>{_SUM})"
            r" in (?:the|our|my|an?) (?:envelope|kitty|pot|jar|pool|piggy bank|purse|wallet|collection|card|account)",
            r"I can spend up to \g<sum>",
        ),
        (
            r"\bfrom (?P<sum>[$€£]\d[\d.,]*|\d{2,}(?:[.,]\d\d?)?(?: (?:dollars|bucks|euros?|pounds))?)(?: and| on)?"
            r" (?:up(?:wards?)?|onwards?)\b(?! to\b)",
            r"at least \g<sum>",
        ),
        (r"\bmy (?:price )?range is (?=[$€£]?\d)", "my budget is "),
        (
            r"\b(?:sorted|ordered|arranged|listed) by price,? (?=cheapest|dearest|lowest|highest|most|least)",
            "",
        ),
        (r"\b(?:blow|bellow|belwo|udner|undr|uner) (?=[$\u20ac\u00a3]? ?\d)", "below "),
        (
            r"\b(?:(?:it|that|this|they|the price) )?(?:must|should|has to|have to|needs? to) (?:stay|remain|keep|be) "
            r"(?=(?:below|under|within|at most) )",
            "",
        ),
        (
            rf"\b(?:i (?:can|could|would|will) )?(?:go|stretch|pay)?(?: up)? ?(?:to )?(?P<sum>{_SUM})"
            r" at the (?:outside|very most)",
            r"at most \g<sum>",
        ),
        (r"\b(?:anything|something|ones?|what|which(?: ones?)?)(?: that| else)? costs? less\b", "cheaper"),
        (
            r"\bif (?:it|they|that|one|the price)(?:'s| is| are| costs?| goes| comes| comes to| runs)? (?:over"
            r"|above|beyond"
            r"|past|more than) (?=[$€£]? ?\d)",
            "at most ",
        ),
        # sizes of which there is talk only
        (
            r"\b(?:(?:always|often|usually|tend to|they|these|those|which|it) )*(?:runs?|comes? up|fits?)"
            r" (?:a (?:bit|little) |very |quite |so |rather )*(?:small|large|big|narrow|tight)(?:ish)?\b",
            "",
        ),
        (
            r"\b(?P<new>xxs|xs|s|m|l|xl|xxl|small|medium|large),? (?:and )?(?:not|instead of|rather than)"
            r" (?:an? )?(?:xxs|xs|s|m|l|xl|xxl|small|medium|large)\b(?! \w+ing)",
            r"size \g<new>",
        ),
        (r"\bcap (?:it|that|this|them|the (?:price|budget|cost|sum|spending)) at ", "at most "),
        (r"\b(more|less|cheaper|higher|lower|rather|other) then (?=[$€£]?\d|an? )", r"\1 than "),
        (r"\b(?:nothing|not) (?:beyond|past|exceeding)\b", "not over"),
        (r"\bstarting (?:from|at|with) (?=[$€£]? ?\d)", "at least "),
        (r"^\W*(?:i(?:'ve| have)? )?got (?=[$€£]? ?\d)", "I have "),
        (
            r"^(?:\W|sorry|oops|whoops|typo|i meant?|no|ah|oh|my (?:bad|mistake)|mistake|wait|that was)*"
            r"(?P<new>[$€£]?\d[\d.,]*),? (?:and )?(?:not|instead of|rather than) [$€£]?\d[\d.,]*\W*$",
            r"make that \g<new>",
        ),
        (
            r"(?P<new>\b\d+(?: [a-z]+)?),? (?:rather than|instead of|and not|not) \d+\b(?=\W*$|,| and\b| but\b)",
            r"\g<new>",
        ),
        # another one than was said
        (r"\bi said [\w -]+?,? but (?=(?:it'?s|i meant?|i want|for)\b)", ""),
        (
            r"\b(?:i said|i (?:wrote|typed|put)|did i say) [\w -]+?[,?]?(?: but)? (?:i )?meant?(?: to (?:say"
            r"|write|type))? ",
            "",
        ),
        (
            r"^\W*(?:(?:ok|okay|and|no|then|please|oops|sorry)\W+)*(?:make|do) (?:that|it|them) (?!(?:an? )?[$€£]?\d)"
            r"(?P<new>[^,.;]+?),? (?:rather than|instead of|and not|not) (?P<old>[^,.;]+)",
            r"\g<new> instead of \g<old>",
        ),
        (
            rf"^\W*{_AGAIN}(?:make (?:that|it) )?(?P<new>(?!(?:make (?:that|it) )?[$€£]?\d)[^,.;]+?)(?: after all)?,?"
            r" (?:rather than|instead of|and not|not) (?P<old>[^,.;]+)",
            r"not \g<old>; \g<new>",
        ),
        (rf"^\W*(?:{_AGAIN})?make (?:that|it|them) (?!(?:an? )?[$€£]?\d)", ""),
        # refusals
        (
            rf"{_SUBJECT} {_ILL.replace('WHO', '(?P<who>(?:my|our) [a-z]+)')}",
            r"for \g<who>; no \g<what>;",
        ),
        (rf"{_SUBJECT} {_ILL.replace('WHO', '(?:me|him|her|us|them|people)')}", r"no \g<what>;"),
        (
            r"\b(?:none of (?:that|the|those)|no more of (?:that|those)|not (?:that|those)) (?P<what>[\w-]+)(?: stuff"
            r"| thing|(?: stuff| ones?)? (?:that|which) (?:itch|scratch|smell|shed|pill|stain|sting)(?:e?s)?)\b",
            r"no \g<what>",
        ),
        (
            r"\b(?:(?:that|which|it|and) )?(?:doesn'?t|don'?t|does not|do not|isn'?t|must not|mustn'?t|shouldn'?t"
            r"|can'?t|won'?t) (?:be )?(?:runs?|works?|running|powered|burns?|rely|depend)(?: (?:on|off|with|by|from))?"
            r" (?P<what>[\w-]+)",
            r", no \g<what>",
        ),
        (
            r"(?:^\W*|(?<=[,;:] )|(?<=\bbut ))(?P<what>[\w'-]+(?: (?:and|or) [\w'-]+)?) (?:excluded|excepted|aside)"
            r"(?=\W*$|[,.;!?])",
            r"no \g<what>",
        ),
        (
            rf"(?:^\W*|(?<=[,.;:!?] )|(?<=\bbut )|(?<=\band )){_WHAT}(?:'s| is| are) (?:right |all |definitely )?"
            r"(?:out(?! of)|(?:a )?(?:definite )?no[- ]?gos?|not welcome|unwelcome|off the table"
            r"|(?:a )?deal[- ]?breakers?"
            r"|not (?:allowed|an option|acceptable|wanted|my (?:thing|style))|unacceptable|forbidden|banned|taboo)\b"
            r"(?: here| for me| either)?(?:,? (?:and |so is |as is )?(?P<also>[\w'-]+) (?:as well|too|also)\b)?",
            r"no \g<what>, no \g<also>",
        ),
        (
            r"\b(?P<what>[\w-]+)(?:,? (?:and )?so|,| -|[.;]) (?:please |just )?"
            r"(?:(?:leave|rule) (?:that|it|this|those|them)"
            r"(?: (?:one|colou?r|ones))? out|(?:skip|avoid) (?:that|it|this|those|them))\b",
            r"; no \g<what>",
        ),
        (r"\b(?:leave|rule) (?:the |any )?(?P<what>[\w'-]+(?: (?:and|or) [\w'-]+)?) out\b", r"no \g<what>"),
        (
            rf"(?:^\W*|(?<=[,.;:!?] )|(?<=\bbut )|(?<=\bbecause )|(?<=\bsince )"
            rf"|(?<=\bas )){_WHAT} (?:makes? (?:me|him|her|us|them) (?:itch|sneeze|ill|sick)"
            r"|gives? (?:me|him|her) (?:a rash|hives)|(?:doesn'?t|don'?t|do not) agree with \w+)\b",
            r"no \g<what>",
        ),
        (
            r"\b(?:i(?:'ve| have)? )?(?:had|have|got) (?:nothing but )?(?:bad luck|trouble|problems)"
            r" with (?P<what>[^,.;]+)(?:,? (?:so|and) (?:none|nothing)(?: of theirs| from them)?(?: please)?)?",
            r"not \g<what>",
        ),
        (
            r"(?:^|(?<=[,.;:] ))(?P<what>[\w' &-]{3,40}?) (?:is|are) (?:no (?:good|use) (?:to|for) me|not for me)\b",
            r"no \g<what>",
        ),
        # what holds or carries so much
        (r"\b(?:that |which )?(?:holding|holds|has a capacity of|with a capacity of) (?:about )?(?=\d)", "of "),
        (r"\bfilled with\b", "with"),
        # like one of those on show
        (
            rf"\b{_NTH} (?:is|was|comes|looks) (?:nearly|almost|close to)"
            r"(?: (?:right|it|there|what i (?:want|meant?)))?"
            r"(?:,? (?:but )?(?:more|something|anything) (?:in that vein|of that (?:sort|kind)|like (?:it|that)))?",
            r"something like the \g<nth> one",
        ),
        (rf"\b(?:something )?(?:closer|nearer|more similar) to {_NTH}", r"something like the \g<nth> one"),
        # others
        (r"^\W*(?:h+m+|no|nah|ok(?:ay)?|well)?\W*(?:any )?others?\W*$", "show me others"),
        (
            r"^\W*(?:no luck(?: yet)?|not yet|nothing yet)?\W*(?:please )?keep (?:looking|searching|going)\W*$",
            "show me others",
        ),
        # no preference
        (
            r"\b(?:whichever|all the same to me|makes no difference(?: to me)?"
            r"|(?:i )?(?:really )?(?:don't|do not) mind(?: at all)?)(?:,? really)?\W*$",
            "no preference",
        ),
    )
)
_BRAND_OF = re.compile(
    r"\b(?:(?:not|no|another|a different|any(?:thing)?(?: other)?) )(?:the )?(?:brand|make|maker)s?"
    rf"(?: of| than| but| from)+ {_NTH}(?:'s)?",
    re.IGNORECASE,
)
_THAT_BRAND = re.compile(
    r"\b(?:not|no|anything but|other than) (?:that|this) (?:brand|make)(?: again)?\b"
    r"|\bany (?:other )?(?:brand|make) (?:but|than|except) (?:that|this)(?: one)?\b",
    re.IGNORECASE,
)


def said_plainly(text: str, shown: Sequence[Item]) -> str:
    """The message in plainer words; ``shown``: the items of the latest cards, in their order.

    >>> said_plainly("closer to the second one", ())
    'something like the second one'
    """
    text = with_ages(_ASIDES.sub("", with_abilities(text)))
    for told in _TOLD:
        text = told.sub("", text) if re.search(r"\w", told.sub("", text)) else text
    for pattern, plainer in _PLAINER:
        text = pattern.sub(plainer, text)
    if (match := _BRAND_OF.search(text)) and (brand := _brand_at(ORDINALS[match["nth"].lower()], shown)):
        text = f"{text[: match.start()]}not {brand}{text[match.end() :]}"
    # "That brand" is the one that all on show have, or the first one's.
    if (match := _THAT_BRAND.search(text)) and (brand := _brand_at(0, shown)):
        text = f"{text[: match.start()]}not {brand}{text[match.end() :]}"
    return text


def _brand_at(index: int, shown: Sequence[Item]) -> str:
    return shown[index].brand if -len(shown) <= index < len(shown) else ""
