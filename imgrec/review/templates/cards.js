// What is shown of a group: its files as cards, with what is said of each.
//
// Every text of a file is set by textContent. `actions` is what the page does: `choose`,
// `openCompare`, `redraw`, and `sourceOf`, the address of a picture.
"use strict";

const cards = (() => {
  const { element } = compare;
  const MOST_SHOWN = 24;
  const BADGES = { yes: ["kept", "Stays"], no: ["goes", "Could go"], look: ["look", "Look first"] };
  const WHY = { same: "the same picture: ", similar: "similar: " };
  // The groups of which all files are shown.
  const opened = new Set();

  // Words.
  function size(bytes) {
    const units = ["bytes", "kB", "MB", "GB", "TB"];
    let unit = 0;
    while (bytes >= 999.5 && unit < 4) { bytes /= 1000; unit += 1; }
    return `${unit ? Number(bytes.toPrecision(3)) : bytes} ${units[unit]}`;
  }
  const many = (count, noun) => `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
  const sides = (file) => file.width ? `${file.width} × ${file.height}` : "size unknown";
  function day(file) {
    const date = new Date(file.time);
    return Number.isNaN(date.getTime()) ? "no date" : date.toISOString().slice(0, 16).replace("T", " ");
  }
  const date = (file) => (file.taken ? `taken ${file.taken}` : day(file)).slice(0, file.taken ? 16 : 10);
  function told(group, number) {
    const file = group.files[number];
    const state = group.states[number];
    if (number in group.chosen) {
      if (state === "no" && !decide.isSafe(group.files, number, group.states))
        return decide.isKnown(group.files, number, group.states) ? "by hand: what stays is smaller"
          : "by hand: no file that stays is known to be the same";
      return "chosen by hand";
    }
    if (file.differs) return (WHY[file.kind] || "") + file.differs;
    return state === "no" ? "the same as another file that stays" : "";
  }

  // A card of one file.
  function choice(group, number, choose) {
    const made = element("div", "choice");
    made.setAttribute("role", "group");
    const goes = group.states[number] === "no";
    for (const [state, label] of [["yes", "Keep"], ["no", "Let go"]]) {
      const button = element("button", state, label);
      button.type = "button";
      button.setAttribute("aria-pressed", String((state === "no") === goes));
      button.addEventListener("click", () => choose(group, number, state));
      made.append(button);
    }
    return made;
  }

  function card(group, number, { sourceOf, choose, openCompare }) {
    const file = group.files[number];
    const state = group.states[number];
    const [name, label] = file.kind === "link" ? ["link", state === "no" ? "Link, could go" : "Link"]
      : BADGES[state];
    const made = element("article", `file ${BADGES[state][0]}${file.kind === "link" ? " link" : ""}`);
    made.dataset.number = number;
    const strip = element("p", `strip ${name}`, label);
    const open = element("button", "picture");
    open.type = "button";
    open.title = "Compare";
    open.addEventListener("click", () => openCompare(group, number));
    const frame = element("div", "frame");
    frame.style.aspectRatio = `${file.width || 1} / ${file.height || 1}`;
    frame.style.setProperty("--ratio", (file.width || 1) / (file.height || 1));
    const image = element("img");
    image.alt = file.name;
    image.loading = "lazy";
    const source = sourceOf(group, file);
    if (source) image.src = source;
    frame.append(image);
    const box = file.box && compare.within(file.box, file);
    if (box) frame.append(compare.marked(box));
    open.append(frame);
    const text = element("div", "text");
    const title = element(file.href ? "a" : "b", "name", file.name);
    if (file.href) {
      title.href = file.href;
      title.target = "_blank";
      title.rel = "noopener";
    }
    text.append(title, element("span", "folder", file.folder));
    const facts = element("span", "facts");
    const base = group.files[reference(group, number)];
    for (const [value, same] of [[sides(file), sides(base)], [file.format, base.format],
      [size(file.bytes), size(base.bytes)], [date(file), date(base)]])
      facts.append(element("span", value === same ? "" : "other", value));
    text.append(facts);
    const words = told(group, number);
    if (words) text.append(element("span", "words", words));
    made.append(strip, open, text, choice(group, number, choose));
    return made;
  }

  // The file that another one is compared with: the one it equals, else the first of the group.
  function reference(group, number) {
    const { same } = group.files[number];
    return same === number ? 0 : same;
  }

  function summary(group) {
    const files = group.files.filter((file) => file.kind !== "link");
    const go = group.files.filter((file, n) => file.kind !== "link" && group.states[n] === "no");
    const look = group.files.filter((file, n) => file.kind !== "link" && group.states[n] === "look");
    const links = group.files.length - files.length;
    return [many(files.length, "file"), go.length && `${go.length} could go, ${size(group.space)}`,
      look.length && `${look.length} to look at`, links && many(links, "link")].filter(Boolean).join(" · ");
  }

  function section(group, actions) {
    const made = element("section", "group");
    made.dataset.group = group.number;
    const head = element("h2");
    head.append(element("span", "number", `Group ${group.number}`), " ", element("small", "", summary(group)));
    const files = element("div", "files");
    made.style.setProperty("--files", Math.min(group.files.length, 12));
    const all = opened.has(group.number) ? group.files.length : Math.min(MOST_SHOWN, group.files.length);
    for (let n = 0; n < all; n++) files.append(card(group, n, actions));
    made.append(head, files);
    if (all < group.files.length) {
      const more = element("button", "more", `Show all ${group.files.length} files`);
      more.type = "button";
      more.addEventListener("click", () => { opened.add(group.number); actions.redraw(group); });
      made.append(more);
    }
    return made;
  }

  return { BADGES, choice, day, many, reference, section, sides, size, told };
})();
