"""Everyday names of things and of their properties: the names in one line mean the same.

Pure data, of English and of no shop: where a shop has one of the names as a kind or a value of its own, a shopper may
say any other of its line; a name that the shop itself uses otherwise keeps the shop's meaning.
"""


def _lines(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(name.strip() for name in line.split(",")) for line in text.strip().splitlines())


# A kind, and things that are of it: where the shop has the kind and not the thing, the thing is looked for there.
NARROWER = _lines(
    """
vase, put flowers in, put my flowers in, flowers in
bedding, pillow, pillowcase, fitted sheet, flat sheet, bedspread, duvet, duvet cover, bed sheet, quilt
pan, saucepan, frying pan, skillet, wok, casserole, griddle
body lotion, hand cream, body butter, body cream, foot cream, sunscreen, sun cream, suncream, after sun, balm
board game, card game, dice game, memory game
soap, hand wash
coffee maker, coffee pot, espresso pot
coffee maker, espresso maker, espresso machine, cafetiere, french press, moka, moka pot, percolator
coffee, decaf
bath soak, bath salt, bath bomb, bubble bath
lantern, headtorch, torch, camping lamp, headlamp, head torch, camping light
sneaker, running shoe, walking shoe, trainer, shoe, tennis shoe, gym shoe, plimsoll
boot, wellington, wellie, wellington boot
bag, tote, weekender, clutch, tote bag, shoulder bag, belt handbag, purse
jacket, raincoat, parka, windbreaker, anorak
sweater, cardigan, hoodie, fleece
vase, flower vase
cat toy, scratching post, cat scratcher, scratcher, cat tree
charger, power bank, powerbank, travel adapter, charging cable
bakeware, cake tin, loaf tin, baking tray, muffin tin, baking sheet, cake pan
watering can, plant mister, water my plants, water the plants
bird feeder, bird table, bird bath, nesting box, birdhouse, bee hotel, feed the birds, feed birds
alarm clock, wake me up, wakes me up
kettle, boil water
charger, charge my phone
feeding, high chair, bib, sippy cup, teether, baby bottle
alarm clock, clock radio
hand tools, secateurs, trowel, gardening gloves, pruning shears
chocolate, hot chocolate, cocoa, drinking chocolate
honey & jam, marmalade, lemon curd, peanut butter
shampoo, conditioner, hair mask
lead, collar, harness
biscuit, shortbread, oatcake, cheese straw
treat, dog treat, cat treat, dog biscuit, chew, dental chew
mixing bowl, salad bowl
trousers, jeans, chinos, leggings, joggers
hat, bobble hat, sun hat, bucket hat
bath soak, bath oil
throw, blanket, picnic blanket, baby blanket, weighted blanket
backpack, school bag, schoolbag
mug, teacup, espresso cup
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
waterproof, rainproof, watertight, keeps the rain out, keeps water out, keeps out the rain
leakproof, leak free, doesn't leak, won't leak, does not leak, no leaks, spill proof, doesn't spill, won't spill
silent movement, silent, ticking free, no ticking, no tick, doesn't tick, does not tick, non ticking, without ticking
non-slip, anti slip, slip resistant, doesn't slip, won't slip, no slip
non-greasy, not greasy, not too greasy, isn't greasy, grease free, doesn't feel greasy
unbreakable, shatterproof, doesn't break, won't break, can't break
dishwasher safe, dishwasher proof, dishwasher, goes in the dishwasher, can go in the dishwasher, dishwasher friendly
works on induction, induction, on induction, for induction, induction hob, induction cooker, induction compatible
microwave safe, microwave, microwaveable, goes in the microwave, can go in the microwave
oven safe, ovenproof, oven proof, goes in the oven, can go in the oven
quick-drying, quick dry, fast drying, dries fast, dries quickly
volume limit, volume limiter, limited volume, volume limited
auto shut-off, automatic shut-off, switches itself off, turns itself off, switches off by itself, turns off by itself
whistle, whistling
hook-and-loop strap, velcro, velcro strap, velcro straps
with lid, lidded, has a lid
removable cover, cover comes off, zip off cover, removeable cover
steel toe, steel toe cap, toe cap, safety toe, steel toed
wide fit, wide fitting, wide feet, broad feet
windproof, keeps the wind out, wind proof
squirrel-proof, keeps squirrels off, keeps squirrels out, squirrels can't reach
tear-free, doesn't sting, no tears
packable, packs small, packs away, packs down small
laptop sleeve, laptop compartment, laptop pocket
grain-free, without grain, no grain
curly hair, curls, curly
frost-proof, frost resistant, survives frost, frost hardy
fast charging, charges fast, quick charging
milk frother, frother, froths milk
sensitive skin, sensitive
unscented, fragrance-free, perfume-free, scent-free, no scent, no fragrance, without scent, without fragrance
unscented, not scented, not perfumed, no smell
dairy-free, milk-free, without dairy
gluten-free, without gluten
sugar-free, without sugar
wireless, cordless
rechargeable, USB rechargeable, charge by usb, charges by usb, charge over usb, charges over usb
aluminium, aluminum
fair trade, fairtrade
noise cancelling, noise canceling, noise cancellation
machine washable, washable, machine wash, washable in the machine, goes in the washing machine, can be machine washed
washable in the washing machine, machine washable
with handles, handles
foldable, folding
reflective, reflects light
cotton, 100% cotton
whole bean, beans, whole beans
wool, woollen, woolen, woolly
wood, wooden
king, king size, king sized
double, double bed, double size
single, single bed, single size
dogs, labrador, lab, terrier, poodle, spaniel, collie, beagle, dachshund, retriever, bulldog, chihuahua, corgi, pug
dogs, greyhound, whippet, husky, doggy, doggie, pup, puppies, hound
cats, kitty, kitties, moggy, tabby, siamese, tomcat
"""
)
