"""Makes a random language model of a few thousand parameters, with tokenizer and chat template.

Stands in for a real model where none is at hand: it babbles. torch and transformers are imported when called.
"""

from __future__ import annotations

from pathlib import Path

from eval.chatml import TEMPLATE


def make_tiny(folder: Path, alphabet: str, *, template: str | None = TEMPLATE, seed: int = 0) -> Path:
    """Writes the model to `folder`. It knows the characters of `alphabet`, others are one unknown token."""
    import torch
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<unk>", *dict.fromkeys(alphabet)]
    base = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    base.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    base.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=base,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<unk>",
        additional_special_tokens=["<|im_start|>"],
    )
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 8192}
    config = LlamaConfig(vocab_size=len(words), eos_token_id=2, bos_token_id=None, **shape, **heads)
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(8)  # clear winners, so that greedy decoding does not hang on rounding
        model.lm_head.weight[:4] = 0.0  # neither ends nor specials
    model.save_pretrained(folder)
    return folder
