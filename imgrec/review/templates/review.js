// The page: groups in pages, choices by rule and by hand, the list of files to go.
//
// What was chosen by hand is remembered in this browser.
"use strict";

const review = (() => {
  const { element } = compare;
  const { BADGES, choice, day, many, reference, sides, size, told } = cards;
  const cardActions = { choose, openCompare, redraw, sourceOf };
  const data = JSON.parse(document.getElementById("data").textContent);
  const part = (id) => document.getElementById(id);
  const groups = [];
  const thumbs = new Map();
  const asked = new Set();
  let loaded = 0;
  let page = 0;
  let listed = [];
  let current = null;
  const memory = `imgrec duplicates ${data.key}`;
  const saved = recall();
  const rule = saved.rule;

  function recall() {
    try {
      const found = JSON.parse(localStorage.getItem(memory)) || {};
      return { rule: found.rule || { name: "found", folder: "" }, chosen: found.chosen || {} };
    } catch {
      return { rule: { name: "found", folder: "" }, chosen: {} };
    }
  }

  function remember() {
    try {
      localStorage.setItem(memory, JSON.stringify({ rule, chosen: saved.chosen }));
    } catch { /* Private windows keep nothing. */ }
  }

  // Another tab with this page has remembered choices.
  addEventListener("storage", ({ key }) => {
    if (key !== memory) return;
    const found = recall();
    saved.chosen = found.chosen;
    Object.assign(rule, found.rule);
    showRule();
    decideAll();
  });

  // A choice is for a content: another file of the name is not meant.
  const keyOf = (file) =>
    [file.raw === undefined ? file.path : `\0${file.raw}`, file.bytes, file.time].join("\0");

  function chosenIn(group) {
    const chosen = {};
    group.files.forEach((file, n) => {
      const state = saved.chosen[keyOf(file)];
      if (state) chosen[n] = state;
    });
    return chosen;
  }

  function decideGroup(group) {
    group.chosen = chosenIn(group);
    group.states = decide.states(group.files, rule, group.chosen);
    // What was chosen in an older page never lets the last file of a group go.
    if (group.files.every((file, n) => file.kind === "link" || group.states[n] === "no")) {
      group.chosen = {};
      group.states = decide.states(group.files, rule, {});
    }
    group.space = group.files.reduce((sum, file, n) =>
      sum + (group.states[n] === "no" && file.kind !== "link" ? file.bytes : 0), 0);
  }

  // Loading: a script for each page of facts, one after the other; thumbnails where they are shown.
  function load(name, done) {
    const script = document.createElement("script");
    script.src = `data/${name}.js`;
    script.onload = script.onerror = () => { script.remove(); done(); };
    document.head.append(script);
  }

  function add(number, rows) {
    rows.forEach((files, index) => {
      const group = { files, page: number, index, number: (number - 1) * data.pageSize + index + 1 };
      decideGroup(group);
      groups.push(group);
    });
  }

  function show(number, found) { thumbs.set(number, found); }

  function loadFacts() {
    if (loaded === data.pages) return void refresh();
    load(`facts-${loaded + 1}`, () => {
      loaded += 1;
      if (loaded === 1) refresh();
      else tell();
      loadFacts();
    });
  }

  function sourceOf(group, file) {
    if (file.picture) return `pictures/${file.picture}`;
    return (thumbs.get(group.page) || [])[group.index]?.[file.content] || "";
  }

  function redraw(group) {
    const old = document.querySelector(`section[data-group="${group.number}"]`);
    if (!old) return;
    const focused = document.activeElement;
    const place = old.contains(focused) ? focused.closest(".file")?.dataset.number : undefined;
    const name = focused.className;
    const made = cards.section(group, cardActions);
    old.replaceWith(made);
    if (place !== undefined)
      made.querySelector(`.file[data-number="${place}"] button.${name.split(" ")[0] || "picture"}`)?.focus();
  }

  // Choices.
  function choose(group, number, state) {
    const file = group.files[number];
    if (state === "no" && !decide.mayGo(group.files, number, group.states)) {
      say("One file of a group stays. Keep another one first, then let this one go.");
      return;
    }
    const before = saved.chosen[keyOf(file)];
    delete saved.chosen[keyOf(file)];
    decideGroup(group);
    // What the rule says anyway is not a choice by hand.
    if ((group.states[number] === "no") !== (state === "no") || (state === "yes" && before !== "yes"
      && group.states[number] === "look")) saved.chosen[keyOf(file)] = state;
    decideGroup(group);
    remember();
    redraw(group);
    tell();
    if (compare.isOpen()) openCompare(group, number);
  }

  function toggle(group, number) {
    choose(group, number, group.states[number] === "no" ? "yes" : "no");
  }

  let silence = 0;
  function say(text) {
    const note = part("told");
    (document.querySelector("dialog[open]") || document.body).append(note);
    note.textContent = text;
    note.hidden = false;
    clearTimeout(silence);
    silence = setTimeout(() => { note.hidden = true; }, 6000);
  }

  // Comparing.
  function openCompare(group, number) {
    // The first file is compared with the second.
    const other = Math.max(number, 1);
    const base = reference(group, other);
    current = { group, number: other, chosen: number };
    const [kept, file] = [group.files[base], group.files[other]];
    const names = [base, other].map((n) => BADGES[group.states[n]][1]);
    compare.show({
      kept, file, box: file.box, labels: names,
      keptSource: sourceOf(group, kept), source: sourceOf(group, file),
      differs: told(group, other) || "", choice: choice(group, other, choose),
      facts: [["Name", kept.name, file.name], ["Folder", kept.folder, file.folder],
        ["Pixels", sides(kept), sides(file)], ["Format", kept.format, file.format],
        ["Size", size(kept.bytes), size(file.bytes)], ["Taken", kept.taken || "", file.taken || ""],
        ["Modified", day(kept), day(file)],
        ["Likeness", "", file.kind === "similar" || file.kind === "same" ? `${Math.round(100 * file.score)} %` : ""],
      ].filter(([, one, two]) => one || two),
    });
  }

  function step(by) {
    const { group, number } = current;
    const next = number + by;
    if (next >= 1 && next < group.files.length) return openCompare(group, next);
    const place = listed.indexOf(group) + by;
    const there = listed[place];
    if (!there) return undefined;
    const wanted = Math.floor(place / data.pageSize);
    if (wanted !== page) { page = wanted; render(); }
    return openCompare(there, by > 0 ? 1 : there.files.length - 1);
  }

  // The list.
  const going = () => groups.flatMap((group) => group.files.filter((_, n) => group.states[n] === "no"));

  function tell() {
    let files = 0, bytes = 0, byHand = 0;
    for (const group of groups) {
      group.files.forEach((file, n) => {
        if (group.states[n] === "no" && file.kind !== "link") { files += 1; bytes += file.bytes; }
      });
      byHand += Object.keys(group.chosen).length;
    }
    const waiting = loaded < data.pages ? ` · reading ${loaded} of ${data.pages} parts…` : "";
    part("going").replaceChildren(element("b", "", `${many(files, "file")} could go`),
      ` · ${size(bytes)}${byHand ? ` · ${byHand} chosen by hand` : ""}${waiting}`);
    part("list").disabled = loaded < data.pages;
    part("undo").hidden = !byHand;
  }

  function quotedRule(text) {
    return /^[\w:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'"'"'`)}'`;
  }

  function command() {
    const names = { found: data.rules, folder: `in:${rule.folder}` };
    return `${data.command} --keep ${quotedRule(names[rule.name] || rule.name)} --trash`;
  }

  function openList() {
    const files = going();
    const unsafe = groups.reduce((sum, group) => sum + group.files.filter((file, n) =>
      group.states[n] === "no" && file.kind !== "link" && !decide.isSafe(group.files, n, group.states)).length, 0);
    const whole = files.filter((file) => file.kind !== "link");
    const links = files.length - whole.length;
    part("listed").textContent = `${many(whole.length, "file")}${links ? ` and ${many(links, "link")} to them` : ""}, ` +
      `${size(whole.reduce((sum, file) => sum + file.bytes, 0))}.`;
    part("hand").hidden = !unsafe;
    part("hand").textContent = `${many(unsafe, "file")} chosen by hand: no file that stays is known to hold the whole picture.`;
    const broken = lists.lines(files).left;
    part("left").hidden = !broken;
    part("left").textContent = `${many(broken, "name")} with a line break: only in the list for xargs -0.`;
    part("command").textContent = command();
    part("copied").textContent = "";
    for (const id of ["copy", "save", "save0"]) part(id).disabled = !files.length;
    part("make").showModal();
  }

  part("copy").addEventListener("click", async () => {
    const { text, left } = lists.text(going());
    const done = await lists.copy(text);
    part("copied").textContent = !done ? "The browser refuses to copy: save the list instead."
      : left ? `Copied, without ${many(left, "name")} that text cannot hold: save the list for those.` : "Copied.";
  });
  part("save").addEventListener("click", () => lists.save(lists.lines(going()).parts, "duplicates.list"));
  part("save0").addEventListener("click", () => lists.save(lists.nulls(going()), "duplicates.list0"));
  part("list").addEventListener("click", openList);
  part("undo").addEventListener("click", () => {
    for (const group of groups) for (const file of group.files) delete saved.chosen[keyOf(file)];
    changed();
  });

  // Pages.
  function refresh() {
    const kind = part("filter").value;
    listed = groups.filter((group) => kind === "all" ||
      (kind === "chosen" ? Object.keys(group.chosen).length > 0
        : group.files.some((file, n) => file.kind !== "link" && group.states[n] === { goes: "no", look: "look" }[kind])));
    if (part("order").value === "space") listed.sort((one, two) => two.space - one.space || one.number - two.number);
    render();
    tell();
  }

  function render() {
    const pages = Math.max(1, Math.ceil(listed.length / data.pageSize));
    page = Math.min(Math.max(0, page), pages - 1);
    const shown = listed.slice(page * data.pageSize, (page + 1) * data.pageSize);
    const missing = [...new Set(shown.map((group) => group.page))].filter((number) => !asked.has(number));
    for (const number of missing) {
      asked.add(number);
      load(`thumbs-${number}`, () => listed.filter((group) => group.page === number).forEach(redraw));
    }
    part("groups").replaceChildren(...(shown.length
      ? shown.map((group) => cards.section(group, cardActions))
      : [element("p", "empty", "No group is of this kind.")]));
    part("page").textContent = `${page + 1} / ${pages}`;
    part("previous").disabled = page === 0;
    part("next").disabled = page === pages - 1;
  }

  function turn(by) {
    const pages = Math.ceil(listed.length / data.pageSize);
    if (page + by < 0 || page + by >= pages) return;
    page += by;
    render();
    scrollTo(0, 0);
    document.querySelector("button.picture")?.focus({ preventScroll: true });
  }

  function decideAll() {
    for (const group of groups) decideGroup(group);
    refresh();
  }

  function changed() {
    remember();
    decideAll();
  }

  function showRule() {
    part("rule").value = rule.name;
    part("folder").value = rule.folder;
    part("where").hidden = rule.name !== "folder";
  }

  function offerFolders() {
    const found = new Set(groups.flatMap((group) => group.files.map((file) => file.folder)));
    part("folders").replaceChildren(...[...found].sort().slice(0, 500).map((folder) => {
      const option = element("option");
      option.value = folder;
      return option;
    }));
  }

  part("rule").addEventListener("change", () => {
    rule.name = part("rule").value;
    part("where").hidden = rule.name !== "folder";
    if (rule.name === "folder") { offerFolders(); part("folder").focus(); }
    changed();
  });
  part("folder").addEventListener("input", () => { rule.folder = part("folder").value; changed(); });
  part("filter").addEventListener("change", () => { page = 0; refresh(); });
  part("order").addEventListener("change", () => { page = 0; refresh(); });
  part("previous").addEventListener("click", () => turn(-1));
  part("next").addEventListener("click", () => turn(1));
  part("keys").addEventListener("click", () => part("help").showModal());
  part("before").addEventListener("click", () => step(-1));
  part("after").addEventListener("click", () => step(1));
  for (const button of document.querySelectorAll("dialog .close"))
    button.addEventListener("click", () => button.closest("dialog").close());
  compare.dialog.addEventListener("close", () => {
    document.querySelector(`section[data-group="${current.group.number}"] .file[data-number="${current.chosen}"] .picture`)?.focus();
  });

  // Keys.
  function focusGroup(by) {
    const sections = [...document.querySelectorAll("section.group")];
    const here = sections.findIndex((one) => one.contains(document.activeElement));
    const next = sections[here < 0 ? 0 : here + by];
    if (!next) return;
    next.querySelector("button.picture").focus({ preventScroll: true });
    makeRoom();
    next.scrollIntoView({ block: "start" });
  }

  function focusFile(by) {
    const here = document.activeElement.closest?.(".file");
    const files = here ? [...here.parentElement.children] : [];
    files[files.indexOf(here) + by]?.querySelector("button.picture").focus();
  }

  function focused() {
    const file = document.activeElement.closest?.(".file");
    const group = file && groups.find((one) => one.number === Number(file.closest("section").dataset.group));
    return group ? [group, Number(file.dataset.number)] : null;
  }

  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
    const actions = compare.isOpen()
      ? { ArrowLeft: () => step(-1), ArrowRight: () => step(1), x: () => toggle(current.group, current.number) }
      : document.querySelector("dialog[open]") ? {}
        : { j: () => focusGroup(1), k: () => focusGroup(-1), ArrowLeft: () => focusFile(-1),
          ArrowRight: () => focusFile(1), x: () => focused() && toggle(...focused()),
          "[": () => turn(-1), "]": () => turn(1), l: () => part("list").disabled || openList(),
          "?": () => part("help").showModal() };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });

  // Groups are scrolled to below the tools and above the footer, however many lines these take.
  const bars = [document.querySelector(".tools"), document.querySelector("footer")];
  function makeRoom() {
    const [top, bottom] = bars.map((bar) =>
      getComputedStyle(bar).position === "static" ? 0 : bar.offsetHeight);
    document.documentElement.style.scrollPaddingTop = `${top + 10}px`;
    document.documentElement.style.scrollPaddingBottom = `${bottom + 10}px`;
  }
  const sizes = new ResizeObserver(makeRoom);
  for (const bar of bars) sizes.observe(bar);

  showRule();
  // Scripts of the data call `review`, which exists once this one has returned.
  setTimeout(loadFacts, 0);
  return { add, show };
})();
