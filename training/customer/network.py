"""The network: a small Qwen2, and how it is written to disk. Knows nothing of text or of how it learns."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import torch
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

ROOM = 2048  # tokens of prompt and answer together


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Size of the network and of its vocabulary. `inner`: width of the gated layer."""

    layers: int
    hidden: int
    inner: int
    heads: int
    vocabulary: int


SHAPES = {
    "tiny": Shape(layers=2, hidden=32, inner=64, heads=2, vocabulary=2048),
    "small": Shape(layers=6, hidden=256, inner=768, heads=4, vocabulary=8192),
}


def new_network(shape: Shape, tokenizer: PreTrainedTokenizerFast, seed: int) -> Qwen2ForCausalLM:
    """A network with random weights drawn from `seed`; input and output share one table."""
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=ROOM,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Qwen2ForCausalLM(config)


def grow(network: Qwen2ForCausalLM, spelled: Sequence[Sequence[int]]) -> None:
    """Makes room for new tokens at the end of the vocabulary; each begins as the mean of what it was spelled with."""
    old = network.get_input_embeddings().weight.detach().clone()
    network.resize_token_embeddings(len(old) + len(spelled), mean_resizing=False)
    table = network.get_input_embeddings().weight
    with torch.no_grad():
        for place, ids in enumerate(spelled, len(old)):
            table[place] = old[list(ids)].mean(0)


def parameters(network: Qwen2ForCausalLM) -> int:
    """How many numbers the network has learned, shared ones once."""
    return sum(p.numel() for p in network.parameters())


def save(network: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path, card: str) -> None:
    """Writes a folder that `hf:` loads, weights in bfloat16: first beside it, then file by file in its place.
    `network` stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    rounded = {name: weight.to(torch.bfloat16) for name, weight in network.state_dict().items()}
    copy = Qwen2ForCausalLM(network.config).to(torch.bfloat16)
    copy.load_state_dict(rounded)
    copy.save_pretrained(beside)
    tokenizer.save_pretrained(beside)
    (beside / "README.md").write_text(card, encoding="utf-8")
    for file in sorted(beside.iterdir()):
        os.replace(file, folder / file.name)
    shutil.rmtree(beside)
