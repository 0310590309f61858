"""The page on which people label replies: one reply at a time, saved as soon as it is confirmed.

Knows nothing of files or of agreement: a `Sitting` says which reply comes next and saves what was entered.
No label that a case may carry reaches this module, and no request leaves the machine.
"""

from __future__ import annotations

import json
import logging
import math
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any

import click
import gradio as gr

from eval.labelling import FIELDS, NAMES, QUALITIES, Entry, Label, Question, Sitting, choices
from eval.metrics import KINDS
from simulator.app import sheets
from simulator.app.markup import attrs, button, esc
from simulator.app.theme import Paper
from simulator.content.contents import Content
from simulator.errors import DuilianError, UsageError

_LOGGER = logging.getLogger(__name__)
_HINTS = {
    "step": "这个情境规定的做法，话里真做到了才勾",
    "skill": "关键词不算数，真做到才勾",
    "negative": "犯了才勾；说了禁语的在下面选",
}
_ACTIONS = ("save", "back", "skip")
_ATTACH = f"""
window.labelling.attach(trigger, {json.dumps(_ACTIONS)});
watch('value', () => window.labelling.changed(element));
"""  # Gradio knows an event by its quoted name in here
_SIGNAL = "watch('value', () => window.labelling.told(element));"


def launch(sitting: Sitting, content: Content, host: str, port: int) -> None:
    """Serves the page until interrupted. Raises UsageError when host and port cannot be listened on."""
    blocks = build(Desk(sitting, content))
    try:
        blocks.launch(
            server_name=host,
            server_port=port,
            share=False,
            inbrowser=False,
            quiet=True,
            prevent_thread_lock=True,
            theme=Paper(),
            head=f"<style>{sheets.style_sheet(('base.css',))}{_STYLE}</style><script>{_SCRIPT}</script>",
            favicon_path=str(sheets.ASSETS / "favicon.svg"),
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            pwa=False,
            enable_monitoring=False,
            show_error=False,
        )
    except OSError as error:
        raise UsageError(f"{host}:{port} 开不了，多半是端口被占用了，换一个 --port 试试") from error
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    click.echo(f"标注页面已经开好：http://{shown}:{port}  （按 Ctrl+C 停止，标好的都存着）")
    blocks.block_thread()


def build(desk: Desk) -> gr.Blocks:
    """The page over `desk`, not yet served."""
    with gr.Blocks(title="标注 · 对练", analytics_enabled=False, fill_width=True) as blocks:
        stage = gr.HTML(value="", elem_id="part-label", js_on_load=_ATTACH, apply_default_css=False)
        signal = gr.HTML(value="", elem_id="part-signal", js_on_load=_SIGNAL, apply_default_css=False)
        for action in _ACTIONS:
            getattr(stage, action)(
                _listener(getattr(desk, action)),
                outputs=[stage, signal],
                show_progress="hidden",
                api_visibility="private",
                trigger_mode="multiple",
            )
        blocks.load(
            _answering(lambda _: desk.open()),
            outputs=[stage, signal],
            show_progress="hidden",
            api_visibility="private",
        )
    return blocks


def _listener(action: Callable[[Mapping[str, Any]], str]) -> Callable[..., list[Any]]:
    answer = _answering(action)

    def listener(event: gr.EventData) -> list[Any]:
        return answer(event._data if isinstance(event._data, dict) else {})

    return listener


def _answering(action: Callable[[Mapping[str, Any]], str]) -> Callable[..., list[Any]]:
    """An event's function: the new screen, or a message that leaves the screen as the labeller filled it."""

    def answer(data: Mapping[str, Any] | None = None) -> list[Any]:
        try:
            return [action(data or {}), gr.skip()]
        except DuilianError as error:
            message = str(error)
        except Exception:  # the border of the process: tell the labeller, keep the server
            _LOGGER.exception("the labelling page failed")
            message = "出了意外，没有存上。填的内容还在页面上，再点一次试试。"
        return [gr.skip(), _toast(message)]

    return answer


def _toast(message: str) -> str:
    number = attrs(data_number=secrets.token_hex(4))  # the same message again is new again
    close = button("×", "untoast", "icon", aria_label="关闭")
    return f'<div class="toast" role="alert"{number}><div><p>{esc(message)}</p></div>{close}</div>'


class Desk:
    """What the page does when something is pressed: each action answers with the next screen as HTML."""

    def __init__(self, sitting: Sitting, content: Content) -> None:
        """`content`: the names of situations and styles."""
        self._sitting, self._content = sitting, content
        self._guard = threading.Lock()

    def open(self) -> str:
        """The reply at which the labeller stopped."""
        return self._screen(self._sitting.now())

    def save(self, data: Mapping[str, Any]) -> str:
        """Saves what was entered; the next unlabelled reply. Raises UsageError, InputError."""
        entry = entry_of(data)
        with self._guard:
            self._sitting.save(entry)
        return self._screen(self._sitting.after(entry.id))

    def skip(self, data: Mapping[str, Any]) -> str:
        """The next unlabelled reply, saving nothing."""
        return self._screen(self._sitting.after(_word(data, "id")))

    def back(self, data: Mapping[str, Any]) -> str:
        """The reply before, with what was saved of it. Raises UsageError at the first."""
        question = self._sitting.before(_word(data, "id"))
        if question is None:
            raise UsageError("这已经是第一条了")
        return self._screen(question)

    def _screen(self, question: Question | None) -> str:
        done, order = self._sitting.done(), self._sitting.order
        stamp = {"data_stamp": secrets.token_hex(4), "data_labeller": self._sitting.notebook.labeller}
        top = _top(self._sitting.notebook.labeller, len(done), len(order))
        if question is None:
            body = (
                f'<div class="finished" tabindex="-1" data-start><h2>{len(order)} 条都标完了，谢谢！</h2>'
                f"<p>都存在 {esc(self._sitting.notebook.path)}。想改哪条，可以退回去改。</p>"
                f"{button('← 回去看看', 'back')}</div>"
            )
            return f'<div class="label"{attrs(data_id="", **stamp)}>{top}{body}</div>'
        label = done.get(question.id)
        form = _form(self._sitting, question, label)
        return (
            f'<div class="label"{attrs(data_id=question.id, **stamp)}>{top}'
            f'<div class="pair">{self._talk(question, label is not None)}{form}</div>{_ACTS}</div>'
        )

    def _talk(self, question: Question, saved: bool) -> str:
        situation = self._content.situations.get(question.situation)
        style = self._content.styles.get(question.style)
        tags = [f'<span class="tag">{esc(situation.name if situation else question.situation)}</span>']
        if question.style:
            tags.append(f'<span class="tag plain">{esc(style.name if style else question.style)}</span>')
        if saved:
            tags.append('<span class="tag again">已经标过，可以改</span>')
        summary = f'<p class="faint">{esc(situation.summary)}</p>' if situation else ""
        customer = f'<h3>客户</h3><p class="said">{esc(question.customer)}</p>' if question.customer else ""
        return (
            f'<section class="talk" aria-label="要标的回复"><div class="tags">{"".join(tags)}</div>'
            f'{summary}{customer}<h3>回复</h3><p class="said mine" tabindex="-1" data-start>{esc(question.reply)}</p></section>'
        )


def entry_of(data: Mapping[str, Any]) -> Entry:
    """What the browser sent, of which nothing is trusted: unfit values become empty."""
    seconds, quality = data.get("seconds"), data.get("quality")
    sane = isinstance(seconds, int | float) and math.isfinite(seconds)
    return Entry(
        id=_word(data, "id"),
        ticked={kind: _words(data, field) for kind, field in FIELDS.items()},
        banned=_words(data, "banned"),
        quality=float(quality) if isinstance(quality, int | float) else None,
        seconds=min(max(float(seconds or 0), 0.0), 86400.0) if sane else 0.0,
    )


def _word(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _words(data: Mapping[str, Any], key: str) -> list[str]:
    value = data.get(key)
    return list(dict.fromkeys(str(x) for x in value)) if isinstance(value, list) else []


# ---- HTML ------------------------------------------------------------------------------------------

_ACTS = (
    f'<div class="acts">{button("← 上一条", "back")}{button("跳过", "skip")}'
    f"{button('保存，下一条', 'save', 'btn primary', title='Ctrl+Enter', aria_keyshortcuts='Control+Enter')}</div>"
)


def _top(labeller: str, done: int, of: int) -> str:
    return (
        f'<header class="top"><b>标注 · {esc(labeller)}</b><span>已标 {done} / {of}</span>'
        f'<progress value="{done}" max="{of}" aria-label="进度"></progress></header>'
    )


def _form(sitting: Sitting, question: Question, label: Label | None) -> str:
    case = label.case if label else None
    parts = []
    for kind in KINDS:
        had = case.labels[kind] if case else frozenset()
        ticks = [
            _tick(FIELDS[kind], item, esc(name), esc(meaning), item in had)
            for item, (name, meaning) in choices(sitting.rubric, question.situation, kind).items()
        ]
        parts.append(_fieldset(NAMES[kind], _HINTS[kind], f'<div class="ticks">{"".join(ticks)}</div>'))
    phrases = [
        _tick("banned", p.id, esc(p.phrase), "", case is not None and p.id in case.banned)
        for p in sitting.rubric.banned
    ]
    parts.append(
        _fieldset(
            NAMES["banned"],
            "话里用任何说法说了哪一句的意思，就选最接近的一两句",
            '<input type="search" data-search aria-label="搜禁语" placeholder="搜：输入禁语里的字">'
            f'<div class="phrases">{"".join(phrases)}<p class="faint" data-none hidden>没有含这些字的禁语</p></div>',
        )
    )
    marks = [_mark(q, case is not None and case.quality == q) for q in QUALITIES]
    parts.append(_fieldset(NAMES["quality"], "1 最差，5 最好", f'<div class="marks">{"".join(marks)}</div>'))
    return f'<form class="sheet" autocomplete="off">{"".join(parts)}</form>'


def _fieldset(legend: str, hint: str, body: str) -> str:
    return f"<fieldset><legend>{legend} <small>{hint}</small></legend>{body}</fieldset>"


def _tick(field: str, value: str, name: str, meaning: str, checked: bool) -> str:
    box = f'<input type="checkbox"{attrs(name=field, value=value, checked=checked)}>'
    return f'<label class="tick">{box}<span>{name}{f"<small>{meaning}</small>" if meaning else ""}</span></label>'


def _mark(quality: float, checked: bool) -> str:
    radio = f'<input type="radio"{attrs(name="quality", value=f"{quality:g}", checked=checked)}>'
    return f'<label class="mark">{radio}<span>{quality:g}</span></label>'


_STYLE = """
html { scroll-padding-bottom: 90px; }
.gradio-container, .gradio-container :has(.label) { overflow: visible !important; }
.label .said.mine { outline: none; }
.label { max-width: 1200px; margin: 0 auto; padding: 0 24px; }
.label :where(h2, h3, p) { margin: 0; font-weight: inherit; color: inherit; }
.label .top { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 16px; padding: 14px 0 10px; }
.label .top b { font-size: 17px; font-weight: 600; flex: 1; min-width: 0; overflow-wrap: anywhere; }
.label .top span { color: var(--ink-2); font-variant-numeric: tabular-nums; }
.label progress { flex: 0 0 100%; width: 100%; height: 5px; border: 0; border-radius: 3px;
  overflow: hidden; appearance: none; background: var(--line); }
.label progress::-webkit-progress-bar { background: var(--line); }
.label progress::-webkit-progress-value { background: var(--green); }
.label progress::-moz-progress-bar { background: var(--green); }
.label .pair { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 8fr); gap: 24px;
  align-items: start; }
.label .talk { position: sticky; top: 12px; display: grid; gap: 8px; padding: 6px 0 16px; outline: none;
  max-height: calc(100dvh - 100px); overflow-y: auto; }
.label h3 { font-size: 13px; color: var(--ink-2); margin-top: 6px; }
.label .said { padding: 10px 14px; border-radius: 8px; background: var(--theirs); font-size: 16px;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.label .said.mine { background: var(--mine); color: var(--mine-ink); }
.label .tag.again { background: var(--amber-soft); color: var(--amber); }
.label .sheet { display: grid; gap: 14px; padding-bottom: 20px; min-width: 0; }
.label fieldset { border: 1px solid var(--line); border-radius: 10px; background: var(--card); margin: 0;
  padding: 4px 14px 12px; min-width: 0; }
.label legend { font-weight: 600; padding: 0 4px; }
.label small { font-weight: 400; font-size: 12.5px; line-height: 1.45; color: var(--ink-2); }
.label .ticks { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 2px 12px; }
.label .tick { display: flex; gap: 9px; align-items: flex-start; padding: 6px; border-radius: 7px;
  cursor: pointer; line-height: 1.5; }
.label .tick:hover { background: var(--sunk); }
.label .tick:has(:checked) { background: var(--green-soft); }
.label .tick span { min-width: 0; overflow-wrap: anywhere; } .label .tick small { display: block; }
.gradio-container .label input[type=checkbox] { flex: none; width: 18px; height: 18px; margin: 3px 0 0;
  border: 1.5px solid var(--ink-3); border-radius: 4px; background-color: var(--theirs); }
.gradio-container .label input[type=checkbox]:checked { border-color: #257a4c; background-color: #257a4c; }
.gradio-container .label input[type]:focus-visible, .label .mark:has(:focus-visible) { outline: 2px solid var(--green) !important;
  outline-offset: 2px; }
.gradio-container .label input[type=search] { box-sizing: border-box; width: 100%; padding: 8px 12px;
  margin: 4px 0 6px; font: inherit; font-size: 16px; color: var(--ink); background: var(--theirs);
  border: 1px solid var(--line); border-radius: 8px; }
.label .phrases { max-height: 224px; overflow-y: auto; } .label .phrases .tick { padding: 4px 6px; }
.label .marks { display: grid; grid-template-columns: repeat(9, minmax(0, 1fr)); gap: 6px; }
.label .mark { position: relative; display: grid; place-items: center; min-height: 44px;
  border: 1px solid var(--line); border-radius: 8px; background: var(--theirs); cursor: pointer;
  font-variant-numeric: tabular-nums; }
.gradio-container .label .mark input { position: absolute; opacity: 0; inset: 0; width: 100%;
  height: 100%; margin: 0; cursor: pointer; }
.label .mark:hover { border-color: var(--ink-3); }
.label .mark:has(:checked) { background: #257a4c; border-color: #257a4c; color: #fff; font-weight: 600; }
.label .acts { position: sticky; bottom: 0; z-index: 5; display: flex; gap: 10px;
  justify-content: flex-end; padding: 10px 0 calc(10px + env(safe-area-inset-bottom));
  background: var(--paper); border-top: 1px solid var(--line); }
.gradio-container .label .acts .btn { min-height: 44px; }
.label .finished { display: grid; gap: 14px; justify-items: start; padding: 32px 0; outline: none;
  overflow-wrap: anywhere; } .label h2 { font-size: 20px; font-weight: 600; }
@media (max-width: 860px) {
  .label { padding: 0 14px; } .label .pair { grid-template-columns: minmax(0, 1fr); gap: 8px; }
  html { scroll-padding-top: 34dvh; }
  .label .talk { display: contents; }
  .label .said.mine { position: sticky; top: 6px; z-index: 4; max-height: 30dvh; overflow-y: auto; box-shadow: var(--shadow); }
  .label .ticks { grid-template-columns: minmax(0, 1fr); }
    .label .marks { grid-template-columns: repeat(5, minmax(0, 1fr)); }
  .label fieldset { padding: 4px 8px 10px; }
  .label .acts .primary { flex: 1; }
}
"""

_SCRIPT = """
(() => {
  "use strict";
  const one = (what) => document.querySelector(what);
  const all = (what) => [...document.querySelectorAll(what)];
  let trigger = () => {}, actions = [], busy = false, seconds = 0, toastTimer = 0;
  const store = {
    get(key) { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } },
    set(key, value) { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* private mode */ } },
    drop(key) { try { sessionStorage.removeItem(key); } catch { /* private mode */ } },
  };
  const here = () => one(".label")?.dataset.id ?? "";
  const draft = (id) => "label." + one(".label")?.dataset.labeller + "." + id;
  const ticked = (name) => all(`.label input[name=${name}]:checked`).map((box) => box.value);
  const entry = () => ({
    id: here(), steps: ticked("steps"), skills: ticked("skills"), negatives: ticked("negatives"),
    banned: ticked("banned"), quality: ticked("quality").map(Number)[0] ?? null, seconds,
  });
  function rest(is) {
    busy = !is;
    all(".label [data-act]").forEach((button) => { button.disabled = busy; });
  }
  let waiting = "";
  function act(name) {
    if (busy || (name === "save" && !here())) return;
    const sent = entry();
    waiting = name === "save" ? draft(sent.id) : "";
    rest(false);
    trigger(name, sent);
  }
  function search() {
    const want = (one("[data-search]")?.value ?? "").trim().toLowerCase();
    let any = false;
    all(".phrases .tick").forEach((row) => {
      const fits = row.querySelector("input").checked || row.textContent.toLowerCase().includes(want);
      row.hidden = !fits;
      any ||= fits;
    });
    if (one("[data-none]")) one("[data-none]").hidden = any;
  }
  function shown() {
    if (waiting) { store.drop(waiting); waiting = ""; }
    one(".toast")?.classList.remove("shown");
    rest(true);
    one(".label form")?.reset(); // Gradio mends the old form into the new one: what was ticked would stay
    search();
    seconds = 0;
    const was = here() && store.get(draft(here()));
    if (was) {
      all(".label .sheet input[name]").forEach((box) => {
        box.checked = box.name === "quality" ? Number(box.value) === was.quality : was[box.name].includes(box.value);
      });
      seconds = was.seconds;
    }
    document.documentElement.lang = "zh-CN";
    scrollTo(0, 0);
    one("[data-start]")?.focus({ preventScroll: true });
    document.body.dataset.shown = one(".label")?.dataset.stamp ?? "";
  }
  document.addEventListener("click", (event) => {
    const name = event.target.closest?.("[data-act]")?.dataset.act;
    if (name === "untoast") one(".toast")?.classList.remove("shown");
    else if (actions.includes(name)) act(name);
  });
  document.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.key !== "Enter") return;
    if (event.ctrlKey || event.metaKey) { event.preventDefault(); act("save"); }
    else if (event.target.closest?.(".label form")) event.preventDefault();
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-search]")) search();
    else if (event.target.closest?.(".label form")) store.set(draft(here()), entry());
  });
  setInterval(() => { if (!document.hidden) seconds += 1; }, 1000);
  window.labelling = {
    attach(send, names) { trigger = send; actions = names; },
    changed() { setTimeout(shown); },
    told(part) { setTimeout(() => {
      const toast = part.querySelector(".toast");
      if (!toast) return;
      waiting = "";
      rest(true);
      toast.classList.add("shown");
      clearTimeout(toastTimer);
      toastTimer = setTimeout(() => toast.classList.remove("shown"), 12000);
    }); },
  };
})();
"""
