"use strict";
document.documentElement.classList.add("scripted");
for (const part of document.querySelectorAll(".changes")) {
  const item = part.querySelector("select");
  const buttons = [...part.querySelectorAll(".filter button")];
  const none = part.querySelector("[data-none]");
  const filter = () => {
    const effect = buttons.find((b) => b.getAttribute("aria-pressed") === "true").value;
    let shown = 0;
    for (const card of part.querySelectorAll(".change")) {
      card.hidden = (item.value && card.dataset.item !== item.value) || (effect && card.dataset.effect !== effect);
      shown += !card.hidden;
    }
    for (const fold of part.querySelectorAll("details")) {
      const left = fold.querySelectorAll(".change:not([hidden])").length;
      fold.hidden = !left;
      if (left && (item.value || effect)) fold.open = true;
    }
    none.hidden = shown > 0;
  };
  item.addEventListener("change", filter);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      filter();
    });
  }
}
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
});
if (parent !== window) { // in a frame of the evaluation page, which gives it the height it needs
  const root = document.documentElement;
  new ResizeObserver(() => parent.postMessage({ height: root.offsetHeight }, "*")).observe(root);
}
