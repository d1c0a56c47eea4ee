// What pages do besides what they do without a script. Each part looks for its own mark in the page.
"use strict";

// What hover or focus shows goes away by Escape, without moving the pointer (WCAG 2.2, 1.4.13).
for (const earned of document.querySelectorAll(".earned")) {
  earned.addEventListener("keydown", (event) => {
    if (event.key === "Escape") earned.classList.add("dismissed");
  });
  for (const leaving of ["mouseleave", "focusout"]) {
    earned.addEventListener(leaving, () => earned.classList.remove("dismissed"));
  }
  // It opens where there is room for it.
  earned.addEventListener("pointerenter", () => place(earned));
  earned.addEventListener("focusin", () => place(earned));
  const pop = earned.querySelector("[popover]");
  pop?.addEventListener("toggle", (event) => {
    earned.querySelector("[popovertarget]").setAttribute("aria-expanded", String(event.newState === "open"));
  });
}

function place(earned) {
  const box = earned.getBoundingClientRect();
  const half = Math.min(320, innerWidth - 32) / 2;
  const middle = box.left + box.width / 2;
  const left = middle < half + 8;
  const right = middle > document.documentElement.clientWidth - half - 8;
  const backwards = getComputedStyle(earned).direction === "rtl";
  earned.classList.toggle("at-start", backwards ? right : left);
  earned.classList.toggle("at-end", backwards ? left : right);
}

// Buttons that copy are there only where they work.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      await navigator.clipboard.writeText(source.value);
      source.select();
    });
  }
}

// Who sent a form that was wrong hears of it first.
document.getElementById("problem")?.focus();
