"use strict";
// Choosing a formula of the front, and copying code. The page reads well without it: then every formula is shown.
const panels = [...document.querySelectorAll(".candidate")];
const points = [...document.querySelectorAll(".point")];
const buttons = [...document.querySelectorAll("button[data-candidate]")];
const said = document.getElementById("said");

function show(i, focus) {
  for (const p of panels) p.hidden = p.dataset.candidate !== i;
  for (const b of buttons) b.setAttribute("aria-pressed", String(b.dataset.candidate === i));
  for (const p of points) {
    const own = p.dataset.candidate === i;
    p.setAttribute("aria-checked", String(own));
    p.setAttribute("tabindex", own ? "0" : "-1");
    if (own && focus) p.focus();
  }
}

points.forEach((p, k) => {
  p.addEventListener("click", () => show(p.dataset.candidate, true));
  p.addEventListener("keydown", (e) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
    const to = { Home: 0, End: points.length - 1, Enter: k, " ": k }[e.key] ??
      (step && (k + step + points.length) % points.length);
    if (to === undefined) return;
    e.preventDefault();
    show(points[to].dataset.candidate, true);
  });
});
for (const b of buttons) b.addEventListener("click", () => show(b.dataset.candidate, false));

async function copy(text, pre) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no such permission: what is selected is copied instead
    getSelection().selectAllChildren(pre);
    if (!document.execCommand("copy")) return "Press Ctrl+C to copy what is selected";
    getSelection().removeAllRanges();
  }
  return "Copied";
}

for (const b of document.querySelectorAll("button.copy")) {
  b.addEventListener("click", async () => {
    const pre = b.parentElement.querySelector("pre");
    said.textContent = b.textContent = await copy(pre.textContent, pre);
    setTimeout(() => { b.textContent = "Copy"; said.textContent = ""; }, 2000);
  });
}

const chosen = panels.find((p) => p.dataset.chosen !== undefined) ?? panels[0];
if (chosen) show(chosen.dataset.candidate, false);
