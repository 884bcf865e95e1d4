"""``python -m demo OUT_DIR``: writes the demo shop. The same command writes the same bytes.

catalogue.jsonl   one item a line
events.jsonl      one event a line, shopper after shopper, oldest first
personas.json     eight shoppers to be chosen from on the page
first_questions.json   three questions for an empty conversation
requests.jsonl    what shoppers might ask for, with the items that are right, for ``shoptalk teach``
pictures/*.svg    the drawings that ``image_url`` names
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from demo import asked, assortment, catalogue, pictures
from demo.colours import slug
from demo.shoppers import events, shoppers, world

SEED = 20261120
FIRST_QUESTIONS = (
    "A waterproof tent for two, under $200",
    "Something for a toddler who hates baths",
    "A birthday present for someone who bakes bread",
)


def write(out: Path, seed: int = SEED) -> dict[str, int]:
    """Write the shop into ``out`` (made if it is not there) and return how many of each there are."""
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    shop = assortment.departments()
    items = catalogue.items(shop, seed)
    tiers = {brand.name: brand.tier for department in shop for brand in department.brands}
    then = {leaf.name: leaf.then for department in shop for leaf in department.leaves}
    people = shoppers(seed, tiers)
    surroundings = world(items, tiers, then)
    done = [event for shopper in people for event in events(shopper, surroundings, seed)]
    personas = [{"shopper_id": one.id, "name": one.name, "description": one.line} for one in people if one.name]
    drawn = {item.image_url: (item.category[0], item.attributes.get("colour", ("",))[0]) for item in items}

    _lines(out / "catalogue.jsonl", [item.model_dump_json() for item in items])
    _lines(out / "events.jsonl", [json.dumps(event, ensure_ascii=False) for event in done])
    _lines(out / "personas.json", [json.dumps(personas, ensure_ascii=False, indent=2)])
    requests = list(asked.requests(shop, items))
    _lines(out / "requests.jsonl", [json.dumps(one, ensure_ascii=False) for one in requests])
    _lines(out / "first_questions.json", [json.dumps(FIRST_QUESTIONS, ensure_ascii=False, indent=2)])
    for address, (department, colour) in drawn.items():
        drawing = Path(address).stem.removesuffix(f"-{slug(colour)}")
        picture = pictures.picture(department, drawing, colour)
        (out / "pictures" / Path(address).name).write_text(picture, encoding="utf-8")
    return {
        "departments": len(shop),
        "leaves": len(then),
        "items": len(items),
        "shoppers": len(people),
        "events": len(done),
        "personas": len(personas),
        "pictures": len(drawn),
        "requests": len(requests),
    }


def _lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Write the demo shop into a folder.")
    parser.add_argument("out", type=Path, help="folder to write into")
    counts = write(parser.parse_args().out)
    print(", ".join(f"{count:,} {name}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
