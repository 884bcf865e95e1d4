"""Everyday names of things and of their properties: the names in one line mean the same.

Pure data, of English and of no shop: where a shop has one of the names as a kind or a value of its own, a shopper may
say any other of its line; a name that the shop itself uses otherwise keeps the shop's meaning.
"""


def _lines(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(name.strip() for name in line.split(",")) for line in text.strip().splitlines())


# A kind, and things that are of it: where the shop has the kind and not the thing, the thing is looked for there.
NARROWER = _lines(
    """
bedding, pillow, pillowcase, duvet, duvet cover, bed sheet, quilt
pan, saucepan, frying pan, skillet, wok, casserole, griddle
body lotion, hand cream, body butter, body cream, foot cream
board game, card game, dice game, memory game
soap, hand wash
coffee maker, espresso machine, cafetiere, french press, moka pot, percolator
coffee, decaf, espresso bean, coffee bean
bath soak, bath salt, bath bomb, bubble bath
lantern, headlamp, head torch, camping light
sneaker, running shoe, trainer, tennis shoe, gym shoe, plimsoll
boot, wellington, wellie, wellington boot
bag, tote, tote bag, shoulder bag, belt handbag, purse
jacket, raincoat, parka, windbreaker, anorak
sweater, cardigan, hoodie
soft toy, teddy, teddy bear
jewellery, necklace, earrings, bracelet
tableware, plate, bowl
knife, cleaver, bread knife
"""
)
KINDS = _lines(
    """
sweater, jumper, pullover, jersey
backpack, rucksack, knapsack, daypack, hiking pack, trekking pack
sneaker, trainer
trousers, pants, slacks
t-shirt, tee, tee shirt, tshirt
sofa, couch, settee
biscuit, cookie
dress, frock
headphones, earphones, earbuds, headset
speaker, loudspeaker
pushchair, stroller, buggy, pram
nappy, diaper
torch, flashlight
cushion, throw pillow
throw, throw blanket
planter, plant pot, flowerpot
jewellery, jewelry
moisturiser, moisturizer
pyjamas, pajamas
hat, cap, beanie
lead, leash
soft toy, plush toy, stuffed animal, cuddly toy, plushie
puzzle, jigsaw, jigsaw puzzle
curtain, drape
duvet, comforter
bedding, bed linen, bedclothes
coffee maker, coffee machine
carrier, baby carrier, baby sling
board game, boardgame
laptop, notebook computer
phone, smartphone, mobile, cell phone
television, tv, telly
bag, handbag, purse
jacket, coat, anorak
water bottle, drinking bottle
"""
)
VALUES = _lines(
    """
caffeine-free, decaf, decaffeinated, without caffeine, no caffeine
grey, gray
men, man
multicolour, multicolor, multicoloured, multicolored, colourful, colorful, rainbow
waterproof, rainproof
unscented, fragrance-free, perfume-free, scent-free, no scent, no fragrance, without scent, without fragrance
dairy-free, milk-free, without dairy
gluten-free, without gluten
sugar-free, without sugar
wireless, cordless
rechargeable, USB rechargeable, charge by usb, charges by usb, charge over usb, charges over usb
aluminium, aluminum
fair trade, fairtrade
noise cancelling, noise canceling, noise cancellation
machine washable, washable, machine wash
with handles, handles
foldable, folding
reflective, reflects light
cotton, 100% cotton
"""
)
