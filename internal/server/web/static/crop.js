// Chooses the square of a picture before it is sent. Without it, the file is sent as it is and the service makes it small.
"use strict";

for (const tool of document.querySelectorAll("[data-crop]")) crop(tool);

function crop(tool) {
  const input = tool.querySelector("input[type=file]");
  const box = tool.querySelector(".crop-tool");
  const view = tool.querySelector(".crop-view");
  const status = tool.querySelector("[data-crop-status]");
  const [zoom, across, down] = ["zoom", "x", "y"].map((name) => tool.querySelector(`[data-crop-${name}]`));
  const most = 200 * 1024; // what the service takes
  let picture = null;
  let sent = null; // the file that is sent: the last one that was cut out
  let cutting = null;

  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file || file === sent) return;
    status.textContent = "";
    try {
      picture = await createImageBitmap(file);
    } catch {
      picture = null;
      box.hidden = true;
      status.textContent = tool.dataset.problem;
      return;
    }
    zoom.value = 0;
    across.value = down.value = 50;
    box.hidden = false;
    changed();
  });

  // part is the square of the picture that is chosen, in its own pixels.
  function part() {
    const side = Math.min(picture.width, picture.height) / (1 + 3 * zoom.value / 100);
    return { side, x: (picture.width - side) * across.value / 100, y: (picture.height - side) * down.value / 100 };
  }

  function draw(canvas) {
    const { side, x, y } = part();
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, x, y, side, side, 0, 0, canvas.width, canvas.height);
  }

  function changed() {
    draw(view);
    tool.querySelectorAll("[data-crop-preview]").forEach(draw);
    cutting = cut();
  }

  for (const slider of [zoom, across, down]) slider.addEventListener("input", changed);

  view.addEventListener("pointerdown", (start) => {
    if (!picture || start.button !== 0) return;
    view.setPointerCapture(start.pointerId);
    const from = { x: start.clientX, y: start.clientY, across: Number(across.value), down: Number(down.value) };
    const scale = part().side / view.getBoundingClientRect().width;
    const move = (event) => {
      const by = (slider, at, pixels, room) => { if (room > 0) slider.value = at - 100 * pixels * scale / room; };
      by(across, from.across, event.clientX - from.x, picture.width - part().side);
      by(down, from.down, event.clientY - from.y, picture.height - part().side);
      changed();
    };
    view.addEventListener("pointermove", move);
    const end = () => view.removeEventListener("pointermove", move);
    view.addEventListener("pointerup", end, { once: true });
    view.addEventListener("pointercancel", end, { once: true });
  });

  // cut puts what is chosen into the field, as large as the service takes it. The last one that began wins.
  async function cut() {
    const mine = Symbol("cut");
    cut.last = mine;
    const canvas = document.createElement("canvas");
    for (const side of [512, 384, 256, 192, 128]) {
      canvas.width = canvas.height = Math.max(1, Math.min(side, Math.round(part().side)));
      draw(canvas);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
      if (cut.last !== mine) return;
      if (!blob || blob.size > most) continue;
      const files = new DataTransfer();
      sent = new File([blob], "picture.png", { type: "image/png" });
      files.items.add(sent);
      input.files = files.files;
      cutting = null;
      return;
    }
    cutting = null;
  }

  input.form.addEventListener("submit", async (event) => {
    if (!cutting) return;
    event.preventDefault();
    const by = event.submitter;
    await cutting;
    input.form.requestSubmit(by);
  });
}
