"""Which language a message is in, as far as the commonest words tell, and what is said to whoever writes another one.

Pure. Knows English and four more; a message that could be English is taken for it.
"""

import re

from chat.words import plain, scripts, tokens, word_set

ENGLISH = ""

_WORDS = {
    "de": word_set(
        "ich suche brauche möchte hätte ein eine einen einem einer der die das den dem und oder für mit ohne unter "
        "über bis nicht kein keine zum zur im ist sind haben habt gibt es meine meinen meinem mein etwas bitte danke "
        "wie was welche welcher gerne auch zwischen höchstens unter billiger günstiger hallo"
    ),
    "fr": word_set(
        "je cherche voudrais veux un une des le la les du de pour avec sans sous moins plus et ou pas est sont avez "
        "vous mon ma mes quelque chose merci bonjour quel quelle quels entre euros cher il elle au aux dans qui"
    ),
    "es": word_set(
        "busco quiero necesito un una unos unas el la los las de para con sin por menos más y o no es son tienen tiene "
        "mi algo gracias hola qué cuál cuánto cuesta entre barato del al que me favor"
    ),
}
_ENGLISH_WORDS = word_set(
    "i a an the for with without and or under over is are do does you have my me need want looking to of in something "
    "any what which how please it that this not no les die es mi me la le"
)
_NAMES = {"de": "German", "fr": "French", "es": "Spanish", "zh": "Chinese"}
NOTES = {
    "de": "Ich verstehe Englisch am besten; das hier habe ich zu Ihren Worten gefunden.",
    "fr": "Je comprends surtout l'anglais ; voici ce que j'ai trouvé avec vos mots.",
    "es": "Entiendo mejor el inglés; esto es lo que he encontrado con sus palabras.",
    "zh": "我最擅长理解英语；请尽量用英语描述您想找的商品。",
}
LEAST_WORDS = 2  # of a language, before a message is taken for it


def language_of(text: str) -> str:
    """ "de", "fr", "es", "zh", or ENGLISH where nothing speaks for another language.

    >>> language_of("ich suche ein Zelt für zwei"), language_of("a die cast car")
    ('de', '')
    """
    said = plain(text)
    letters = scripts(said)
    if letters and sum(script == "CJK" for script in letters) > len(letters) / 2:
        return "zh"
    words = [token.text for token in tokens(re.sub(r"(?<=\w)['’](?=\w)", " ", said))]
    counted = {code: len({word for word in words if word in known}) for code, known in _WORDS.items()}
    code, most = max(counted.items(), key=lambda entry: entry[1])
    english = len({word for word in words if word in _ENGLISH_WORDS})
    return code if most >= LEAST_WORDS and most > english else ENGLISH


def language_name(code: str) -> str:
    """The language's English name; "" for English, which needs no naming."""
    return _NAMES.get(code, "")


def language_note(code: str) -> str:
    """One sentence in the language on what the assistant understands best; "" for English."""
    return NOTES.get(code, "")
