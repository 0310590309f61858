"""The tokenizer: byte-level BPE learned on our text, and one token for each phrase that many prompts share.

Knows nothing of networks. Numbers are cut into digits, so that a price is copied and not remembered; what was
never seen is spelled in bytes. Our prompt is long and mostly the same: with its rules, styles and facts as one token a
line a small network can read all of it. Nothing is left out: the tokens give back every text as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from eval.chatml import TEMPLATE
from training.customer.corpus import Talk
from training.customer.network import ROOM

PADDING, BEGIN, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
_WORDS = r"[\u3400-\u9fff]+|[A-Za-z]+|\d|\s+|[^\u3400-\u9fffA-Za-z\d\s]"


def train_tokenizer(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `size` tokens, never fewer than the 256 bytes and 3 markers."""
    base = Tokenizer(models.BPE())
    base.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    base.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[PADDING, BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=24,  # bytes: eight Chinese characters
        show_progress=False,
    )
    base.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=base,
        eos_token=END,
        pad_token=PADDING,
        additional_special_tokens=[BEGIN],
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=ROOM,
    )


def with_phrases(tokenizer: PreTrainedTokenizerFast, phrases: Iterable[str]) -> list[list[int]]:
    """Gives each phrase a token of its own, in order; returns what each was spelled with before."""
    new = [p for p in dict.fromkeys(phrases) if p not in tokenizer.get_vocab()]
    spelled = [tokenizer(p, add_special_tokens=False)["input_ids"] for p in new]
    tokenizer.add_tokens([AddedToken(p, normalized=False, special=False) for p in new])
    return spelled


def marked(talk: Talk) -> str:
    """A whole talk with the markers of the chat template, nothing left out."""
    return "".join(f"{BEGIN}{m['role']}\n{m['content']}{END}\n" for m in talk)


def prompt_text(tokenizer: PreTrainedTokenizerFast, messages: Sequence[dict[str, str]]) -> str:
    """What the model reads of `messages`, up to where it is to speak."""
    return str(tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True))
