"""What a thing shall be able to do, said in a clause: "which dries quickly" is "quick-drying".

Pure. Puts such clauses into the name that shops give the property, before the rules read the message; where a shop has
no such property, its name is searched for like any word.
"""

import re
from functools import partial

_CLAUSE = (
    r"(?:\W{0,3}\b(?:that|which|who|one|ones|and|but|it|they|i|we|you|something|also|must|should|shall|has to|have to"
    r"|needs? to|can|could|will|would|to|be|is|are|even|easily|safely|really|simply|just)\b){0,5}\W{0,3}\b"
)
_INTO = (
    r"(?:go(?:es)?|survives?|safe|ok(?:ay)?|fine|put(?: (?:it|them))?|pop(?: (?:it|them))?|used?"
    r"|washed?|cleaned?|stuck|fits?|moves?)"
    r"(?: (?:from (?:there|the hob|the stove)|straight|right|directly|safely|also|happily))*"
    r" (?:in|into|in to|under)(?: (?:the|my|our|a|an|hot))*"
)
_HEAVY = r"(?:(?:a|an|the|some|any|heavy|pouring|hard|bit of|lots? of|little|splash of) )*"
_ABILITIES = tuple(
    (re.compile(rf"(?P<lead>{_CLAUSE})(?:{said})(?!\w)", re.IGNORECASE), name)
    for said, name in (
        (r"dr(?:y|ies) (?:out )?(?:(?:really|very|super|so) )?(?:quick(?:ly)?|fast|in no time)|quick to dry",
         "quick-drying"),
        (rf"{_INTO} oven", "oven safe"),
        (rf"{_INTO} dish-?washer", "dishwasher safe"),
        (rf"{_INTO} (?:washing[ -]machine|washer)", "machine washable"),
        (rf"{_INTO} microwave|microwaved", "microwave safe"),
        (r"(?:fold|collapse)s? (?:up|flat|away|down)(?: (?:flat|small))?|(?:be )?folded (?:up|flat|away)", "foldable"),
        (r"waters? (?:itself|themselves)", "self-watering"),
        (r"(?:stay|stand|live|be left|left|stays|remain) (?:out|outside|outdoors) (?:in|all|over|through|during) "
         rf"(?:the )?(?:winter|frost)|(?:survives?|takes?|stands?|handles?|copes? with|withstands?) {_HEAVY}frosts?",
         "frost-proof"),
        (rf"(?:stands? up to|copes? with|survives?|handles?|withstands?) {_HEAVY}(?:rain|downpours?|wet weather)"
         r"|keeps? (?:me|us|him|her|them|you) dry(?: in (?:the )?(?:rain|wet))?", "waterproof"),
        (r"(?:be )?dimmed|dims(?: down)?", "dimmable"),
        (r"stacks(?: up| neatly| away)?|(?:be )?stacked", "stackable"),
        (r"(?:keeps?|shuts?|blocks?|cuts?|cancels?|drowns?|filters?) (?:out )?"
         r"(?:(?:the|all|any|background|outside|office|train|plane|street) )*noise(?: out)?", "noise cancelling"),
        (r"(?:take|make|answer)s? (?:phone |my )?calls(?: with)?", "microphone"),
        (r"(?:runs?|works?|operates?|powered|charges?|charged) (?:on|off|by|from|with) (?:the )?"
         r"(?:sun|sunlight|sunshine|solar power|solar)", "solar"),
        (r"(?:charges?|charged|recharges?|recharged) (?:by|over|through|via|from|with) (?:a )?usb",
         "USB rechargeable"),
        (r"keeps? (?:the )?squirrels (?:off|out|away)", "squirrel-proof"),
        (r"(?:brings?|draws?|pulls?)(?: in)? (?:the )?bees|bees (?:love|like|come to)", "attracts bees"),
        (r"(?:doesn'?t|won'?t|does not|will not) (?:sting|(?:sting|burn)(?: in)? (?:the|his|her|my|their) eyes)",
         "tear-free"),
        (r"(?:doesn'?t|don'?t|won'?t|does not|will not|not) fade(?: in the sun)?", "fade-resistant"),
        (r"(?:with (?:a )?|has (?:a )?|have (?:a )?|the |a )?covers? (?:(?:i|you|that|which|we|can|to|be) )*"
         r"(?:comes? off|takes? off|taken off|removed?|zips? off|unzips?)", "removable cover"),
        (r"seen (?:in the dark|at night|by (?:cars|drivers))|visible (?:in the dark|at night)", "reflective"),
        (r"(?:packs?|folds?) (?:down )?(?:small|into (?:its|a|their|the) (?:own )?(?:pocket|bag|pouch|sack))",
         "packable"),
        (r"keeps? (?:the |any )?wind (?:out|off)|blocks? (?:the )?wind", "windproof"),
        (r"keeps? (?:the |my |our )?coffee (?:warm|hot)", "keep warm"),
        (r"(?:switch|turn|shut)(?:es|s)? (?:itself |themselves )?off (?:by itself|on its own|automatically"
         r"|by themselves)", "auto shut-off"),
        (r"(?:doesn'?t|don'?t|won'?t|does not|will not|not) (?:leak|drip|spill)(?: (?:in|into|all over) my \w+)?",
         "leakproof"),
        (r"(?:doesn'?t|don'?t|won'?t|does not|will not|not) (?:slip|slide|skid)(?: (?:about|around|away))?",
         "non-slip"),
        (r"(?:sticks?|attach(?:es)?|fixed?) to (?:the )?(?:(?:bath ?room|shower) )?(?:tiles|wall|shower)",
         "suction cup"),
        (r"slows? (?:(?:him|her|them|it|my dog|the dog) )?down(?: (?:when|at|while))?(?: eating| meals)?",
         "slows eating"),
    )
)  # fmt: skip


def with_abilities(text: str) -> str:
    """The text with such clauses as the names of properties.

    >>> with_abilities("trousers which dry quickly, in grey")
    'trousers, quick-drying, in grey'
    """
    for pattern, name in _ABILITIES:
        text = pattern.sub(partial(_named, name), text)
    return text


def _named(name: str, match: re.Match[str]) -> str:
    lead = match["lead"]
    if not re.search(r"\w", match.string[: match.start()]):
        return name
    joined = " and " if re.fullmatch(r"\W*and\W+(?:it|that|can|also|is|be|which|\W)*", lead, re.IGNORECASE) else ", "
    return f"{joined}{name}"
