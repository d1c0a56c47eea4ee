// Puts awards in an order by dragging, and by the buttons without a page for each move. Without it, every button is a form.
"use strict";

for (const form of document.querySelectorAll("form[data-arrange]")) arrange(form);

function arrange(form) {
  const list = form.querySelector("ol");
  const status = form.querySelector("[data-arrange-status]");
  const bar = form.querySelector("[data-arrange-save]");
  const field = form.querySelector("input[name=order]");
  const order = () => [...list.children].map((item) => item.dataset.id).join(",");
  const saved = order();
  const changed = () => order() !== saved;
  let leaving = false;

  function show() {
    bar.hidden = !changed();
    [...list.children].forEach((item, place, all) => {
      // A button at the end of the way stays reachable, so that focus is not lost on it.
      for (const button of item.querySelectorAll("button[name=move]")) {
        const last = button.value.startsWith("down:") ? place === all.length - 1 : place === 0;
        button.setAttribute("aria-disabled", String(last));
      }
    });
  }

  function tell(item) {
    const place = [...list.children].indexOf(item) + 1;
    const texts = { name: item.dataset.name, place, all: list.children.length };
    status.textContent = form.dataset.moved.replace(/\{(\w+)\}/g, (_, name) => texts[name]);
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=move]");
    if (!button) return;
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    const item = button.closest("li");
    const way = button.value.split(":")[0];
    if (way === "first") list.prepend(item);
    if (way === "up") item.previousElementSibling.before(item);
    if (way === "down") item.nextElementSibling.after(item);
    button.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
    show();
    tell(item);
  });

  for (const grip of list.querySelectorAll(".grip")) {
    grip.hidden = false;
    grip.addEventListener("pointerdown", (event) => drag(event, grip));
  }

  function drag(event, grip) {
    if (event.button !== 0) return;
    event.preventDefault();
    const item = grip.closest("li");
    const before = order();
    // The list hears of the pointer, not the grip: what is moved in the page loses hold of it.
    list.setPointerCapture(event.pointerId);
    item.classList.add("dragged");
    let y = event.clientY;
    // At the edge of the window, the page moves along.
    const roll = setInterval(() => {
      const speed = y < 80 ? -12 : y > innerHeight - 80 ? 12 : 0;
      if (speed) {
        scrollBy(0, speed);
        place();
      }
    }, 16);
    function place() {
      const under = [...list.children].find((other) => {
        const box = other.getBoundingClientRect();
        return other !== item && y >= box.top && y <= box.bottom;
      });
      if (!under) return;
      const box = under.getBoundingClientRect();
      const down = Boolean(item.compareDocumentPosition(under) & Node.DOCUMENT_POSITION_FOLLOWING);
      if (down && y > box.bottom - box.height / 2) under.after(item);
      if (!down && y < box.top + box.height / 2) under.before(item);
    }
    const moved = (move) => {
      y = move.clientY;
      place();
    };
    const ended = (end) => {
      clearInterval(roll);
      list.removeEventListener("pointermove", moved);
      list.removeEventListener("pointerup", ended);
      list.removeEventListener("pointercancel", ended);
      item.classList.remove("dragged");
      if (end.type === "pointercancel") restore(before);
      show();
      if (order() !== before) tell(item);
    };
    list.addEventListener("pointermove", moved);
    list.addEventListener("pointerup", ended);
    list.addEventListener("pointercancel", ended);
  }

  function restore(ids) {
    for (const id of ids.split(",")) list.append(list.querySelector(`[data-id="${id}"]`));
  }

  form.querySelector("[data-arrange-submit]").addEventListener("click", () => {
    field.value = order();
    field.disabled = false;
    leaving = true;
    form.submit();
  });
  form.querySelector("[data-arrange-discard]").addEventListener("click", () => { leaving = true; });
  form.addEventListener("submit", (event) => {
    // Hiding one leads to the page anew: an order that is not saved would be lost.
    if (changed() && !leaving && !confirm(form.dataset.unsaved)) event.preventDefault();
    else leaving = true;
  });
  addEventListener("beforeunload", (event) => {
    if (changed() && !leaving) event.preventDefault();
  });
  show();
}
