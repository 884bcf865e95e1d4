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
tableware, plate, bowl, cutlery
knife, cleaver, bread knife, santoku, paring knife, chef's knife, steak knife, carving knife, boning knife
towel, bath sheet, bath mat, bathmat, shower mat, hand towel, face cloth, facecloth, flannel, washcloth, guest towel
coffee maker, cold brew jug, cold brew maker, brew jug, coffee press
coffee maker, filter machine, drip machine, stovetop pot
bakeware, muffin pan, loaf pan, baking pan, bundt pan, bundt tin, cupcake tin, tart tin, springform tin, pie dish
bakeware, quiche dish, baking dish, baking mat, proofing basket, banneton, roasting tin, cake mould
feeding, cutlery, training cup, trainer cup, toddler cup, baby cup, weaning spoon, baby spoon, first spoon, snack pot
feeding, suction plate, suction bowl, weaning bowl, toddler cutlery, baby cutlery, toddler plate, baby plate
baby bath, bath seat, bath support, rinse cup, baby tub, baby bathtub, infant tub, bucket bath
building block, magnetic tile, marble run, train set, construction set, building brick, toy brick, stacking block
bath toy, rubber duck, bath crayon, pouring cup, water wheel, bath boat
soft toy, hand puppet, glove puppet, cuddly rabbit, cuddly animal, soft rabbit
cat toy, feather wand, felt mouse, toy mouse, crinkle tunnel, cat tunnel, kicker cushion, catnip mouse
charger, usb cable, usb c cable, charging pad, wireless charger, charging station, charging lead, wall plug
craft kit, watercolour set, watercolor set, paint set, finger paint, modelling clay, clay kit, knitting kit
craft kit, sewing kit, embroidery kit, science kit, experiment kit, bracelet kit
carrier, ring sling, sling, baby wrap, hip seat
hand tools, kneeling pad, kneeler, hand fork, weeder, hori hori, gauntlet, garden glove, gardening glove, dibber
hooded towel, wash mitt, muslin cloth, muslin, baby towel, apron towel, poncho towel
mixing bowl, batter jug, batter bowl, nesting bowl
night light, star projector, sleep trainer, sleep trainer clock
pet bed, cat cave, cat igloo, dog basket, dog mattress, car seat cover
pet bowl, slow feeder, raised feeder, double feeder, drinking fountain, pet fountain, food bin, travel bowl
planter, raised bed, balcony trough, window box, flower box, trough
sandal, flip flop, espadrille, slider
slipper, moccasin, clog, house shoe
speaker, radio, story player, soundbar, boombox
spice, chilli flake, cinnamon stick, curry powder, garam masala, paprika, vanilla pod, turmeric, cumin, seasoning
storage basket, storage box, laundry hamper, laundry bin
tea, sencha, earl grey, rooibos, masala chai, chai, chamomile, camomile, jasmine pearl, infusion, matcha
tea, darjeeling, assam, peppermint infusion
tent, beach shelter
camp stove, cooking set, camping cooker
candle, tealight, tea light, votive
biscuit, trail mix, salted nut, cheese biscuit
board game, strategy game, word game, party game, chess set, chess
bird feeder, fat ball holder, seed feeder, peanut feeder, suet feeder
bath soak, milk bath, bath milk, bath fizzer, foam bath
watering can, watering globe, plant sprayer
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
non-slip, anti slip, doesn't slide, won't slide, doesn't skid, slip resistant, doesn't slip, won't slip, no slip
non-greasy, not greasy, not too greasy, isn't greasy, grease free, doesn't feel greasy
unbreakable, shatterproof, doesn't break, won't break, can't break
dishwasher safe, dishwasher proof, dishwasher, goes in the dishwasher, can go in the dishwasher, dishwasher friendly
works on induction, an induction hob, an induction cooker, goes on an induction hob, goes on induction
works on induction, induction, on induction, for induction, induction hob, induction cooker, induction compatible
microwave safe, microwave, microwaveable, goes in the microwave, can go in the microwave
oven safe, ovenproof, oven proof, goes in the oven, can go in the oven
quick-drying, quick dry, fast drying, dries fast, dries quickly
volume limit, volume limiter, limited volume, volume limited
auto shut-off, automatic shut-off, switches itself off, turns itself off, switches off by itself, turns off by itself
whistle, whistling
hook-and-loop strap, velcro, velcro strap, velcro straps
with lid, lidded, has a lid, have a lid, a lid, with a cover
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
loose leaf, loose tea, leaf tea, loose leaves
tea bags, teabags
ground, pre-ground, ready ground, already ground
cable, wired, corded, with a cord
striped, stripes, stripy, stripey
dotted, polka dot, polka dots, spotty, dotty
checked, plaid, gingham, tartan, checkered
floral, flowery, flower print, floral print
knee, knee-length
maxi, floor-length, ankle-length
ocean, sea creatures, sea life, underwater, under the sea
dinosaurs, dino, dinos
farm, farmyard, farm animals, barnyard
forest, woodland
backlight, backlit, illuminated
quick pitch, quick to pitch, easy to pitch, quick to put up, easy to put up, goes up quickly
reinforced knees, padded knees, knee patches, double knees
stretch, stretchy
grippy sole, good grip, lots of grip
hydration sleeve, hydration bladder, water bladder
no added sugar, unsweetened, no sugar added, without added sugar
sulphate-free, sulfate-free, no sulphates, without sulphates
cruelty-free, not tested on animals, no animal testing
quick to learn, easy to learn, simple rules, quickly learnt, quickly learned
with saucer, saucer
drainage hole, drainage holes, hole in the bottom, holes in the bottom
temperature control, variable temperature, adjustable temperature
sweatproof, sweat-resistant
suction cup, suction pad
microphone, mic
wool, woollen, woolen, woolly
wood, wooden
king, king size, king sized
double, double bed, double size
single, single bed, single size
dogs, labrador, lab, terrier, poodle, spaniel, collie, beagle, dachshund, retriever, bulldog, chihuahua, corgi, pug
dogs, greyhound, whippet, husky, doggy, doggie, pup, puppies, hound
cats, kitten, kittens, kitty, kitties, moggy, tabby, siamese, tomcat
"""
)
