"use strict";
// The search box: reads the query, shows the results, opens the page of the chosen one. It is an
// ARIA combobox with a listbox: the focus stays in the input, the active option is marked.

{
  const search = document.querySelector(".search");
  const query = document.getElementById("query");
  const answers = search.querySelector(".answers");
  const told = document.getElementById("told");
  const found = document.getElementById("found");
  const { find, loadIndex } = window.imgrecSearch;
  const { advice, wordsOf } = window.imgrecTerms;
  const advised = document.getElementById("advice");
  const THUMB_PX = 40;
  // Delay before "Searching…" is shown while index files are loading.
  const PATIENCE_MS = 150;
  // Debounce of drawing thumbnails, since more may be typed.
  const SETTLED_MS = 120;

  // Number of the latest search; results of an older one are stale and dropped.
  let turn = 0;
  let active = null;
  // Settles when the results of the current query are shown.
  let answer = Promise.resolve();

  function element(tag, attributes, text = "") {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  }

  function addressOf({ id, page: name }) {
    return `${page.root}pages/${encodeURIComponent(name)}.html${id === null ? "" : `#${id}`}`;
  }

  /** Draw thumbnails lazily, when they scroll into view; only then are their sheets loaded. */
  const drawing = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      drawing.unobserve(target);
      drawCell(target, target.dataset.sheet, target.dataset.cell.split(" ").map(Number)).catch(() => {});
    }
  }, { root: found, rootMargin: "80px" });

  function thumbnail({ sheet, cell }) {
    return element("canvas", {
      class: "thumb",
      width: THUMB_PX,
      height: THUMB_PX,
      "data-side": THUMB_PX,
      "data-sheet": `${page.root}sheets/${encodeURIComponent(sheet)}.jpg`,
      "data-cell": cell.join(" "),
      "aria-hidden": "true",
    });
  }

  // Hexadecimal digits, as of a digest or a UUID; not a number or a word (as `name_of` of reports).
  function isDigest(name) {
    const digits = name.replace(/\.[^.]*$/, "").replaceAll("-", "");
    return digits.length >= 16 && /^[0-9a-f]+$/i.test(digits) && /\d/.test(digits) && /\D/.test(digits);
  }

  /**
   * Return what stands first in a result, and what below it: the name of the picture, or the folder
   * where nobody can read the name, unless it was asked for.
   */
  function textsOf({ id, name, folder, category, told }) {
    const more = told.map(([kind, value]) => (kind === "taken" ? value : `${kind} ${value}`));
    const isAsked = () => wordsOf(query.value).some((word) => name.toLowerCase().includes(word));
    const heading = id !== null && isDigest(name) && !isAsked() && (folder.split("/").at(-1) || category);
    if (!heading) return [name, [folder, category, ...more]];
    return [heading, [folder === heading ? "" : folder, category === heading ? "" : category, ...more, name]];
  }

  function option(row, place) {
    const attributes = { id: `found-${place}`, role: "option", tabindex: -1, "aria-selected": "false", href: addressOf(row) };
    const link = element("a", attributes);
    const text = element("span", { class: "text", title: row.folder ? `${row.folder}/${row.name}` : row.name });
    const [heading, about] = textsOf(row);
    text.append(element("b", {}, heading), element("small", { class: "about" }, about.filter(Boolean).join(" · ")));
    const frame = element("span", { class: "frame" });
    if (row.cell) frame.append(thumbnail(row));
    link.append(frame, text);
    return link;
  }

  /** Return the rows grouped under the titles of their pages, ordered by the best row of each. */
  function grouped({ groups, pictures }) {
    const byTitle = new Map();
    const put = (key, title, row) => {
      if (!byTitle.has(key)) byTitle.set(key, { title, rows: [] });
      byTitle.get(key).rows.push(row);
    };
    for (const row of groups.rows) put(null, "Communities", row);
    for (const row of pictures.rows) put(row.page, row.title, row);
    return [...byTitle.values()];
  }

  function section({ title, rows }, number, place) {
    const made = element("div", { role: "group" });
    if (title) {
      const heading = element("span", { class: "title", id: `found-title-${number}`, role: "presentation" }, title);
      made.setAttribute("aria-labelledby", heading.id);
      made.append(heading);
    }
    made.append(...rows.map((row, i) => option(row, place + i)));
    return made;
  }

  function counted({ count, rows }, one, many) {
    const all = `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
    return rows.length < count ? `${rows.length} of ${all}` : all;
  }

  function summary({ groups, pictures }) {
    const parts = [];
    if (groups.count) parts.push(counted(groups, "community", "communities"));
    if (pictures.count) parts.push(counted(pictures, "picture", "pictures"));
    return parts.join(" · ") || "Nothing found";
  }

  function activate(link) {
    active?.setAttribute("aria-selected", "false");
    active = link;
    if (active) {
      active.setAttribute("aria-selected", "true");
      active.scrollIntoView({ block: "nearest" });
      query.setAttribute("aria-activedescendant", active.id);
    } else {
      query.removeAttribute("aria-activedescendant");
    }
  }

  function open(isOpen) {
    answers.hidden = !isOpen;
    query.setAttribute("aria-expanded", isOpen);
    if (isOpen) return;
    // A pending search is stale, so that its results do not open the box again.
    turn += 1;
    activate(null);
  }

  function show(result) {
    let place = 0;
    const sections = grouped(result).map((group, number) => {
      place += group.rows.length;
      return section(group, number, place - group.rows.length);
    });
    activate(null);
    drawing.disconnect();
    found.replaceChildren(...sections);
    told.textContent = summary(result);
    const isFound = result.groups.count + result.pictures.count > 0;
    advised.textContent = isFound ? "" : advice(query.value, result.kinds);
    found.scrollTop = 0;
    const mine = turn;
    setTimeout(() => {
      if (mine === turn) for (const canvas of found.querySelectorAll("canvas")) drawing.observe(canvas);
    }, SETTLED_MS);
  }

  function tell(text) {
    activate(null);
    found.replaceChildren();
    advised.textContent = "";
    told.textContent = text;
  }

  async function update() {
    turn += 1;
    const mine = turn;
    if (!wordsOf(query.value).length) {
      tell("Type a word of a file name, folder, class or color, or a date such as 2019-07");
      open(Boolean(query.value.trim()));
      return;
    }
    const slow = setTimeout(() => {
      if (mine !== turn) return;
      tell("Searching…");
      open(true);
    }, PATIENCE_MS);
    try {
      const result = await find(query.value);
      if (mine === turn) show(result);
    } catch {
      if (mine === turn) tell("The search index is missing or cannot be read");
    }
    clearTimeout(slow);
    if (mine === turn) open(true);
  }

  function ask() {
    answer = update();
  }

  function step(by) {
    const links = [...found.querySelectorAll("a")];
    if (!links.length) return;
    const from = links.indexOf(active);
    const next = from < 0 && by < 0 ? links.length - 1 : (from + by + links.length) % links.length;
    activate(links[next]);
  }

  function leave() {
    open(false);
    query.blur();
  }

  // A key may come before the results; it refers to those of the whole query.
  async function stepWhenFound(by) {
    await answer;
    if (!answers.hidden) step(by);
  }

  const keys = {
    ArrowDown: () => (answers.hidden ? ask() : stepWhenFound(1)),
    ArrowUp: () => stepWhenFound(-1),
    Enter: async () => {
      await answer;
      if (answers.hidden) ask();
      else (active ?? found.querySelector("a"))?.click();
    },
    Escape: () => {
      if (answers.hidden) {
        query.value = "";
        query.blur();
      }
      open(false);
    },
  };

  query.addEventListener("input", ask);
  query.addEventListener("focus", () => {
    // Preload. A failure is reported by the first search.
    loadIndex().catch(() => {});
    if (query.value.trim()) ask();
  });
  query.addEventListener("keydown", (event) => {
    if (!Object.hasOwn(keys, event.key) || event.isComposing) return;
    event.preventDefault();
    // Otherwise Escape would also close the panel.
    event.stopPropagation();
    keys[event.key]();
  });
  found.addEventListener("click", ({ target, ctrlKey, metaKey, shiftKey }) => {
    if (target.closest("a") && !ctrlKey && !metaKey && !shiftKey) leave();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!search.contains(target)) open(false);
  });
  search.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !search.contains(relatedTarget)) open(false);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    const letter = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
    if (!slash && !letter) return;
    event.preventDefault();
    query.focus();
    query.select();
  });
  /** Search for a text, as if it was typed. */
  window.imgrecSearch.ask = (text) => {
    query.value = text;
    if (document.activeElement === query) ask();
    // Asks too.
    else query.focus();
  };
  // A link to a search, such as a label of a picture that was opened in a tab of its own.
  const asked = new URLSearchParams(location.search).get("q");

  // Hidden in the HTML, so that a page without JavaScript shows no dead search box.
  search.hidden = false;
  if (asked) window.imgrecSearch.ask(asked);
}
