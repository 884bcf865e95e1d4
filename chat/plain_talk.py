"""Words that claim nothing about an item: those of any sentence, of advice, and of what people do with things.

Pure. What an item is, is made of, has or is for stands in no such list: a record has to carry it.
"""

from chat.words import word_set

HARMLESS = word_set(
    "cost costs costing price priced pricing come comes coming make made has have having feature features offer offers "
    "include includes provide provides give gives is are it its this that these they which while with and or but also "
    "item choice option pick match fit fits suit suits suited suitable consider look looks looking try "
    "good great nice lovely solid fine smart simple well worth work works shown show see list "
    "colour color size material brand category rating rated star stars piece style design shop tag "
    "you your need want asked ask request looking for here there too just only at by from of in on to as either "
    "another other first second third last one ones alternative instead then so keep keeps "
    "such both each like likes listed mean means meant intended hold holds contain contains "
    "put puts whole full far way idea lovely sadly nicely handy neat sensible really quite easily especially "
    "particularly everyone anyone someone respectively share shares yet taste tastes smell smells start starts run "
    "runs take takes goes stay stays range that's there's there don't "
    "should would could can bring brings use used using serve serves call called name named "
    # What people do, think and plan, and when.
    "choose chooses chose chosen choosing picking picked decide decides prefer prefers preferred wish wishes hope "
    "hopes plan plans planning think thinks mind minds care cares matter matters help helps enjoy enjoys love loves "
    "leave leaves left leaving let lets turn turns become becomes find finds found reach reaches set sets save "
    "own owns owned owner buy buys bought get gets got give given giving gave fetch ask answer "
    "add adds added adding spend spends spending cook cooks eat eats drink drinks pour pours wear wears worn wearing "
    "live lives lived read reads play plays played sit sits walk walks travel travels move moves moved visit visits "
    "home house household room rooms place places spot spots side kitchen weekend weekends "
    "away day days week weeks month year years morning evening night nights today tonight time times moment "
    "once again soon later before after during until since when whenever where wherever while "
    "present presents gift gifts host guest guests friend friends family people person parent "
    "parents beginner beginners anybody somebody nobody's yourself themselves itself "
    "rest remaining others former latter pair couple lot group line-up choice choices selection "
    "enough rather else though although however because whether why how what whatever whichever who whoever whose "
    "difference between against apart plus minus exactly roughly nearly almost about around "
    "simply clearly plainly certainly surely probably mainly mostly merely slightly somewhat fairly pretty "
    "thing things kind kinds sort sorts type types word words fact facts detail details number record label "
    "itself main same-sized way ways point points reason reasons answer purpose job "
    "straight right directly together still already even ever also too "
    "sure glad happy afraid sorry pleased "
    "say says said tell tells told speak speaks "
    "easy nicest pleasant charming pretty sweet classic "
    "do does done did doing be been being may might must will won't "
    "he she him her his hers them their theirs us our "
    "cover covers covered serves serving dollars dollar sum amount figure purse wallet budget "
    "fun joy delight delightful pleasure treat charm charming cheerful handsome elegant beautiful gorgeous stylish "
    "thoughtful welcome "
    "within marked labelled described offered feel feels felt hear hears next no-nonsense alike level tie ties tied "
)
# What the shared words of a message hold and a sentence must not: they judge the price or promise something.
NOT_HARMLESS = word_set("cheap cheaper cheapest expensive affordable stock available lot lots many few total")
