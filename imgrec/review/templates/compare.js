// Two files of a group, side by side, under a slider, or as their difference.
"use strict";

const compare = (() => {
  const dialog = document.getElementById("compare");
  const stage = document.getElementById("stage");
  const slide = document.getElementById("slide");
  const range = slide.querySelector("input");
  const part = (id) => document.getElementById(id);
  const MODES = ["beside", "over", "difference"];
  let mode = "beside";
  let shown = null;

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // An image with boxes marked, all within a frame of its aspect ratio.
  function framed(source, file, boxes, label) {
    const figure = element("figure");
    const frame = element("div", "frame");
    frame.style.aspectRatio = `${file.width || 1} / ${file.height || 1}`;
    frame.style.setProperty("--ratio", (file.width || 1) / (file.height || 1));
    const image = element("img");
    image.alt = `${label}: ${file.name}`;
    image.src = source;
    frame.append(image);
    frame.append(...boxes.filter(Boolean).map(marked));
    figure.append(frame, element("figcaption", "", label));
    return figure;
  }

  function marked(box) {
    const [left, top, right, bottom] = box;
    const mark = element("div", "mark");
    Object.assign(mark.style, { left: `${100 * left}%`, top: `${100 * top}%`,
      width: `${100 * (right - left)}%`, height: `${100 * (bottom - top)}%` });
    return mark;
  }

  // A box of the kept picture within the other one, which is turned against it.
  function turned(box, turn) {
    if (!box) return null;
    let [left, top, right, bottom] = box;
    if (turn >= 4) [left, right] = [1 - right, 1 - left];
    for (let i = 0; i < (turn || 0) % 4; i++)
      [left, top, right, bottom] = [top, 1 - right, bottom, 1 - left];
    return [left, top, right, bottom];
  }

  const isWithin = (box) => Math.min(...box) > -0.01 && Math.max(...box) < 1.01;

  // The part of the kept picture that a crop shows, null if it shows all.
  function cutout({ turn, place }) {
    if (!place) return null;
    const [left, top, width, height] = place;
    const box = [left, top, left + width, top + height];
    return isWithin(box) && Math.min(width, height) < 0.985 ? turnedBack(box, turn) : null;
  }

  // The part of a picture that the kept one shows, null if it shows all.
  function border({ place }) {
    if (!place) return null;
    const [left, top, width, height] = place;
    const box = [-left / width, -top / height, (1 - left) / width, (1 - top) / height];
    return isWithin(box) && Math.max(width, height) > 1.015 ? box : null;
  }

  // A box of the kept picture within another one; null where that cannot be said.
  function within(box, { turn, place, reframed }) {
    const found = turned(box, turn);
    if (!found || reframed) return null;
    const [left, top, width, height] = place || [0, 0, 1, 1];
    const inside = [(found[0] - left) / width, (found[1] - top) / height,
      (found[2] - left) / width, (found[3] - top) / height];
    return inside.map((side) => Math.min(1, Math.max(0, side)));
  }

  function turnedBack(box, turn) {
    let [left, top, right, bottom] = box;
    for (let i = 0; i < (turn || 0) % 4; i++)
      [left, top, right, bottom] = [1 - bottom, left, 1 - top, right];
    return turn >= 4 ? [1 - right, top, 1 - left, bottom] : [left, top, right, bottom];
  }

  // Call with the rectangle that a picture takes on the canvas, turned back to lie over the kept one.
  function placed(context, { turn, place }, draw) {
    const { width, height } = context.canvas;
    context.save();
    context.translate(width / 2, height / 2);
    if (turn >= 4) context.scale(-1, 1);
    context.rotate(((turn || 0) % 4) * Math.PI / 2);
    const [w, h] = (turn || 0) % 2 ? [height, width] : [width, height];
    const [left, top, across, down] = place || [0, 0, 1, 1];
    draw(w * (left - 0.5), h * (top - 0.5), w * across, h * down);
    context.restore();
  }

  const loaded = (source) => new Promise((done) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => done(null);
    image.src = source;
  });

  async function stacked(kind) {
    const { kept, file } = shown;
    const [below, above] = await Promise.all([loaded(shown.keptSource), loaded(shown.source)]);
    if (!below || !above || shown.file !== file || mode !== kind) return;
    const frame = element("div", `frame ${kind}`);
    const scale = Math.max(1, 512 / Math.max(below.naturalWidth, below.naturalHeight));
    const canvas = element("canvas");
    canvas.width = Math.round(below.naturalWidth * scale);
    canvas.height = Math.round(below.naturalHeight * scale);
    frame.style.aspectRatio = `${canvas.width} / ${canvas.height}`;
    frame.style.setProperty("--ratio", canvas.width / canvas.height);
    canvas.setAttribute("role", "img");
    const draw = () => {
      const context = canvas.getContext("2d");
      const paint = () => placed(context, file, (...box) => context.drawImage(above, ...box));
      const all = [0, 0, canvas.width, canvas.height];
      context.clearRect(...all);
      if (kind === "difference") {
        context.save();
        // Only where both are.
        context.beginPath();
        placed(context, file, (...box) => context.rect(...box));
        context.clip();
        context.drawImage(below, ...all);
        context.globalCompositeOperation = "difference";
        paint();
        context.restore();
        return;
      }
      context.drawImage(below, ...all);
      const edge = canvas.width * range.value / 100;
      context.save();
      context.beginPath();
      context.rect(edge, 0, canvas.width - edge, canvas.height);
      context.clip();
      context.clearRect(...all);
      paint();
      context.restore();
      // Seen on white and on black.
      context.fillStyle = "#0009";
      context.fillRect(edge - 2, 0, 4, canvas.height);
      context.fillStyle = "#fff";
      context.fillRect(edge - 1, 0, 2, canvas.height);
    };
    draw();
    range.oninput = kind === "over" ? draw : null;
    canvas.setAttribute("aria-label", kind === "difference"
      ? `Difference of ${kept.name} and ${file.name}` : `${kept.name} and ${file.name}`);
    frame.append(canvas);
    if (shown.box) frame.append(marked(shown.box));
    stage.replaceChildren(frame);
  }

  function render() {
    for (const button of dialog.querySelectorAll("[data-mode]"))
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    const { kept, file, box } = shown;
    slide.hidden = mode !== "over" || file.reframed;
    const note = part("note");
    note.hidden = true;
    if (mode === "beside" || file.reframed) {
      stage.replaceChildren(
        framed(shown.keptSource, kept, [box, cutout(file)], shown.labels[0]),
        framed(shown.source, file, [within(box, file), border(file)], shown.labels[1]));
      if (mode !== "beside") {
        note.hidden = false;
        note.textContent = "It is not known how they lie over each other.";
      }
      return;
    }
    if (mode === "difference") {
      note.hidden = false;
      note.textContent = "Where both are: black is equal; the brighter, the more it differs. Brightened, from the previews.";
    }
    stage.replaceChildren();
    stacked(mode);
  }

  function facts(rows) {
    part("table").tBodies[0].replaceChildren(...rows.map(([name, first, second]) => {
      const row = element("tr", first === second ? "" : "differs");
      const head = element("th", "", name);
      head.scope = "row";
      const cells = [first, second].map((value) => {
        const cell = element("td");
        if (value instanceof Node) cell.append(value);
        else cell.textContent = value;
        return cell;
      });
      row.append(head, ...cells);
      return row;
    }));
  }

  // Show a file beside the one it is compared with.
  function show(what) {
    shown = what;
    part("differs").textContent = what.differs;
    part("first").textContent = what.labels[0];
    part("second").textContent = what.labels[1];
    facts(what.facts);
    part("decide").replaceChildren(what.choice);
    render();
    if (!dialog.open) {
      dialog.showModal();
      dialog.focus();
    }
  }

  function setMode(next) {
    mode = next;
    render();
  }

  for (const button of dialog.querySelectorAll("[data-mode]"))
    button.addEventListener("click", () => setMode(button.dataset.mode));
  dialog.addEventListener("keydown", (event) => {
    const number = "123".indexOf(event.key);
    if (event.key.length === 1 && number >= 0) setMode(MODES[number]);
  });

  return { show, marked, within, turned, turnedBack, element, isOpen: () => dialog.open, dialog };
})();
