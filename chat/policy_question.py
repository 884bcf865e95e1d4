"""What a message asks of the shop itself, by its wording: its policies, an order, or a complaint.

Pure. Knows wording, and the headings of the merchant's own sections; knows no passage. A message is read part by part,
so that a wish beside the question stays a wish: what is left of the message is given back.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from chat.policies import Policy
from chat.words import content_words, singular, tokens, word_set

Kind = Literal["policy", "order", "complaint"]

_OPENER = (
    r"^\W*(?:(?:and|but|so|also|ok(?:ay)?|well|hi|hello|hey|thanks?|please|sorry|by the way|btw|oh|what about"
    r"|how about)"
    r"\W+)*(?:(?:can|could|would) you (?:please )?tell me\W+|tell me\W+|do you know\W+|i(?:'d| would) like to know\W+"
    r"|i(?:'m| am)? wonder(?:ing)?\W+)?(?:if\W+|whether\W+|about\W+)?"
)
_ASKS = (
    rf"{_OPENER}(?:can|could|may|do|does|did|is|are|am|was|will|would|should|must|how|what|what's|which|who|where"
    rf"|when"
    r"|until|for how|any|if|in case|suppose)\b"
)
_WANTS_THINGS = re.compile(
    r"\b(?:show me|find me|i (?:need|want)(?! to (?:talk|speak|know|return|exchange|contact|reach))|i'm looking"
    r"|looking for|do you (?:have|sell|carry|stock) (?:an?|any|some)\b"
    r"(?! (?:returns?|refund|shipping|delivery|warranty|guarantee|contact|phone|email|e-mail|payment|discount|student"
    r"|promo|price|coupon|voucher|hotline|policy|number|address|showroom|shop|store|physical|real|opening))"
    r"|do you (?:have|sell|carry|stock)(?! (?:an?|any|some|free|next|same|express|price|gift|your|my|customer"
    r"|student)\b))",
    re.IGNORECASE,
)
# Asked outright, whatever else stands in the part.
_SURE: dict[str, re.Pattern[str]] = {
    "price_match": re.compile(
        r"\bprice[- ]?match\w*|\bmatch (?:[\w']+ ){0,3}prices?\b|\bbeat (?:[\w']+ ){0,2}prices?\b"
        r"|\b(?:found|seen|saw|find) (?:\w+ ){1,3}(?:cheaper|for less) (?:elsewhere|at|on|somewhere)\b",
        re.IGNORECASE,
    ),
    "returns": re.compile(
        r"\b(?:returns?|refunds?|exchanges?|cancell?ation|withdrawal) (?:policy|policies|window|period|conditions"
        r"|terms|rules?|process|procedure|deadline|rights?|form)\b"
        rf"|{_ASKS}.*\b(?:returned|returning|returns?(?! (?:address|of|gift|to school|ticket)\b)|refund(?:ed|s|able)?"
        r"|money back|exchanged?(?! rates?)|send (?:\w+ ){1,3}?back|bring (?:\w+ ){1,3}?back"
        r"|take (?:it|them|this|these|that) back|give (?:it|them|this|these) back)\b"
        r"|\b(?:what )?if (?:it|they|this|these|that|he|she|the \w+|my \w+) (?:just )?(?:doesn'?t|don'?t|does not"
        r"|do not|didn'?t|won'?t|isn'?t|aren'?t|is too|are too|is the wrong|are the wrong"
        r"|turns? out) ?(?:to be )?(?:too"
        r" )?(?:fit|suit|like|right|want|small|big|large|tight|wrong|size|good)\b.*"
        r"|\bwhat (?:happens )?if (?:it|they|this|that|something|anything|my \w+) (?:arrives?|comes?|is"
        r"|gets?) (?:\w+ )?"
        r"(?:broken|damaged|faulty|defective|wrong|late)\b"
        r"|\bif i (?:change|changed) my mind\b|\bchange my mind (?:later|afterwards)\b",
        re.IGNORECASE,
    ),
    "delivery": re.compile(
        rf"{_ASKS} (?:you|u|it|they|this|that|these|the (?:shop|store|\w+))(?: guys| also| even| still| all| ever)*"
        r" (?:deliver|ship|dispatch|post|arrive|come|get here|get delivered|be (?:delivered|shipped|here|sent))\b"
        r"(?! (?:in|with|as|from|have|has)\b)"
        rf"|{_ASKS} (?:you|u) (?:\w+ )?send (?:it|them|this|these|things|items|orders|parcels|abroad|worldwide"
        r"|overseas|to)\b(?! me\b)"
        r"|\b(?:shipping|delivery|postage) (?:costs?|fees?|charges?|times?|options?|policy|rates?|prices?|methods?"
        r"|terms|speed|countries|dates?|information|info|details|zones?)\b"
        rf"|{_OPENER}(?:how (?:much|long|fast|quick(?:ly)?|soon)|when|what)\b.*\b(?:shipping|delivery|postage"
        rf"|deliver(?:ed)?"
        r"|ship|shipped|arrive|get here|dispatch(?:ed)?)\b(?! (?:boxe?s?|bags?|labels?|tape|box)\b)"
        rf"|{_OPENER}how (?:soon|quickly|fast) (?:can|could|will|would) (?:i|we) (?:get|have|receive) (?:it|them|this"
        r"|these|that|one)\b"
        r"|\b(?:where|which countries|what countries|to which countries|which states) do you (?:ship|deliver|send)\b"
        rf"|{_ASKS} (?:i|we) (?:collect|pick (?:it|them|this) up|pick up|come and get)\b|\bclick (?:and|&) collect\b",
        re.IGNORECASE,
    ),
    "warranty": re.compile(
        rf"{_ASKS}.*\b(?:warrant(?:y|ies)|guarantee[ds]?)\b|\b(?:warranty|guarantee) (?:policy|terms|period"
        rf"|conditions"
        r"|claims?|cover(?:age)?|length)\b"
        r"|\bwhat (?:happens )?if (?:it|they|this|that|the \w+|my \w+) (?:breaks?|stops? working|is (?:broken|faulty"
        r"|defective)|dies|fails?|falls? apart)\b|\bdo you (?:do )?repairs?\b",
        re.IGNORECASE,
    ),
    "visit": re.compile(
        r"\b(?:opening|business|store|shop) (?:hours|times)\b"
        r"|\b(?:when|what time|until when|how late) (?:do|are|does|is) (?:you|the (?:shop|store)) (?:open|close"
        r"|shut)\b"
        r"|\bwhere (?:are you|is (?:your|the) (?:shop|store|showroom|office)) ?(?:located|based|situated)?(?=\W*$)"
        r"|\bdo you have an? (?:physical |real |actual )?(?:shop|store|showroom)(?=\W*$| i can| where| in\b| near)"
        r"|\bare you open (?:on|at|today|tomorrow|now|this)\b",
        re.IGNORECASE,
    ),
    "contact": re.compile(
        r"\bhow (?:can|do|could|should|would|may) (?:i|we) (?:best )?(?:reach|contact|call|phone|ring|e-?mail"
        r"|write to"
        r"|get in touch|get (?:a )?hold of|speak (?:to|with)|talk (?:to|with)) ?(?!\w+ (?:skin|lens))"
        r"|\b(?:speak|talk|chat|connect me|put me through) (?:to|with) (?:an? |your |the )?(?:real |actual "
        r"|live )?(?:human"
        r"|person|agent|someone|somebody|manager|representative|rep|advisor|adviser|staff|team|owner|people)\b"
        r"|\bcustomer (?:service|support|care|services)\b(?! (?:is|was) )|\bhelp ?(?:line|desk)\b|\bhotline\b"
        r"|\b(?:your|the shop'?s|a|any) (?:tele)?(?:phone )?(?:contact )?(?:phone|telephone|number"
        r"|e-?mail(?: address)?"
        r"|postal address|street address|contact (?:details|info\w*|number|form|address))(?=\W*(?:$|[?.!,]| (?:to"
        r"|for|i|so)"
        r"\b))"
        r"|\bcontact (?:details|info\w*|form|number|us|you|e-?mail|address)\b|\bwhat'?s? (?:is )?your address\b"
        r"|\bwrite to you\b",
        re.IGNORECASE,
    ),
    "payment": re.compile(
        r"\bpayment (?:methods?|options?|plans?|terms|types?)\b|\bhow (?:can|do|could|would) (?:i|we) pay\b"
        rf"|{_ASKS} (?:i|we) pay (?:by|with|via|using|on|in|later|cash)\b|\bpay (?:in|by) instal?lments?\b"
        r"|\b(?:do|can|will) you (?:guys )?(?:accept|take) (?:\w+ )?(?:pay ?pal|cards?|visa|master ?card|amex"
        r"|american express"
        r"|cash|che(?:que|ck)s?|klarna|apple pay|google pay|bitcoin|crypto\w*|bank transfers?|invoices?|euros?"
        r"|dollars"
        r"|pounds|debit|credit|afterpay)\b|\bwhat (?:cards|payments?) do you (?:accept|take)\b",
        re.IGNORECASE,
    ),
    "offers": re.compile(
        r"\b(?:discount|promo(?:tion(?:al)?)?|coupon|voucher) codes?\b|\b(?:student|senior|military|staff|loyalty"
        r"|first"
        r"[- ]order|newsletter) discounts?\b"
        rf"|{_ASKS} (?:you|there) (?:have |offer |give |accept )?(?:any )?(?:discounts|coupons|vouchers"
        rf"|promotions)(?=\W*$)",
        re.IGNORECASE,
    ),
    "privacy": re.compile(
        r"\bprivacy (?:policy|notice|statement)\b|\b(?:do|what do|how do|will) you (?:do with |sell |share |keep "
        r"|store "
        r"|use |protect |track )(?:all )?my (?:personal )?(?:data|information|details|messages|chats?"
        r"|conversations?)\b",
        re.IGNORECASE,
    ),
}
# Words of a topic that ask for it where the part holds no other: "returns?", "what about shipping".
_ALONE = {
    "returns": word_set("return returns refund refunds exchange exchanges policy free"),
    "delivery": word_set(
        "delivery shipping postage ship deliver free express international internationally worldwide next day abroad"
        " overseas fast long cost times"
    ),
    "warranty": word_set("warranty warranties guarantee guarantees long"),
    "contact": word_set("contact phone telephone email e-mail number address"),
    "payment": word_set("payment payments paypal visa mastercard klarna"),
    "offers": word_set("discount discounts coupon coupons voucher vouchers"),
    "privacy": word_set("privacy"),
}
_CORE = {
    "returns": word_set("return returns refund refunds exchange exchanges"),
    "delivery": word_set("delivery shipping postage"),
    "warranty": word_set("warranty warranties guarantee guarantees"),
    "contact": word_set("contact phone telephone email e-mail"),
    "payment": word_set("payment payments paypal visa mastercard klarna"),
    "offers": word_set("discount discounts coupon coupons voucher vouchers"),
    "privacy": word_set("privacy"),
}

_THING = r"(?:order|parcel|package|delivery|shipment|purchase)s?"
_ORDER = re.compile(
    rf"\b(?:where(?:'s| is| are)|track|trace|status of|check(?: on)?|follow|look up|what happened to|cancel|change"
    rf"|update"
    rf"|amend|modify) (?:the status of |up on )?(?:my|our|the|an?) (?:\w+ )?{_THING}\b"
    rf"|\b(?:when (?:will|does|is|should|do)|has|have|did|is|was|will) (?:my|our) (?:\w+ )?{_THING}\b"
    r"|\border (?:number|no\.?|nr\.?|#|id)?\s*[#:]?\s*[a-z]{0,3}-?\d{3,}\b|\border (?:status|tracking)\b"
    r"|\btracking (?:number|code|link|id|information|info)\b"
    rf"|\b(?:my|our) (?:\w+ )?{_THING}\b.*\b(?:hasn'?t|has not|haven'?t|didn'?t|did not|never|still|is late|delayed"
    rf"|lost"
    r"|stuck|not (?:here|arrived|come|been)|yet)\b"
    r"|\bi(?:'ve| have)? (?:ordered|bought|purchased)\b.*\b(?:hasn'?t|has not|haven'?t|not|never|still|didn'?t"
    r"|nothing)"
    r" (?:\w+ )?(?:arrived?|come|came|shipped|delivered|received|been|waiting)\b"
    r"|\b(?:i'?m |i am |been |still )+waiting (?:\w+ ){0,4}for (?:my|the|our) (?!size|birthday)\w+"
    rf"|\bchange (?:\w+ ){{1,4}}(?:on|of|in|for) my {_THING}\b|\bdid you (?:get|receive) my {_THING}\b",
    re.IGNORECASE,
)

_DAMAGE = (
    r"(?:broken|damaged|defective|faulty|cracked|smashed|shattered|scratched|torn|ripped|chipped|dented|leaking"
    r"|mouldy|moldy"
    r"|expired|in pieces|empty|incomplete|the wrong (?:\w+)|wrong|used|dirty|dead|unusable|not working|missing)"
)
_ARRIVED_SO = re.compile(
    rf"\b(?:arrived|came|turned up|was delivered|were delivered|got here)\b.{{0,30}}\b{_DAMAGE}\b"
    rf"|\b(?:you(?:'ve| have)? (?:sent|delivered|shipped)|i(?:'ve| have)? (?:got|received|was sent|ordered|bought)"
    rf"|got sent)\b"
    rf".{{0,50}}\b{_DAMAGE}\b"
    r"|\b(?:something|an item|items?|part|parts|half) (?:is|are|was|were)? ?missing (?:from|in) (?:my|the)\b"
    r"|\bnever (?:arrived|came|got here|received)\b",
    re.IGNORECASE,
)
_OWN_BROKE = re.compile(
    rf"\b(?:my|the \w+ (?:i|you|we)(?:'ve)? (?:\w+ )?(?:bought|ordered|got|sent)|it)\b.{{0,40}}\b(?:broke"
    rf"|(?:has )?stopped"
    rf" working|fell apart|(?:is|are|was|were) (?:already |all )?{_DAMAGE}|(?:doesn'?t|does not|won'?t) work|tore"
    rf"|leaks)\b",
    re.IGNORECASE,
)
_OF_THE_SHOP = re.compile(
    r"\b(?:make|file|lodge|have) a complaint\b|\b(?:want|like|wish|need) to complain\b|^\W*complaint\b"
    r"|\b(?:terrible|awful|horrible|appalling|disgusting|worst|poor|bad|dreadful|shocking"
    r"|rubbish) (?:\w+ )?(?:service"
    r"|experience|shop|store|company|support)\b|\b(?:service|shop|store|company) (?:is|was) (?:\w+ )?(?:terrible"
    r"|awful"
    r"|horrible|appalling|disgusting|unacceptable|a joke|a scam|rubbish)\b"
    r"|\b(?:this|that)(?:'s| is) (?:totally |absolutely |completely )?unacceptable\b"
    r"|\b(?:ripped (?:me )?off|rip-?off|scam(?:med|mers?)?|overcharged|charged (?:me |us )?(?:twice|double)"
    r"|double[- ]charged)\b|\bnever (?:buy|order|shop)(?:ing)? (?:\w+ )?(?:here|from you) again\b"
    r"|(?:^|[,.;!?]|\b(?:and|but|so|because)) ?i(?:'m| am) (?:so |really |very |absolutely |extremely "
    r"|pretty )?(?:furious"
    r"|angry|disappointed|fed up|outraged|upset|unhappy|livid)(?=\W*$|[,.;!]| (?:in you|in this|about|with|at|that|and"
    r"|because|over|by|as)"
    r"\b)|\bi (?:want|demand) (?:a refund|my money back|compensation)\b",
    re.IGNORECASE,
)
_OF_THE_ANSWERS = re.compile(
    r"\b(?:that'?s|this is|it'?s|these are|those are) not (?:at all )?what i (?:asked|wanted|want|meant|said"
    r"|was looking"
    r"|need)(?: for)?\b|\byou(?:'re| are)? (?:don'?t|do not|didn'?t|never|aren'?t|not) (?:understand(?:ing)?"
    r"|listen(?:ing)?"
    r"|get it|help(?:ing|ful)?)(?: me| at all| to me)*\b|\byou'?(?:re| are) (?:not (?:helping|helpful|very helpful)"
    r"|no help)\b"
    r"|\b(?:this|the) (?:chat ?|assistant |bot )?(?:is|bot is|assistant is) (?:so |totally |completely )?(?:useless"
    r"|hopeless"
    r"|pointless|ridiculous|not helpful|no help|frustrating|annoying)\b"
    r"|\b(?:these|those|they) are (?:all |so )*(?:terrible|awful|rubbish|wrong|horrible|bad|useless|hideous|garbage"
    r"|crap"
    r"|irrelevant|nonsense)(?=\W*$)|\b(?:wrong|bad|terrible|useless) (?:results|suggestions|answers?)\b"
    r"|\byou keep (?:showing|giving|sending|telling) me\b|\b(?:i already|i just|i) (?:told"
    r"|said) (?:you )?that already\b",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"\b(?:i (?:also |now |just )?(?:need|want|would like|'d like)|i'd like|(?:i'm |i am |am )?looking for|show me"
    r"|find me"
    r"|do you (?:have|sell|carry)|recommend|suggest|now (?:something|an?|for)|a new one|replace it|instead)\b"
    r"(?! (?:my money|a refund|to (?:complain|speak|talk|know|return|cancel|make a)|an explanation|answers?"
    r"|compensation"
    r"|it (?:replaced|back|now)|this (?:replaced|fixed|sorted)|someone|a replacement|help with))",
    re.IGNORECASE,
)

# Where one part of a message ends: a sentence, a line, or a comma or "and" before a question of its own.
_PARTS = re.compile(
    r"(?<=[.!?;])\s+|\n+|\s*[,;]\s*(?:and |but |also )*(?=(?:can|could|do|does|how|what|what's|where|when|is there"
    r"|are there"
    r"|will|if it|i need|i want|i said|i asked|i meant|i told|show|find|thanks|thank|i'm looking)\b)"
    r"|\s+(?:and|but|also) (?=(?:can i|could i|do you|does it come|how (?:long|much|can|do)|what'?s? (?:is )?your"
    r"|what if"
    r"|where|is there|tell me|show me|i need|i want|when will)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """What a message asks of the shop itself."""

    kind: Kind
    text: str  # the part of the message that asks
    topics: tuple[str, ...] = ()  # of a policy: what it is on
    headings: tuple[str, ...] = ()  # of a policy: the merchant's own sections that it names
    of_answers: bool = False  # of a complaint: about what the assistant showed, and not about the shop


def asked_of_shop(message: str, policies: Sequence[Policy] = ()) -> tuple[list[Asked], str]:
    """What the message asks of the shop, in its order, and what is left of the message ("" where nothing is)."""
    parts = [part.strip() for part in _PARTS.split(message) if re.search(r"\w", part)]
    wished = wishes(message)
    found: list[Asked] = []
    rest: list[str] = []
    for part in parts:
        asked = _complaint(part, wished=wished) or _order(part) or _policy(part, policies)
        if asked is not None:
            found.append(asked)
            continue
        if not (found and not content_words(part)):  # "and how much is that?" goes with the question before
            rest.append(part)
    if any(one.kind != "policy" and not one.of_answers for one in found):
        # Beside a grievance only what is plainly a wish is one: "I'm furious" is none.
        rest = [part for part in rest if _WISH.search(part)]
    return found, " ".join(rest) if found else message


def wishes(text: str) -> bool:
    """True if the words plainly ask for an item."""
    return _WISH.search(text) is not None


def without_reason(text: str) -> str:
    """The text without what broke, where that is only why something else is wanted: "my pan broke, I need boots"."""
    parts = [part for part in _PARTS.split(text) if re.search(r"\w", part)]
    kept = [part for part in parts if not _OWN_BROKE.search(part)]
    rest = " ".join(kept)
    names = set(content_words(rest)) - word_set("new replacement replace")
    return rest if len(kept) < len(parts) and names and wishes(rest) else text


def is_question(text: str) -> bool:
    """True if the words ask something of the shop, and are no wish for an item."""
    return re.match(_ASKS, text, re.IGNORECASE) is not None and not _WANTS_THINGS.search(text)


def _complaint(part: str, *, wished: bool) -> Asked | None:
    """``wished``: the message asks for an item; a thing that broke is then why, and no grievance."""
    if _OF_THE_ANSWERS.search(part):
        return Asked("complaint", part, of_answers=True)
    if re.match(_ASKS, part, re.IGNORECASE) and not _OF_THE_SHOP.search(part):
        return None  # "what if it arrives broken?" asks
    own = _OWN_BROKE.search(part) and not wished
    return Asked("complaint", part) if own or _ARRIVED_SO.search(part) or _OF_THE_SHOP.search(part) else None


def _order(part: str) -> Asked | None:
    return Asked("order", part) if _ORDER.search(part) else None


def _policy(part: str, policies: Sequence[Policy]) -> Asked | None:
    """The part as a question on a policy; None for a wish, whatever words it holds."""
    sure = [topic for topic, pattern in _SURE.items() if pattern.search(part)]
    said = content_words(part)
    named = {token.text for token in tokens(part)}
    if not sure:
        sure = [
            topic
            for topic, core in _CORE.items()
            if named & core and set(said) <= _ALONE[topic] and not _WANTS_THINGS.search(part)
        ]
    elif _WANTS_THINGS.search(part) and not _is_of_the_shop(part, sure):
        return None
    if "visit" in sure and "contact" in sure:
        sure.remove("contact")
    headings = tuple(one.heading for one in policies if not one.topics and _names(part, one.heading))
    if not sure and not headings:
        return None
    return Asked("policy", part, tuple(sure), headings)


def _is_of_the_shop(part: str, topics: Iterable[str]) -> bool:
    """True if nothing but the topic's own words is asked for: "I want your phone number"."""
    own = {word for topic in topics for word in _ALONE.get(topic, ())} | word_set(
        "policy customer service human person"
    )
    return set(content_words(part)) <= own


def _names(part: str, heading: str) -> bool:
    """True if a question holds every word of the merchant's own heading, or the part nothing but its words."""
    words = {singular(word) for word in content_words(heading)}
    said = {singular(word) for word in content_words(part)}
    if len(words) != 1:  # a single word only as it is written: "what size is it" asks nothing of "Sizing"
        words, said = {stem(word) for word in words}, {stem(word) for word in said}
    if not words or not words <= said:
        return False
    asks = re.match(_ASKS, part, re.IGNORECASE) is not None or part.rstrip().endswith("?")
    return words == said or (asks and not _WANTS_THINGS.search(part))


def stem(word: str) -> str:
    """The word without its commonest endings: "wrapping", "wrapped" and "wraps" are one."""
    word = singular(word.lower())
    for ending in ("ping", "ting", "ing", "ped", "ted", "ed", "ers", "er", "ies", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
