// The page's own behaviour: requests to the server, filters, the reply box, the timer, the address.
// Knows nothing of sessions: it sends what buttons say and shows what the server rendered.
(() => {
  "use strict";
  const store = (kind) => ({
    get(key) { try { return window[kind].getItem("duilian." + key); } catch { return null; } },
    set(key, value) { try { window[kind].setItem("duilian." + key, value); } catch { /* private mode */ } },
    drop(key) { try { window[kind].removeItem("duilian." + key); } catch { /* private mode */ } },
  });
  const kept = store("localStorage"), tab = store("sessionStorage");
  const one = (what, where = document) => where.querySelector(what);
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const here = { screen: "", session: "", lang: "" };
  let trigger = () => {}, server = {}, sending = null, nextLang = null, sureTimer = 0, toastTimer = 0, wasResting = true;

  // ---- who and where -------------------------------------------------------------------------
  const random = () => [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const thisTab = random(); // a reload is a new tab: what the old page was still waiting for is nobody's
  let serial = 0, someone = "";
  function trainee() {
    someone ||= kept.get("trainee") || random();
    kept.set("trainee", someone);
    return someone;
  }
  const lang = () => kept.get("lang") || "zh";
  const base = () => ({ lang: lang(), trainee: trainee(), screen: here.screen, tab: thisTab, serial });
  const addressed = () => new URLSearchParams(location.search).get("session") || "";
  function ask(action, more = {}) {
    if (action !== "hint") serial += 1; // a hint changes nothing that is under way
    trigger(action, { ...base(), ...more });
  }

  // Parts of one answer are redrawn one after the other: the screen changes when its own part has come.
  function come(bar) {
    const part = bar.dataset.screen === "chat" ? one("#part-log .log") : one("#part-stage [data-stamp]");
    return part && (bar.dataset.screen === "chat"
      ? part.dataset.session === bar.dataset.session : part.dataset.stamp === bar.dataset.stamp);
  }
  function follow() {
    const bar = one("#part-bar .bar");
    if (!bar || !come(bar)) return;
    const was = here.screen, { screen, session = "", lang: spoken } = bar.dataset;
    const moved = session !== here.session || screen !== was;
    Object.assign(here, { screen, session, lang: spoken });
    document.body.dataset.screen = screen;
    document.documentElement.lang = spoken === "en" ? "en" : "zh-CN";
    if (addressed() !== session) {
      const url = new URL(location.href);
      session ? url.searchParams.set("session", session) : url.searchParams.delete("session");
      history[was ? "pushState" : "replaceState"](null, "", url);
    }
    if (moved && screen !== "chat") scrollTo(0, 0);
    if (moved && screen === "chat") { bottom(true); setTimeout(focusBox, 60); }
  }

  // ---- the reply box -------------------------------------------------------------------------
  const composer = () => one("#part-composer .composer");
  const area = () => one("#part-composer textarea");
  const busy = () => Boolean(sending) || (composer()?.hasAttribute("data-busy") ?? false);
  const fine = () => matchMedia("(hover: hover) and (pointer: fine)").matches;
  function focusBox() { if (fine() && area() && !busy()) area().focus({ preventScroll: true }); }

  function sized() {
    const box = area();
    if (!box) return;
    box.style.height = "auto";
    box.style.height = Math.min(box.scrollHeight, 168) + "px";
    const count = one("[data-length]");
    const length = [...box.value.trim()].length;
    if (count) count.textContent = length ? count.dataset.format.replace("{n}", length) : "";
    const send = one("#part-composer .send");
    if (send) send.disabled = busy() || !length;
  }

  function submit() {
    const box = area(), at = composer();
    if (!box || busy() || !box.value.trim()) return;
    sending = { ack: at.dataset.ack, text: box.value };
    sized();
    ask("say", { session: at.dataset.session, text: box.value, seconds: waited() });
  }

  function settled() {
    const at = composer();
    if (!at) return;
    const resting = !at.hasAttribute("data-busy");
    if (resting !== wasResting) { wasResting = resting; bottom(true); }
    if (sending && at.dataset.ack !== sending.ack) {
      const box = area();
      if (box && box.value === sending.text) box.value = "";
      tab.drop("draft." + here.session);
      sending = null;
    }
    const box = area();
    if (box && box.dataset.of !== here.session && at.dataset.session) {
      box.dataset.of = here.session;
      box.value = tab.get("draft." + at.dataset.session) || "";
    }
    if (!busy() && nextLang) speak(nextLang);
    if (!busy()) focusBox();
    sized();
  }

  // ---- how long the customer has waited --------------------------------------------------------
  function since() {
    const at = composer();
    if (!at || at.hasAttribute("data-busy") || !at.dataset.session) return null;
    const key = "since." + at.dataset.ack;
    let began = Number(tab.get(key));
    if (!began) { began = Date.now(); tab.set(key, began); }
    return began;
  }
  const waited = () => { const began = since(); return began ? Math.round((Date.now() - began) / 100) / 10 : null; };
  function tick() {
    const spot = one("[data-timer]"), seconds = here.screen === "chat" ? waited() : null;
    if (!spot) return;
    const whole = Math.floor(seconds || 0);
    const time = Math.floor(whole / 60) + ":" + String(whole % 60).padStart(2, "0");
    spot.textContent = seconds === null ? "" : spot.dataset.format.replace("{time}", time);
  }

  // ---- the talk --------------------------------------------------------------------------------
  function bottom(force) {
    const talk = one("#talk");
    if (!talk) return;
    const near = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 240;
    if (force || near || sending) requestAnimationFrame(() => { talk.scrollTop = talk.scrollHeight; });
  }
  function showCoach() {
    const on = kept.get("coach") !== "off";
    document.body.dataset.coach = on ? "on" : "off";
    all('[data-act="coach"]').forEach((b) => b.setAttribute("aria-pressed", String(on)));
  }

  // ---- choosing --------------------------------------------------------------------------------
  const ROWS = ["style", "situation"], PICKS = [...ROWS, "level"]; // a level hides no card
  function filter() {
    if (!one(".choose")) return;
    const want = Object.fromEntries(PICKS.map((row) => [row, tab.get("filter." + row) || ""]));
    all("[data-act=filter]").forEach((b) =>
      b.setAttribute("aria-pressed", String(want[b.dataset.row] === b.dataset.value)));
    let any = false;
    all("[data-card]").forEach((card) => {
      const fits = ROWS.every((row) => !want[row] || card.dataset[row].split(" ").includes(want[row]));
      card.hidden = !fits;
      any ||= fits;
    });
    all("[data-section]").forEach((s) => { s.hidden = !one("[data-card]:not([hidden])", s); });
    const none = one("[data-none]");
    if (none) none.hidden = any;
  }

  // ---- buttons ---------------------------------------------------------------------------------
  function speak(which) {
    nextLang = null;
    kept.set("lang", which);
    ask(here.screen === "report" ? "report" : "open", { session: here.session });
  }
  async function download(button) {
    const text = await server.report_file({ ...base(), session: button.dataset.session });
    if (!text) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/html" }));
    link.download = "duilian-" + button.dataset.session.slice(0, 8) + ".html";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  function failed(part) {
    const toast = one(".toast", part);
    if (!toast) return;
    sending = null;
    sized();
    toast.classList.add("shown");
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => toast.classList.remove("shown"), 7000);
  }
  function finish(button) {
    if (!button.dataset.asked) {
      const label = button.textContent;
      button.dataset.asked = "1";
      button.textContent = button.dataset.sure;
      sureTimer = setTimeout(() => { delete button.dataset.asked; button.textContent = label; }, 3500);
      return;
    }
    clearTimeout(sureTimer);
    button.disabled = true;
    ask("finish", { session: here.session });
  }
  const ACTS = {
    home: () => ask("open", { session: "" }),
    open: (b) => ask("open", { session: b.dataset.session, screen: "" }),
    retry: (b) => ask("open", { session: b.dataset.session }),
    start: (b) => ask("start", {
      persona: b.dataset.persona, scene: b.dataset.scene || "", level: b.dataset.level ?? (tab.get("filter.level") || ""),
    }),
    report: (b) => ask("report", { session: b.dataset.session }),
    redo: (b) => ask("redo", { session: b.dataset.session, turn: Number(b.dataset.turn) }),
    hint: () => ask("hint", { session: here.session }),
    say: submit,
    finish,
    download,
    untoast: () => one(".toast")?.classList.remove("shown"),
    tray: () => { const tray = one(".tray"); if (tray) tray.replaceChildren(); },
    filter: (b) => { tab.set("filter." + b.dataset.row, b.dataset.value); filter(); },
    coach: () => { kept.set("coach", kept.get("coach") === "off" ? "on" : "off"); showCoach(); bottom(); },
    lang: () => { const to = lang() === "en" ? "zh" : "en"; busy() ? (nextLang = to) : speak(to); },
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-act]");
    if (button && !button.disabled && ACTS[button.dataset.act]) { ACTS[button.dataset.act](button); return; }
    if (event.target.closest?.("#part-side .mood")) document.body.classList.toggle("mood-open");
  });
  document.addEventListener("keydown", (event) => {
    if (event.target !== area() || event.key !== "Enter" || event.shiftKey) return;
    if (event.isComposing || event.keyCode === 229) return; // Enter that picks a word in a Chinese input method
    event.preventDefault();
    submit();
  });
  document.addEventListener("input", (event) => {
    if (event.target !== area()) return;
    tab.set("draft." + here.session, event.target.value);
    sized();
  });
  addEventListener("popstate", () => ask("open", { session: addressed(), screen: "" }));
  addEventListener("resize", () => bottom());
  setInterval(tick, 500);

  const CHANGED = {
    bar: follow,
    stage: () => { filter(); follow(); },
    head: showCoach,
    log: () => { follow(); bottom(); },
    live: () => bottom(),
    composer: settled,
    signal: failed,
  };
  window.duilian = {
    context: () => JSON.stringify({ ...base(), session: addressed() }),
    attach(element, send, functions) { trigger = send; server = functions; },
    changed(part, element) { setTimeout(() => { CHANGED[part]?.(element); tick(); }); },
  };
})();
