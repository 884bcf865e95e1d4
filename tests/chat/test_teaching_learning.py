"""Learning, with a model of two thin layers in the built-in one's form: packing, losses, resuming, joining."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hashing import Hashing
from thin_model import thin_model

from chat.taught_llm import FACTS, WEIGHTS, adapter_for, joined, reworded
from chat.teaching.adapter import Adapter, join
from chat.teaching.lessons import Answers, Pair, Preference
from chat.teaching.packs import Tokens, packed, tokenised
from chat.teaching.settings import TeachingSettings
from ranking.descent import descend
from ranking.settings import Descent, Hardware

pytestmark = pytest.mark.filterwarnings("default")  # of libraries, on what they will do in a later version


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thin_model(tmp_path_factory.mktemp("model") / "thin")


def example(module: Adapter, said: str, answer: str) -> Tokens:
    return tokenised(module.tokenizer, (("system", "shop"), ("user", said)), answer)


def moved(module: Adapter) -> Adapter:
    """The module with other weights than those that change nothing."""
    with torch.no_grad():
        for number, one in enumerate(module.weights):
            one += 0.02 * torch.randn(one.shape, generator=torch.Generator().manual_seed(number))
    return module


def alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two models say the same but for the rounding of half precision; their scores spread by 1 to 2."""
    return one.shape == other.shape and float((one - other).abs().mean()) < 0.05


def test_an_example_is_what_the_server_sends_and_ends_where_the_server_stops(base: Path) -> None:
    module = Adapter(base)
    one = example(module, "a tent", '{"act":"search"}')
    text = module.tokenizer.decode([*one.prompt, *one.answer])
    assert text == (
        "<|im_start|>system\nshop<|im_end|>\n<|im_start|>user\na tent<|im_end|>\n<|im_start|>assistant\n"
        '{"act":"search"}<|im_end|>'
    )
    assert one.answer[-1] == module.tokenizer.eos_token_id


def test_packed_examples_do_not_see_each_other_and_the_loss_is_of_answers_alone(base: Path) -> None:
    module = moved(Adapter(base)).eval()
    some = [example(module, f"{word} please", f"here is a {word}") for word in ("tent", "mug", "sock")]
    together = packed(some, 96)
    assert len(together) == 1
    assert int(together.counts.sum()) == sum(len(one.answer) for one in some)
    with torch.no_grad():
        scores, right = module.logits(together)
        alone = [module.logits(packed([one], 96)) for one in some]
    assert right.tolist() == [token for one in some for token in one.answer]
    assert alike(scores, torch.cat([held for held, _ in alone]))


def test_what_is_longer_than_a_row_is_cut_and_no_row_is_longer(base: Path) -> None:
    rows = packed([Tokens(tuple(range(100)), (7, 8)), Tokens((1,), (2,))], 64)
    assert rows.ids.shape == (2, 64)
    assert rows.ids[0, -2:].tolist() == [7, 8]


def test_a_new_adapter_changes_nothing_and_its_state_is_its_own_alone(base: Path) -> None:
    from transformers import AutoModelForCausalLM

    module = Adapter(base, rank=4).eval()
    one = example(module, "a tent", "yes")
    ids = torch.tensor([one.prompt + one.answer])
    with torch.no_grad():
        mine, _ = module.logits(packed([one], len(one)))
        plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)(input_ids=ids).logits
    assert alike(mine, plain[0, len(one.prompt) - 1 : -1].float())
    assert sum(tensor.numel() for tensor in module.state_dict().values()) < 30_000


def test_a_saved_adapter_joined_to_its_model_says_what_it_said_beside_it(base: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    module = moved(Adapter(base, rank=4)).eval()
    module.save(tmp_path / "adapter")
    assert "base_model_name_or_path" in (tmp_path / "adapter" / "adapter_config.json").read_text()
    assert str(base) not in (tmp_path / "adapter" / "adapter_config.json").read_text()
    one = example(module, "a tent", "yes, a green one")
    with torch.no_grad():
        beside, _ = module.logits(packed([one], len(one)))
        whole = AutoModelForCausalLM.from_pretrained(join(base, tmp_path / "adapter", tmp_path / "joined"))
        ids = torch.tensor([one.prompt + one.answer])
        inside = whole(input_ids=ids).logits[0, len(one.prompt) - 1 : -1].float()
    with torch.no_grad():
        untaught, _ = Adapter(base, rank=4).eval().logits(packed([one], len(one)))
    assert not alike(beside, untaught)
    assert alike(beside, inside)


def test_answers_are_learned(base: Path) -> None:
    torch.manual_seed(1)
    module = Adapter(base, rank=8)
    some = [example(module, f"number {number}", '{"act":"search"}') for number in range(24)]
    lesson = Answers(packed(some[4:], 128), packed(some[:4], 128), laps=1)
    outcome = descend(
        module, lesson, Descent(learning_rate=3e-2, batch=1, epochs=10, patience=10, weight_decay=0.0),
        on=Hardware(precision="bf16"),
    )  # fmt: skip
    losses = [epoch.loss for epoch in outcome.curve]
    assert losses[-1] < losses[0] - 1, losses
    assert outcome.curve[-1].validation > outcome.curve[0].validation


def test_the_better_of_two_answers_becomes_likelier_against_the_worse(base: Path) -> None:
    torch.manual_seed(2)
    module = Adapter(base, rank=8)
    pairs = [
        Pair(example(module, f"for night {number}", "a lantern"), example(module, f"for night {number}", "a mug"))
        for number in range(8)
    ]
    lesson = Preference(module, pairs[2:], pairs[:2], beta=0.5, anchor=0.0)
    with torch.no_grad():
        before = lesson.validate(module)
    assert before == pytest.approx(float(torch.nn.functional.logsigmoid(torch.zeros(()))), abs=1e-3)
    outcome = descend(
        module, lesson, Descent(learning_rate=1e-2, batch=2, epochs=5, patience=5, weight_decay=0.0),
        on=Hardware(precision="bf16"),
    )  # fmt: skip
    assert outcome.best.validation > before + 0.05


def test_sampling_is_as_the_seed_says(base: Path) -> None:
    module = moved(Adapter(base))
    prompts = [example(module, said, "") for said in ("a tent", "something longer for a cold night", "a mug")]
    first = module.sampled(prompts, 5, 1.0, 3, lambda done: None)
    assert len(first) == 3
    assert first == module.sampled(prompts, 5, 1.0, 3, lambda done: None)
    assert module.sampled(prompts, 5, 0.0, 1, lambda done: None) == module.sampled(
        prompts, 5, 0.0, 2, lambda done: None
    )


TEACH = """
import sys
from pathlib import Path
from test_teaching_learning import taught
taught(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def taught(base: Path, folder: Path, progress: Callable[[str, int, int], None] = lambda *_: None) -> Any:
    """A teaching on a few items of the demo shop."""
    from test_teaching_data import ITEMS, vocabulary

    from chat.teaching.requests import Request
    from chat.teaching.source import Source
    from chat.teaching.teach import teach
    from prompts.library import Library

    encoder = Hashing()
    some = [item for item in ITEMS if item.in_stock][:60]
    source = Source(
        some, encoder.encode([item.encoder_text() for item in some]), vocabulary(), encoder.encode,
        given=[Request(f"to sleep out {number} nights", (item.id,), "given") for number, item in enumerate(some)],
    )  # fmt: skip
    recipe = TeachingSettings(
        words=30, uses=10, acts=20, answers=20, laps=1, rank=4, asked=20, samples=3, validation=0.1,
        supervised=Descent(learning_rate=1e-2, batch=4, epochs=4, patience=4),
        preference=Descent(learning_rate=1e-3, batch=4, epochs=1),
    )  # fmt: skip
    library = Library()
    return teach(
        base, source, (library.get("understand_taught"), library.get("reply_taught")), recipe,
        folder / "adapter", folder / "partial", progress, {"base": base.name, "shop": "the test"},
    )  # fmt: skip


def test_a_killed_teaching_goes_on_to_the_same_weights(base: Path, tmp_path: Path) -> None:
    whole = taught(base, tmp_path / "whole")
    assert [epoch["number"] for epoch in whole.facts["curves"]["words"]] == [1, 2, 3, 4]
    card = (whole.folder / "card.md").read_text()
    assert "the test" in card
    assert "describe: given" in card
    assert "4 of 4 laps" in card
    assert {one["sort"]: one["requests"] for one in whole.facts["tried"]} == {"given": 6, "use": 1}
    assert "| the merchant's own | 6 |" in card
    assert "fewer than 40: may be chance" in card
    assert (whole.folder / "curve.svg").read_text().startswith("<svg")

    cut = tmp_path / "cut"
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    process = subprocess.Popen([sys.executable, "-c", TEACH, str(base), str(cut)], env=environment)
    begun = time.monotonic()
    while not (cut / "partial" / "words.pt").exists():
        assert process.poll() is None
        assert time.monotonic() - begun < 120
        time.sleep(0.01)
    process.kill()
    process.wait()
    again = taught(base, cut)
    assert (again.folder / WEIGHTS).read_bytes() == (whole.folder / WEIGHTS).read_bytes()
    assert again.facts["pairs"] == whole.facts["pairs"]


def test_ctrl_c_while_descriptions_are_tried_keeps_what_was_learned(base: Path, tmp_path: Path) -> None:
    def interrupts(what: str, done: int, of: int) -> None:
        if what == "describing":
            raise KeyboardInterrupt

    first = taught(base, tmp_path, interrupts)
    assert first.interrupted
    assert len(first.facts["curves"]["words"]) == 4
    assert "cut off by hand" in (first.folder / "card.md").read_text()
    (counted,) = (tmp_path / "partial").glob("seconds-*")
    counted.write_text("5000")
    assert "The preference was not taught: it was cut off before." in (first.folder / "card.md").read_text()
    again = taught(base, tmp_path)
    assert not again.interrupted
    assert again.facts["seconds"] >= 5000  # of all its runs


def test_which_adapter_a_model_is_served_with(base: Path, tmp_path: Path) -> None:
    from chat.errors import SetupError

    own = tmp_path / "own"
    moved(Adapter(base, rank=4)).save(own)
    (own / FACTS).write_text(json.dumps({"base": "thin"}))
    assert adapter_for("thin", "auto", own) == own
    assert adapter_for("thin", "none", own) is None
    assert adapter_for("thin", "auto", tmp_path / "nothing") is None
    assert adapter_for("another", "auto", own) is None
    assert adapter_for("thin", str(own), tmp_path) == own
    with pytest.raises(SetupError, match="was taught to thin, and the model is another"):
        adapter_for("another", str(own), tmp_path)
    with pytest.raises(SetupError, match="shoptalk teach"):
        adapter_for("thin", str(tmp_path / "nothing"), own)

    (own / FACTS).write_text(json.dumps({"base": "thin", "prompts": {"reply_taught": "a", "understand_taught": "b"}}))
    assert reworded(own, {"reply_taught": "a", "understand_taught": "b", "reply": "c"}) == []
    assert reworded(own, {"reply_taught": "a", "understand_taught": "another"}) == ["understand_taught"]
    assert reworded(tmp_path / "nothing", {"reply_taught": "a"}) == []

    target = joined(base, own, tmp_path / "models")
    made = (target / "config.json").stat().st_mtime_ns
    assert joined(base, own, tmp_path / "models") == target
    assert (target / "config.json").stat().st_mtime_ns == made


def test_what_ships_is_small_and_names_its_model_its_prompts_and_its_data() -> None:
    from chat.taught_llm import SHIPPED
    from prompts.library import Library

    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 20_000_000
    facts = json.loads((SHIPPED / FACTS).read_text())
    assert facts["base"] == "smollm2-135m-instruct"
    newest = {name: Library().get(name).version for name in ("understand_taught", "reply_taught")}
    assert facts["prompts"] == newest, "the prompts have changed: teach the adapter that ships anew"
