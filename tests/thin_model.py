"""A language model of two thin layers in the built-in one's form: random weights, its tokenizer and chat template."""

from pathlib import Path

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from chat.builtin_llm import ensure_converted
from chat.settings import Settings


def thin_model(folder: Path) -> Path:
    """Write it into the folder, and return that; the same weights each time."""
    tokenizer = AutoTokenizer.from_pretrained(ensure_converted(Settings().models))
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, tie_word_embeddings=True, eos_token_id=tokenizer.eos_token_id,
        initializer_range=0.2,  # as wide as to have something to say
    )  # fmt: skip
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
