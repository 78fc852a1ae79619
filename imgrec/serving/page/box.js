// A box drawn on a part of the large picture: asks for pictures like that part.

import { moreLike, want } from "./actions.js";
import { make } from "./dom.js";
import { large } from "./large.js";
import { notice } from "./notices.js";
import { MOST } from "./state.js";

// The service takes no smaller side, as a fraction.
const LEAST = 0.02;
const STEP = 0.02;
// Where a box begins that is drawn by keys.
const MIDDLE = Object.freeze({ x: 0.25, y: 0.25, width: 0.5, height: 0.5 });

/** @typedef {import("./state.js").Box} Box */

const clamped = (value, least, most) => Math.min(most, Math.max(least, value));
const rounded = ({ x, y, width, height }) => {
  const [left, top] = [x, y].map((one) => Number(clamped(one, 0, 1 - LEAST).toFixed(4)));
  return {
    x: left,
    y: top,
    width: Number(clamped(width, LEAST, 1 - left).toFixed(4)),
    height: Number(clamped(height, LEAST, 1 - top).toFixed(4)),
  };
};

/** Return the box between two corners, in any order, within the picture. */
export function boxOf([x0, y0], [x1, y1]) {
  const [left, right] = [x0, x1].map((one) => clamped(one, 0, 1)).sort((a, b) => a - b);
  const [top, bottom] = [y0, y1].map((one) => clamped(one, 0, 1)).sort((a, b) => a - b);
  return rounded({ x: left, y: top, width: right - left, height: bottom - top });
}

/** Return a box after an arrow key: moved, or with `resize` larger or smaller. */
export function stepped(box, key, resize) {
  const [right, down] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[key] ?? [0, 0];
  if (resize) return rounded({ ...box, width: box.width + right, height: box.height + down });
  return rounded({
    ...box,
    x: clamped(box.x + right, 0, 1 - box.width),
    y: clamped(box.y + down, 0, 1 - box.height),
  });
}

class Drawing {
  constructor(element) {
    this.element = element;
    this.shown = null;
    this.begin = make("button", { type: "button", class: "button", text: "Search for a part", title: "Draw a box on the picture", onclick: () => this.start() });
    this.end = make("div", { class: "box-acts", hidden: true },
      make("button", { type: "button", class: "button main", text: "Search this part", onclick: () => this.search(moreLike) }),
      make("button", { type: "button", class: "button", text: "Add to question", onclick: () => this.search(want) }),
      make("button", { type: "button", class: "button", text: "Cancel", onclick: () => this.stop(true) }));
    this.hint = make("p", { class: "box-hint", role: "status", hidden: true });
    element.append(this.begin, this.end, this.hint);
  }

  show(shown) {
    this.stop(false);
    this.shown = shown;
    this.element.hidden = !shown;
  }

  start() {
    if (!this.shown) return;
    this.area = make("div", { class: "box-area" });
    this.drawn = make("div", { class: "box-drawn", tabIndex: 0, role: "application", "aria-label": "Box" });
    this.area.append(this.drawn);
    this.area.onpointerdown = (event) => this.press(event);
    this.drawn.onkeydown = (event) => this.key(event);
    this.touched = false;
    this.shown.frame.append(this.area);
    this.begin.hidden = true;
    this.end.hidden = false;
    this.hint.hidden = false;
    this.hint.textContent = "Draw a box on the picture. Keys: arrows move it, with Shift they resize it, Enter searches.";
    this.set(MIDDLE);
    this.drawn.focus({ preventScroll: true });
  }

  stop(focus) {
    this.area?.remove();
    this.area = null;
    this.begin.hidden = false;
    this.end.hidden = true;
    this.hint.hidden = true;
    if (focus) this.begin.focus();
  }

  set(box) {
    this.box = box;
    const percent = (part) => `${(100 * part).toFixed(2)}%`;
    const { x, y, width, height } = box;
    for (const [name, part] of Object.entries({ left: x, top: y, width, height })) this.drawn.style.setProperty(name, percent(part));
    const told = [x, y, width, height].map((part) => Math.round(100 * part));
    this.drawn.setAttribute("aria-label", `Box: ${told[0]}% from the left, ${told[1]}% from the top, ${told[2]}% wide, ${told[3]}% high`);
  }

  at({ clientX, clientY }) {
    const { left, top, width, height } = this.area.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  press(event) {
    if (event.button) return;
    event.preventDefault();
    this.area.setPointerCapture(event.pointerId);
    const from = this.at(event);
    const { x, y, width, height } = this.box;
    // Within the box a pointer moves it; beside it, it draws another.
    const moves = this.touched && from[0] > x && from[0] < x + width && from[1] > y && from[1] < y + height;
    this.touched = true;
    this.area.onpointermove = (moved) => {
      const to = this.at(moved);
      this.set(moves
        ? rounded({ x: clamped(x + to[0] - from[0], 0, 1 - width), y: clamped(y + to[1] - from[1], 0, 1 - height), width, height })
        : boxOf(from, to));
    };
    this.area.onpointerup = this.area.onpointercancel = () => {
      this.area.onpointermove = null;
      this.drawn.focus({ preventScroll: true });
    };
  }

  key(event) {
    if (event.key === "Escape") {
      // The dialog stays open.
      event.preventDefault();
      event.stopPropagation();
      return this.stop(true);
    }
    event.stopPropagation();
    if (event.key !== "Enter" && !event.key.startsWith("Arrow")) return undefined;
    // Else Enter would also press what has the focus once the dialog is closed.
    event.preventDefault();
    if (event.key === "Enter") return this.search(moreLike);
    this.touched = true;
    return this.set(stepped(this.box, event.key, event.shiftKey));
  }

  search(act) {
    const { id, upload } = this.shown.asked;
    const asked = upload ? { upload, box: this.box } : { id, box: this.box };
    this.stop(false);
    large.close();
    if (act(asked) === false) notice(`A question takes up to ${MOST} pictures: take one away first.`);
  }
}

/** Mount the buttons that draw a box; hidden where no picture is large. */
export function mount(element) {
  const drawing = new Drawing(element);
  drawing.show(large.get());
  large.subscribe((shown) => drawing.show(shown));
}
