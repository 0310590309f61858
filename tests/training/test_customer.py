"""The making of the customer's model, at toy size on made-up data: it learns, goes on, loads and speaks."""

from __future__ import annotations

import json
import lzma
import random
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from transformers import PreTrainedTokenizerFast

from eval.cases import Case, read_cases
from eval.remembering import Remembering, by_reply
from simulator.actor.models.hf import HfChatModel
from simulator.actor.models.registry import CustomerModel
from simulator.actor.prompt import messages
from simulator.cli import wiring
from simulator.content.contents import Content
from simulator.domain.persona import Family, Move
from simulator.errors import UsageError
from training.customer import __main__ as command
from training.customer import batches, compare, corpus, learn, network, sessions, tokens
from training.customer.sessions import Example, Spot

SMILE = [["client", "最近总是睡不着，心里烦得很"], ["counselor", "听起来您很辛苦，愿意多说一点吗"]]
COUNSEL = "来访者：你好，我怕见人。\n\n心理咨询师：谢谢你告诉我。\n还有吗？"
ASKED = [{"role": "usr", "content": "找一家便宜的饭馆"}, {"role": "sys", "content": "推荐您去这家"}]
TALK = [{"role": "user", "content": "您好，套餐要改吗"}, {"role": "assistant", "content": "太贵了，不改"}]
SHAPE = network.SHAPES["tiny"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder shaped like the sources."""
    folder = tmp_path / "data"
    (folder / "crosswoz").mkdir(parents=True)
    with lzma.open(folder / "smile.jsonl.xz", "wt", encoding="utf-8") as rows:
        rows.writelines(json.dumps({"id": str(n), "turns": SMILE * 4}) + "\n" for n in range(60))
    with lzma.open(folder / "cpsycound.jsonl.xz", "wt", encoding="utf-8") as rows:
        rows.write(json.dumps({"id": "case_0", "text": COUNSEL}) + "\n")
    for name in ("val", "test"):
        with zipfile.ZipFile(folder / "crosswoz" / f"data_crosswoz_{name}.json.zip", "w") as archive:
            archive.writestr(f"{name}.json", json.dumps({"1": {"messages": ASKED}}))
            archive.writestr(f"__MACOSX/{name}.json", "not JSON")
    return folder


@pytest.fixture(scope="module")
def content() -> Content:
    return wiring.open_catalog(None).content


@pytest.fixture(scope="module")
def grader(content: Content) -> Remembering:
    graded = wiring.make_grader(content.rubric("service"), wiring.open_encoder("builtin"))
    return Remembering(graded, by_reply)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    every = [
        c for c in read_cases([command.CASES]) if c.request.situation in ("too_expensive", "billing_dispute")
    ]
    return random.Random(0).sample(every, 60)


@pytest.fixture(scope="module")
def spots(content: Content, grader: Remembering, cases: list[Case]) -> list[Spot]:
    return sessions.made_up(content, grader, cases, 8, 0)


@pytest.fixture(scope="module")
def tokenizer(content: Content, spots: list[Spot]) -> PreTrainedTokenizerFast:
    texts = [tokens.marked(s.prompt(content)) for s in spots] + [ln.text for ln in content.lines[:500]]
    made = tokens.train_tokenizer(texts, SHAPE.vocabulary)
    tokens.with_phrases(made, sessions.phrases(content, spots))
    return made


def test_each_source_is_read_with_its_roles(data: Path) -> None:
    talks = corpus.dialogues(data, 1.0, 0)
    assert len(talks) == 60 + 1 + 2
    said = {(m["role"], m["content"]) for talk in talks for m in talk}
    assert said == {
        ("assistant", SMILE[0][1]),
        ("user", SMILE[1][1]),
        ("assistant", "你好，我怕见人。"),
        ("user", "谢谢你告诉我。 还有吗？"),
        ("assistant", ASKED[0]["content"]),
        ("user", ASKED[1]["content"]),
    }


def test_a_share_of_the_largest_source_is_drawn_by_seed(data: Path) -> None:
    path = data / "smile.jsonl.xz"
    lengths = {seed: len(list(corpus.smile(path, 0.5, seed))) for seed in range(6)}
    assert all(10 < n < 50 for n in lengths.values())
    assert len(set(lengths.values())) > 1
    assert len(list(corpus.smile(path, 0.5, 3))) == lengths[3]


def test_what_is_missing_is_named(data: Path) -> None:
    (data / "cpsycound.jsonl.xz").unlink()
    with pytest.raises(UsageError, match=r"里少了：cpsycound\.jsonl\.xz。"):
        corpus.dialogues(data, 1.0, 0)


def test_data_that_is_too_little_is_told(
    data: Path, tmp_path: Path, content: Content, grader: Remembering
) -> None:
    with lzma.open(data / "smile.jsonl.xz", "wt", encoding="utf-8") as rows:
        rows.write(json.dumps({"id": "0", "turns": SMILE}) + "\n")
    options = command.Options(data=data, out=tmp_path / "model", minutes=None, size="tiny", seed=0)
    with pytest.raises(UsageError, match="里的对话太少"):
        command.make(options, content, grader, [], str)


def test_the_command_tells_a_wrong_argument_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        command.main(["--data", str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--minutes", "-1"])
    assert leaving.value.code == 2
    assert "--minutes 要大于 0，给的是 -1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["𠮷野家 5.50元\n😡", "每月2190元，第3天", "<|im_start|>user\n好<|im_end|>\n"]
)
def test_every_text_comes_back_from_its_tokens(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_prompts_become_far_shorter_and_lose_nothing(content: Content, spots: list[Spot]) -> None:
    prompts = [s.prompt(content) for s in spots]
    tokenizer = tokens.train_tokenizer([tokens.marked(p) for p in prompts], SHAPE.vocabulary)
    texts = [tokens.prompt_text(tokenizer, p) for p in prompts]
    before = sum(len(ids) for ids in tokenizer(texts)["input_ids"])
    net = network.new_network(SHAPE, tokenizer, 0)
    old = net.get_input_embeddings().weight.detach().clone()
    phrases = sessions.phrases(content, spots)
    spelled = tokens.with_phrases(tokenizer, phrases)
    network.grow(net, spelled)
    coded = tokenizer(texts)["input_ids"]
    assert sum(len(ids) for ids in coded) < before * 0.75
    assert [tokenizer.decode(ids) for ids in coded] == texts
    table = net.get_input_embeddings().weight
    assert len(table) == len(tokenizer) == net.config.vocab_size
    place = tokenizer.convert_tokens_to_ids(phrases[0])
    assert torch.allclose(table[place], old[spelled[place - len(old)]].mean(0))


def test_phrases_are_rules_and_moves_but_never_what_lines_quote(content: Content, spots: list[Spot]) -> None:
    found = sessions.phrases(content, spots)
    assert {told for told in content.moves.values() if len(told) >= 6} <= set(found)
    assert any(p.startswith("3. 不教对方怎么说话") for p in found)
    for spot in spots:
        assert not any(spot.persona.plan in p or spot.persona.honorific in p for p in found)


def test_loss_is_taken_of_the_customers_lines_alone(tokenizer: PreTrainedTokenizerFast) -> None:
    told = [*TALK, {"role": "user", "content": "那您看看这个<|im"}]
    made = [Example(prompt=told, line=line) for line in ("嗯", "我说了不改", "你再说一遍？哪来的这笔钱")]
    lines = batches.Lines(tokenizer, made, made, 0, size=3)

    def asked(batch: learn.Batch) -> list[str]:
        kept = batch.labels != learn.IGNORED
        assert torch.equal(batch.labels[kept], batch.ids[kept])
        return sorted(tokenizer.decode(row[row != learn.IGNORED]) for row in batch.labels)

    assert asked(lines.at(0)) == sorted(f"{TALK[1]['content']}<|im_end|>{e.line}<|im_end|>" for e in made)
    assert asked(lines.held_out[0]) == sorted(f"{e.line}<|im_end|>" for e in made)


def test_a_pass_takes_every_example_once(tokenizer: PreTrainedTokenizerFast) -> None:
    made = [Example(prompt=TALK[:1], line=f"第{n}句" + "好" * n) for n in range(50)]
    lines = batches.Lines(tokenizer, made, made[:1], 0, size=5)
    drawn = [tuple(row[row != learn.IGNORED].tolist()) for s in range(10) for row in lines.at(s).labels]
    assert len(set(drawn)) == len(drawn) == 50
    again = batches.Lines(tokenizer, made, made[:1], 0, size=5)
    assert all(torch.equal(lines.at(s).ids, again.at(s).ids) for s in (12, 3))


def test_held_out_lines_are_never_learned(content: Content, spots: list[Spot]) -> None:
    learned = sessions.with_lines(content, lambda line: not sessions.is_held_out(line))
    rest = sessions.with_lines(content, sessions.is_held_out)
    assert len(learned.lines) + len(rest.lines) == len(content.lines)
    assert 0.08 < len(rest.lines) / len(content.lines) < 0.12
    allowed = {ln.id for ln in learned.lines}
    named = [s.line_id for spot in spots for s in sessions.lines_for(learned, spot, 3)]
    assert {n for n in named if n != "answer" and not n.startswith("form:")} <= allowed
    assert len(named) > len(spots), "more than one line a moment"


def test_sessions_are_made_of_every_labelled_situation_but_drills(
    content: Content, grader: Remembering, cases: list[Case], spots: list[Spot]
) -> None:
    assert {s.situation.id for s in spots} == {"too_expensive", "billing_dispute"}
    assert all(s.situation.family is not Family.DRILL for s in spots)
    replies = {c.request.reply for c in cases}
    assert all(s.direction.reply in replies for s in spots)
    assert sessions.made_up(content, grader, cases, 8, 0) == spots
    assert sessions.made_up(content, grader, cases, 8, 1) != spots


class _Killed(Exception):
    """The process is gone."""


class _Dying:
    """Batches until step 10."""

    def __init__(self, real: batches.Lines) -> None:
        self._real = real
        self.held_out: Sequence[learn.Batch] = real.held_out

    def at(self, step: int) -> learn.Batch:
        if step == 10:
            raise _Killed
        return self._real.at(step)


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learn, "_SAVE", 0.0)
    made = [Example(prompt=TALK[:1], line=f"第{n}句") for n in range(20)]
    lines = batches.Lines(tokenizer, made, made[:3], 0, size=4)
    phase = learn.Phase(name="tune", rate=1e-3, steps=20)

    def run(given: learn.Batches, name: str) -> tuple[network.Qwen2ForCausalLM, learn.Learned]:
        net = network.new_network(SHAPE, tokenizer, 0)
        return net, learn.Learning(net, given, phase, learn.Checkpoint(tmp_path / name, {"seed": 0})).run(str)

    whole, told = run(lines, "whole.pt")
    with pytest.raises(_Killed):
        run(_Dying(lines), "broken.pt")
    mended, again = run(lines, "broken.pt")
    assert told.held_out == again.held_out
    assert told.held_out[1] < told.held_out[0]
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), mended.parameters(), strict=True))
    assert learn.Checkpoint(tmp_path / "whole.pt", {"seed": 1}).read() is None, "another run's"


def test_a_phase_that_is_done_by_the_clock_is_not_learned_on(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    made = [Example(prompt=TALK[:1], line=f"第{n}句") for n in range(20)]
    lines = batches.Lines(tokenizer, made, made[:3], 0, size=4)

    def run(seconds: float) -> learn.Learned:
        phase = learn.Phase(name="tune", rate=1e-3, seconds=seconds)
        net = network.new_network(SHAPE, tokenizer, 0)
        return learn.Learning(net, lines, phase, learn.Checkpoint(tmp_path / "tune.pt", {})).run(str)

    first = run(0.5)
    again = run(0.5 + first.seconds)
    assert first.steps > 0
    assert first.earlier == 0.0
    assert again.steps == first.steps
    assert again.earlier == pytest.approx(first.seconds, abs=0.1)


@pytest.mark.slow
def test_minutes_count_what_was_learned_before_a_stop(
    data: Path,
    tmp_path: Path,
    content: Content,
    grader: Remembering,
    cases: list[Case],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    phases: dict[str, learn.Phase] = {}

    def learned(_net: object, _batches: object, phase: learn.Phase, *_: object) -> learn.Learned:
        phases[phase.name] = phase
        return learn.Learned(steps=1, tokens=1, seconds=300, earlier=300, held_out=(2, 1), curve=())

    monkeypatch.setattr(command, "_learn", learned)
    options = command.Options(data=data, out=tmp_path / "model", minutes=10, size="tiny", seed=0)
    command.make(options, content, grader, cases, str)
    assert 200 < phases["pretrain"].seconds <= 240
    assert phases["tune"].seconds <= 300


def test_other_minutes_are_another_run(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    given = [
        command.Options(data=tmp_path, out=tmp_path, minutes=minutes, size="tiny", seed=0)
        for minutes in (None, 1, 2, 1)
    ]
    none, one, two, again = (command._settings(options, tokenizer) for options in given)
    assert one == again
    assert none != one != two


def test_what_a_network_has_learned_is_what_the_customer_says(
    content: Content, spots: list[Spot], tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    spot, line = min(spots, key=lambda s: len(s.history)), "账单上这6块钱谁让你们收的"
    made = [Example(prompt=spot.prompt(content), line=line)]
    net = network.new_network(SHAPE, tokenizer, 0)
    phase = learn.Phase(name="tune", rate=1e-2, steps=60)
    given = batches.Lines(tokenizer, made, made, 0)
    learn.Learning(net, given, phase, learn.Checkpoint(tmp_path / "tune.pt", {})).run(str)
    network.save(net, tokenizer, tmp_path / "model", "card")
    asked = messages(content, spot.persona, spot.situation, spot.style, spot.history, spot.direction)
    chat = HfChatModel.load(str(tmp_path / "model"), temperature=0)
    assert chat.invoke(asked).text == line


@pytest.mark.slow
def test_the_whole_command_makes_a_model_that_loads_and_answers(
    data: Path, tmp_path: Path, content: Content, grader: Remembering, cases: list[Case], spots: list[Spot]
) -> None:
    out = tmp_path / "model"
    options = command.Options(data=data, out=out, minutes=None, size="tiny", seed=0)
    command.make(options, content, grader, cases, str)
    curve = [json.loads(row) for row in (out / "curve.jsonl").read_text(encoding="utf-8").splitlines()]
    measured = {
        p: [r["held_out"] for r in curve if r["phase"] == p and "held_out" in r] for p in ("pretrain", "tune")
    }
    assert all(losses[-1] < losses[0] for losses in measured.values()), measured
    told = (out / "README.md").read_text(encoding="utf-8")
    assert all(word in told for word in ("CC0 1.0", "CC BY 4.0", "Apache 2.0", "--seed 0", "40 and 60 steps"))
    chat = HfChatModel.load(str(out), temperature=0)
    spot = spots[0]
    asked = messages(content, spot.persona, spot.situation, spot.style, spot.history, spot.direction)
    assert chat.invoke(asked).text == "".join(str(c.text) for c in chat.stream(asked)), (
        "the same when asked again"
    )
    weights = (out / "model.safetensors").read_bytes()
    (out / "model.safetensors").unlink()
    command.make(options, content, grader, cases, str)
    assert (out / "model.safetensors").read_bytes() == weights, (
        "a finished run is not run again, or comes out alike"
    )


def _model(*answers: str) -> CustomerModel:
    chat = FakeListChatModel(responses=list(answers))
    return CustomerModel(name="fake", version="0", chat=chat, is_bank=False)


def test_pairs_are_blind_and_the_key_tells_them_apart(content: Content, spots: list[Spot]) -> None:
    quiet = [s for s in spots if s.direction.move in (Move.PRESS, Move.DOUBT, Move.QUESTION)][:12]
    found = list(compare.pairs(content, _model("这事你们到底管不管呀"), quiet))
    sides = random.Random(0)
    for number, pair in enumerate(found):
        blind, key = compare.rows(pair, number, sides)
        assert pair.raw[0] == "这事你们到底管不管呀"
        if pair.model is None:
            assert blind is None
            assert len(pair.refused) == len(pair.raw) == 2
            continue
        assert blind is not None
        assert {blind[side]: key[side] for side in "AB"} == {pair.bank: "bank", pair.model: "model"}
        assert blind["history"][-1] == ("trainee", pair.spot.direction.reply)
        assert set(blind) == {"id", "style", "situation", "history", "move", "A", "B"}
    assert any(pair.model for pair in found)


def test_a_refused_model_is_told_in_the_key_alone(content: Content, spots: list[Spot]) -> None:
    found = list(compare.pairs(content, _model("作为一个AI语言模型，我不能"), spots[:2]))
    assert [pair.model for pair in found] == [None, None]
    blind, key = compare.rows(found[0], 0, random.Random(0))
    assert blind is None
    assert (key["A"], key["bank"], len(key["raw"])) == (None, found[0].bank, 2)
    assert "0 first attempts passed the guard, 0 second ones, 2 left to the bank" in compare.summary(found)


def test_a_line_of_the_bank_is_known_again(content: Content, spots: list[Spot]) -> None:
    spot = spots[0]
    bank = sessions.lines_for(content, spot, 1)[0].text
    found = list(compare.pairs(content, _model(bank), [spot]))
    assert [p.bank_wording for p in found if p.model] == [True] * sum(p.model is not None for p in found)


def test_moments_are_drawn_evenly_from_all_cells(spots: list[Spot]) -> None:
    cells = {("a", "x"): spots[:2], ("a", "y"): spots[2:12], ("b", "x"): []}
    chosen = compare.drawn(cells, 6, 0)
    assert sum(s in spots[:2] for s in chosen) == 2
    assert len(chosen) == 6
    assert len(compare.drawn(cells, 100, 0)) == 12
