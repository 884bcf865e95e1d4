"""Other words for what a record says: "goes in the dishwasher" for *dishwasher safe*, "waters itself" for
*self-watering*. What is said so is held against the value that it stands for, and blanked out where the record has it.

Pure. Only ways of speaking that say the same and no more: a mug that is *insulated* does not "stay hot all day".
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from chat.pointers import BLANK
from chat.record import Record
from chat.words import FILLERS, tokens

_NEGATED = re.compile(r"\b(?:not|never|without|no)(?:\s+\w+){0,3}\s*$|n't(?:\s+\w+){0,3}\s*$|\bcannot\b", re.IGNORECASE)
_GO = (
    r"(?:(?:it|they|you|that|which|also|can|could|may|even|safely|just|be|simply)\s+)*"
    rf"(?:go(?:es)?|put|pop|throw|stick|clean(?:ed)?|wash(?:ed)?|run|safe|ok|okay|fine|belongs?)"
    rf"(?:\s+(?:it|them|this|that|these|happily|straight|safely|right)|\s*{BLANK}+)*"
)
_TAKES = (
    r"(?:(?:can|could|will|also)\s+)*(?:takes?|cop(?:e|es) with|shrugs? off|stands? up to|handles?|survives?|resists?"
    r"|keeps? off|withstands?|ignores?|get caught in|puts? up with|doesn't mind|don't mind)\s+"
    r"(?:(?:a|an|some|the|odd|little|bit of|splash of|few drops of|drops of|light)\s+)*"
)
_PLAY = r"(?:(?:a|the|your|his|her|their)\s+)?"

# How it is said, and the values of which the record has one. "\b" is set around each.
_SAID: tuple[tuple[str, tuple[str, ...]], ...] = (
    (rf"(?:don't|do not|never|shouldn't|should not|mustn't|can't|cannot)(?: (?:put|go|wash|pop|clean"
     rf"|be))*(?:\s*(?:the )?{BLANK}+"
     r"| it| them)*\s*(?:in|into) (?:the|a|your) dishwasher|(?:keep|leave)(?:\s*(?:the )?\S+)? out of the dishwasher",
     ("wash it by hand", "wash by hand", "hand wash", "by hand")),
    (r"(?:small|light|compact|little) enough to (?:travel with|take (?:along|away|with you|on (?:a trip"
     r"|holiday))|pack|carry"
     r" about|go anywhere|fit (?:in )?(?:a |your )?(?:bag|pocket|suitcase))|(?:take|bring) (?:it|them) (?:along"
     r"|travelling)",
     ("travel size", "packable", "foldable", "travels well")),
    (r"(?:on|for those on|for) a (?:tight |small |student |modest )?budget", ()),
    (rf"{_GO} (?:in|into) (?:the|a|your) dishwasher", ("dishwasher safe",)),
    (rf"{_GO} (?:in|into|by|with) (?:the|a|your) (?:washing[ -]machine|machine|washer)|{_GO} (?:in|into) the wash"
     r"|machine[- ]washed|(?:can be|is"
     r"|are) washed by machine", ("machine washable", "machine wash", "washing machine")),
    (rf"{_GO} (?:in|into|under) (?:the|a|your) microwave|(?:can be )?microwaved", ("microwave safe",)),
    (rf"{_GO} (?:in|into) (?:the|a|your|hot|a hot) oven", ("oven safe",)),
    (r"(?:block|shut|cancel|cut|keep|tune|filter|drown)(?:s|ing)? (?:out )?(?:all |the |any )*(?:outside |background )?"
     r"noise(?: out)?", ("noise cancelling",)),
    (rf"{_TAKES}(?:water|rain|wet|drizzle|showers?|wet weather|splash(?:es)?)",
     ("water-resistant", "waterproof", "showerproof", "waxed", "weatherproof", "rainproof", "splashproof")),
    (r"(?:keeps?|stays?|leaves?) (?:you |your \w+ |everything )?dry in (?:the )?(?:rain|wet|showers?)",
     ("waterproof",)),
    (r"(?:(?:a|the) )?(?:frost|cold|freezing)(?: weather)? (?:won't|doesn't|cannot|can't|does not|will not) "
     r"(?:crack|harm|hurt|damage|break|bother|split)(?: (?:it|them))?"
     rf"|{_TAKES}frosts?|(?:stay|be left|leave (?:it|them|{BLANK}+)|stand) (?:out|outside|outdoors) "
     r"(?:in|through|over|during|all) (?:(?:the|a|all|hard) )?(?:winter|frosts?)|isn't afraid of frost",
     ("frost-proof", "frostproof")),
    (r"(?:outside|outdoors|out) (?:in|through|over|during|all) (?:the )?(?:winter|frosts?)", ("frost-proof",)),
    (r"waters? (?:itself|themselves)|water(?:s|ing)? your plants? for you", ("self-watering",)),
    (r"(?:vegans can (?:choose|have|use|eat|wear|take|enjoy)|(?:suits?|suitable for|right for|fit for|fine for"
     r"|good for|ok for|made for) (?:a |any )?vegans?|(?:has|have|with|contains?|using|uses) no(?:thing)? "
     r"(?:animal ingredients?|animal products?|from animals)|without (?:any )?animal (?:ingredients|products)"
     r"|plant[- ]based)", ("vegan",)),
    (r"(?:not|never|isn't|aren't|wasn't|weren't) tested on animals", ("cruelty-free",)),
    (r"(?:works?|worked|operated|run|driven|done|ground|turned|made) (?:entirely |purely |only |all )?by hand"
     r"|hand[- ](?:operated|powered|cranked)", ("manual", "by hand")),
    (r"(?:without|needs? no|uses? no|takes? no|doesn't need|don't need) (?:any )?"
     r"(?:electricity|power|plug|mains|socket|cord)", ("manual", "stovetop", "cordless", "solar", "candle")),
    (r"(?:has|have|with|comes? with) no (?:added )?(?:scent|fragrance|perfume|smell)(?: at all)?"
     r"|(?:scent|fragrance|perfume)[- ]free|without (?:any )?(?:scent|fragrance|perfume)|smells? of nothing"
     r"|(?:doesn't|don't) smell(?: of anything)?", ("unscented", "fragrance-free", "fragrance free")),
    (rf"(?:take|make|answer|have|handle)s? {_PLAY}(?:phone )?calls?(?: on the move)?", ("microphone", "speakerphone")),
    (r"(?:takes?|holds?|fits?|carr(?:y|ies)|protects?|made for|a sleeve for|a place for|room for|space for|(?:has|have)"
     r" a (?:padded )?sleeve of its own(?: in)?) (?:a|your|the) (?:laptop|computer|notebook)"
     r"|your (?:laptop|computer) has a (?:padded )?(?:sleeve|place|pocket) of its own", ("laptop sleeve",)),
    (r"(?:folds?|packs?) (?:up|down|flat|away)(?: (?:small|flat|easily|for travel))*", ("foldable", "packable")),
    (r"(?:(?:can|could) be )?(?:dims?|dimmed|turned down)(?: down)?(?: at night)?", ("dimmable",)),
    (r"(?:(?:can|could) be )?(?:stacked|stacks?|stack)(?: (?:up|neatly|away|inside each other))*", ("stackable",)),
    (r"(?:(?:can|could) be )refilled|(?:you can|to) refill(?: (?:it|them))?|refills? (?:can be had|exist)",
     ("refillable",)),
    (r"(?:(?:can|could) be )adjusted|adjusts(?: to (?:fit|size))?", ("adjustable",)),
    (r"(?:switch|turn|shut)(?:es|s)? (?:itself |themselves )?off (?:by itself|on its own|automatically|by themselves)"
     r"|(?:switch|turn|shut)(?:es|s)? (?:itself|themselves) off", ("auto shut-off",)),
    (r"(?:won't|doesn't|don't|will not|never) leaks?|without leaking", ("leakproof", "leak-proof")),
    (r"(?:won't|doesn't|don't|will not|never) (?:slips?|slides?|skids?)(?: (?:about|around|away))?", ("non-slip",)),
    (r"(?:won't|doesn't|don't|will not|never) (?:breaks?|shatters?)", ("unbreakable",)),
    (r"(?:won't|doesn't|don't|will not|never) (?:fades?)", ("fade-resistant",)),
    (r"(?:won't|doesn't|don't|will not|never) (?:splinters?)", ("splinter-free",)),
    (r"(?:won't|doesn't|don't|will not|never) (?:feels?|leaves?|gets?)(?: \w+){0,2} greasy", ("non-greasy",)),
    (r"(?:won't|doesn't|don't|will not|never) (?:stings?|makes?|brings?)(?: \w+){0,2} (?:eyes|tears)", ("tear-free",)),
    (r"(?:no|without(?: a)?) (?:room|hole|place|gap|space)(?: in (?:them|it))? for mould(?: to grow)?(?: in)?"
     r"|mould (?:can't|won't|cannot|doesn't) grow(?: inside| in (?:it|them))?|(?:won't|doesn't|don't|can't) go mouldy",
     ("mould-free",)),
    (r"(?:dries|dry) (?:quickly|fast|in no time)|quick to dry", ("quick-drying", "dries fast", "quick to dry")),
    (r"(?:charges?|charged|recharges?|recharged|tops? up|topped up) (?:by|over|through|via|from|with|on"
     r"|off) (?:a |any )?"
     r"usb(?:[- ]c)?(?: (?:cable|port|socket))?", ("USB rechargeable", "USB-C charging", "USB-C", "USB port")),
    (r"(?:plugs?|plugged) (?:straight |right |directly )?into (?:a |any |your |the )?usb-c(?: (?:socket|port|jack))?",
     ("USB-C", "USB-C charging")),
    (r"(?:plugs?|plugged) into the (?:wall|mains)|runs? (?:on|off"
     r"|from) (?:the )?mains", ("mains", "plug-in", "electric")),
    (r"(?:(?:runs?|powered|charges?|charged|fed|works?) )?(?:on|off|by|from) (?:the )?(?:sun|sunlight|sunshine|"
     r"solar power|solar)", ("solar",)),
    (r"(?:never needs?|doesn't need|don't need|needs? no|without|no need of|no) (?:any |a )?(?:charging|recharging"
     r"|battery|batteries|charger)", ("no battery", "mains", "cable", "wired", "manual")),
    (r"(?:(?:on|from|per|with|between|before) (?:a |one |each |every )?(?:single |full )?(?:charges?|charging)"
     r"|before (?:it|they|you)"
     r" (?:needs?|have to|has to|must) (?:charging|charge|recharging|recharge|be charged)(?: (?:it|them))?(?: again)?)",
     ("battery life", "USB rechargeable", "on a charge")),
    (r"low in fat|(?:with|has|have) (?:very )?little fat|(?:is|are) lean", ("low fat",)),
    (r"(?:with|has|have|contains?|got|there's|without|isn't) (?:no|any) (?:added )?sugar(?: added)?(?: in (?:it|them))?"
     r"|unsweetened", ("no added sugar", "no sugar")),
    (r"(?:\w+ is )?(?:all|the only thing) (?:that's |that is )?(?:in (?:it|them)|they contain|it contains)"
     r"|(?:just|only) one "
     r"ingredient|nothing (?:else )?(?:but \w+ )?in (?:it|them)", ("single ingredient",)),
    (r"(?:made|meant|suited|suitable|right|fine|good|fit) for (?:all|any|every) (?:kinds? of )?(?:skin|skin types?)"
     r"|(?:suits?) (?:all|any|every) (?:kinds? of )?skin", ("all skin types",)),
    (r"(?:is|are|made|good|fine|meant|right) for (?:all year(?: round)?|every season|any season"
     r"|any time of (?:the )?year)"
     r"|(?:wear|worn|use|used) (?:it |them )?(?:in (?:any|every) season|all year(?: round)?|the whole year"
     r"|at any time of "
     r"(?:the )?year)|(?:in (?:any|every) season|all year round|the whole year)", ("all year",)),
    (r"(?:for|in|when it's|when it is|against|on) (?:the )?(?:winter|cold|cold weather|cold days|winter days)",
     ("winter", "warm")),
    (r"(?:for|in|on) (?:the )?(?:hot weather|sunny days|hot days|summer days)", ("summer",)),
    (r"(?:keeps?|shields?|protects?|blocks?)(?: (?:you|them|off|out|little ones|from"
     r"|against))* (?:the )?sun(?: off| out)?",
     ("UPF 50+", "sun hat", "shade")),
    (r"(?:half an hour|thirty minutes)(?= (?:a |per )?(?:game|round|play)?)", ("30 minutes",)),
    (r"three quarters of an hour", ("45 minutes",)),
    (r"an hour", ("60 minutes",)),
    (r"a year and a half(?: (?:old|on|upwards))?", ("18+ months",)),
    (r"(?:washes|wash|comes?|wipes?) (?:straight |right |easily )*off(?: (?:again|easily"
     r"|afterwards))*", ("washes off",)),
    (r"(?:no|without|needs no|contains? no|free (?:of|from)) plastic(?: in (?:it"
     r"|them))?", ("plastic-free", "no plastic")),
)  # fmt: skip
_FORMS = tuple((re.compile(rf"\b(?:{said})(?!\w)", re.IGNORECASE), values) for said, values in _SAID)


# A word of every form; most sentences have none, and need not be held against each.
_ANY = re.compile(
    r"\b(?:dishw|machine|wash|microw|oven|nois|water|rain|wet|drizz|shower|splash|frost|freez|cold|winter|out|vegan"
    r"|animal|plant|hand|electr|power|plug|socket|cord|main|scent|fragr|perfum|smell|call|laptop|computer|notebook"
    r"|fold|pack|dim|turn|stack|refill|adjust|off|leak|slip|slid|skid|break|shatter|fade|splinter|greas|sting|mak"
    r"|bring|mould|dr(?:y|ies)|quick|charg|usb|sun|solar|batter|fat|lean|sugar|unsweet|ingredient|in it|in them"
    r"|contain|skin|year|season|hot|summer|hour|thirty|quarters|plastic|budget|enough to|take)",
    re.IGNORECASE,
)


def check_paraphrases(part: str, records: Sequence[Record]) -> tuple[str, str]:
    """The stretch without what says in other words what every one of the records says, and why it has to go.

    It has to go only where not even the words are the records': its plain words would pass for no claim at all.
    """
    for (start, end), values in _found(part):
        if not values or (records and all(_says(record, values) for record in records)):
            part = part[:start] + BLANK * (end - start) + part[end:]
        elif not all(_has_words(record, part[start:end]) for record in records):
            return part, f"what no record says: {part[start:end].replace(BLANK, '').strip()}"
    return part, ""


@lru_cache(maxsize=1024)
def _found(part: str) -> tuple[tuple[tuple[int, int], tuple[str, ...]], ...]:
    """Every such way of speaking in the stretch; one stretch is held against several items, so it is kept."""
    if not _ANY.search(part):
        return ()
    return tuple(
        (match.span(), values)
        for form, values in _FORMS
        for match in form.finditer(part)
        if not _NEGATED.search(part[max(0, match.start() - 30) : match.start()])
    )


def _says(record: Record, values: Sequence[str]) -> bool:
    return any(
        record.denies([value[3:]])
        if value.startswith("no ") and value.count(" ") == 1
        else record.carries_phrase(value)
        if " " in value or "-" in value
        else record.carries(value)
        for value in values
    )


def _has_words(record: Record, said: str) -> bool:
    words = [token.text for token in tokens(said) if token.text not in FILLERS]
    return all(record.carries(word) or record.denies([word]) for word in words)
