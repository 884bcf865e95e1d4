"""The adapter: low-rank weights beside a language model's own (LoRA, Hu et al. 2021), learned, kept and joined to it.

Knows peft's form and transformers. Knows nothing of what is taught.
"""

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from peft import LoraConfig, PeftModel
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers import AutoModelForCausalLM, AutoTokenizer

from chat.taught_llm import WEIGHTS
from chat.teaching.packs import Rows, Tokens

SAMPLED_AT_ONCE = 64  # with more a token takes longer: the model's memory of what was said grows by copies
PREFIX = "base_model.model."  # of peft's names


class LowRank(nn.Module):
    """A linear layer that stands still, and the two thin matrices whose product is added to it.

    The product is added to the weights and not to what comes out, as it will be once they are joined: at some thousand
    tokens a step that is one wide product where there would be three, and half of the time.
    """

    def __init__(self, held: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.held, self.scale = held, scale
        self.down = nn.Parameter(torch.empty(rank, held.in_features))
        self.up = nn.Parameter(torch.zeros(held.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))
        self.whole: Tensor | None = None  # the sum, while nothing is learned

    def forward(self, inputs: Tensor) -> Tensor:
        return linear(inputs, self.sum() if self.whole is None else self.whole, self.held.bias)

    def sum(self) -> Tensor:
        """The weights with what was learned."""
        weight = self.held.weight
        return weight + (self.up.to(weight.dtype) @ self.down.to(weight.dtype)) * self.scale


class Adapter(nn.Module):
    """A language model whose own weights stand still. The module's parameters and state are the adapter's alone.

    ``base``: folder of the model. A new one changes nothing.
    """

    model: Any  # transformers' own, which is no part of this module's state

    def __init__(self, base: Path, *, rank: int = 16, alpha: float = 32.0) -> None:
        super().__init__()
        self.rank, self.alpha = rank, alpha
        # Eager attention: on a CPU it takes half the time of the fused one at these lengths.
        model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, attn_implementation="eager")
        model.requires_grad_(False)
        self.layers: dict[str, LowRank] = {}
        for name, layer in list(model.model.named_modules()):
            if isinstance(layer, nn.Linear):
                parent, _, own = name.rpartition(".")
                self.layers[f"model.{name}"] = LowRank(layer, rank, alpha / rank)
                setattr(model.model.get_submodule(parent), own, self.layers[f"model.{name}"])
        # Not registered, so that the state is of the adapter's weights alone: a checkpoint takes 60 MB and not 600.
        object.__setattr__(self, "model", model)
        self.weights = nn.ParameterList([one for layer in self.layers.values() for one in (layer.down, layer.up)])
        self.tokenizer = AutoTokenizer.from_pretrained(base)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Adapter":
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.model._apply(fn)
        return self

    def logits(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """For each token of an answer the scores of what could stand there [t, vocabulary], and what does [t]."""
        device = self.weights[0].device
        wanted = rows.counts[:, 1:]  # what is learned at one place stands at the next
        with torch.autocast(device.type, torch.bfloat16):
            hidden = self.model.model(
                input_ids=rows.ids.to(device),
                attention_mask=rows.masks(torch.bfloat16).to(device),
                position_ids=rows.place.to(device),
                use_cache=False,
            ).last_hidden_state
            # The head is the widest product of all: it is taken for the answers alone.
            scores = self.model.lm_head(hidden[:, :-1][wanted.to(device)])
        return scores.float(), rows.ids[:, 1:][wanted].to(device)

    @contextmanager
    def _joined(self) -> Iterator[None]:
        """Within it every layer's sum is taken once."""
        for layer in self.layers.values():
            layer.whole = layer.sum()
        try:
            yield
        finally:
            for layer in self.layers.values():
                layer.whole = None

    @torch.inference_mode()
    def sampled(
        self, prompts: Sequence[Tokens], most: int, temperature: float, seed: int, progress: Callable[[int], None]
    ) -> list[str]:
        """One answer for each prompt, at most ``most`` tokens long; temperature 0 takes the likeliest words."""
        self.eval()
        torch.manual_seed(seed)
        pad = self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else self.tokenizer.eos_token_id
        found: dict[int, str] = {}
        device = self.weights[0].device
        order = sorted(range(len(prompts)), key=lambda number: len(prompts[number].prompt))
        for start in range(0, len(order), SAMPLED_AT_ONCE):
            some = order[start : start + SAMPLED_AT_ONCE]
            longest = max(len(prompts[number].prompt) for number in some)
            ids = torch.full((len(some), longest), pad)
            for row, number in enumerate(some):
                ids[row, longest - len(prompts[number].prompt) :] = torch.tensor(prompts[number].prompt)
            mask = torch.stack([torch.arange(longest) >= longest - len(prompts[number].prompt) for number in some])
            drawn = {"do_sample": True, "temperature": temperature, "top_p": 1.0, "top_k": 0} if temperature else {}
            with torch.autocast(device.type, torch.bfloat16), self._joined():
                out = self.model.generate(
                    input_ids=ids.to(device), attention_mask=mask.long().to(device), max_new_tokens=most,
                    pad_token_id=pad, **(drawn or {"do_sample": False}),
                )  # fmt: skip
            texts = self.tokenizer.batch_decode(out[:, longest:], skip_special_tokens=True)
            found |= dict(zip(some, texts, strict=True))
            progress(len(found))
        return [found[number] for number in range(len(prompts))]

    def save(self, folder: Path) -> None:
        """Write the adapter in peft's form, its weights in half precision: vLLM and peft read it."""
        folder.mkdir(parents=True, exist_ok=True)
        named = sorted({name.rpartition(".")[2] for name in self.layers})
        config = LoraConfig(r=self.rank, lora_alpha=int(self.alpha), target_modules=named, task_type="CAUSAL_LM")
        config.inference_mode = True
        config.save_pretrained(str(folder))
        parts = {
            f"{PREFIX}{name}.lora_{letter}.weight": one.detach().cpu().to(torch.bfloat16).contiguous()
            for name, layer in self.layers.items()
            for letter, one in (("A", layer.down), ("B", layer.up))
        }
        save_file(parts, folder / WEIGHTS)


def join(base: Path, adapter: Path, target: Path) -> Path:
    """Write the model with the adapter's weights added to its own: served as any model, and as fast as before.

    Written aside and renamed, so that an interrupted write is never taken for a finished one.
    """
    aside = target.with_name(f"{target.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    joined = cast(Any, PeftModel.from_pretrained(model, str(adapter))).merge_and_unload()
    joined.to(torch.bfloat16).save_pretrained(aside)
    AutoTokenizer.from_pretrained(base).save_pretrained(aside)
    shutil.rmtree(target, ignore_errors=True)
    aside.rename(target)
    return target
