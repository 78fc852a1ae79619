// The collections: a list of them that filters, saves, copies and deletes; and the choice of one.

import { collections, pathOf } from "./collection-store.js";
import { counted, make, printable } from "./dom.js";
import { storeFacts } from "./facts.js";
import { toggled, valuesOf } from "./filters.js";
import { ask, choice, menu } from "./menus.js";
import { notice } from "./notices.js";
import { state } from "./state.js";

const LONGEST = 100;

/** Return a word as a shell takes it. */
export const shellWord = (text) => (/^[\w.+-]+$/.test(text) && !text.startsWith("-") ? text : `'${text.replaceAll("'", "'\\''")}'`);

/**
 * Ask for a collection by name: one of those that there are, or a new one.
 * @param {string} title
 * @param {{isNew?: boolean, among?: string[]}} [what] `isNew`: a new name may be given.
 * @returns {Promise<string | null>}
 */
export async function chooseCollection(title, { isNew = true, among } = {}) {
  const known = collections.all().filter(({ name }) => !among || among.includes(name));
  return ask(title, (done) => {
    const list = make("ul", { class: "collection-choices" }, ...known.map(({ name, count }) => make("li", {},
      make("button", { type: "button", class: "choice", onclick: () => done(name) },
        make("span", { text: printable(name) }), make("span", { class: "facet-count", text: count.toLocaleString("en-US") })))));
    if (!isNew) return [known.length ? list : make("p", { text: "There is no collection yet." })];
    const field = make("input", {
      type: "text", maxLength: LONGEST, required: true, placeholder: "New collection", "aria-label": "Name of a new collection",
      pattern: "[^,\\/]*[^,\\/\\s][^,\\/]*", title: "1 to 100 characters, without a comma and a slash", autocomplete: "off",
    });
    // No form: the policy of the page lets none be sent.
    const create = () => field.reportValidity() && done(field.value.trim());
    field.onkeydown = (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      create();
    };
    const form = make("div", { class: "new-collection" }, field,
      make("button", { type: "button", class: "button main", text: "Create", onclick: create }));
    return known.length ? [list, form] : [form];
  });
}

async function confirmDelete({ name, count }) {
  const sure = await ask("Delete a collection?", (done) => [
    make("p", { text: `“${printable(name)}” with ${counted(count, "picture")}. The pictures and their files stay.` }),
    make("div", { class: "buttons" },
      make("button", { type: "button", class: "button", text: "Keep it", onclick: () => done(false) }),
      make("button", { type: "button", class: "button danger", text: "Delete", onclick: () => done(true) })),
  ]);
  if (sure) collections.delete(name);
}

async function showCommand(name) {
  const command = `imgrec collections ${shellWord(name)} --copy FOLDER`;
  await ask("Copy the files", () => [
    make("p", { text: "This page copies files only into the folder that imgrec serve --exports names. In a terminal:" }),
    make("code", { class: "command", tabIndex: 0, text: command }),
    make("div", { class: "buttons" }, navigator.clipboard && make("button", {
      type: "button", class: "button main", text: "Copy the command",
      onclick: () => navigator.clipboard.writeText(command).then(() => notice("Copied.")),
    })),
  ]);
}

function copyChoices(name, exports) {
  if (!exports) return [choice("Copy files…", () => showCommand(name))];
  return [
    choice("Copy files", () => collections.copy(name, "copy"), { title: `into ${exports}` }),
    choice("Link files", () => collections.copy(name, "link"), { title: `into ${exports}` }),
  ];
}

const saved = (name, form, text) =>
  make("a", { class: "choice", href: pathOf(name, `/${form}`), download: "", text });

function row(one, exports) {
  const { name, count } = one;
  const filter = `collection=${name}`;
  const text = printable(name);
  return make("li", {},
    make("label", { title: text },
      make("input", {
        type: "checkbox", data: { filter }, checked: state.get().where.includes(filter),
        onchange: () => state.change({ where: toggled(state.get().where, filter) }),
      }),
      make("span", { class: "facet-name", text }),
      make("span", { class: "facet-count", text: count.toLocaleString("en-US") })),
    menu("⋯", () => [
      saved(name, "csv", "Save as CSV"), saved(name, "json", "Save as JSON"), saved(name, "paths", "Save paths"),
      ...copyChoices(name, exports),
      choice("Delete…", () => confirmDelete(one), { class: "choice danger" }),
    ], { class: "more-button", "aria-label": `More with ${text}`, title: "Save, copy, delete" }));
}

/** Mount the list; hidden where there are none. */
export async function mount(element) {
  element.hidden = true;
  let exports = "";
  const draw = () => {
    const focused = element.contains(document.activeElement) && document.activeElement.dataset.filter;
    const known = new Set(collections.all().map(({ name }) => name));
    const gone = valuesOf(state.get().where, "collection").filter((name) => !known.has(name));
    const all = [...collections.all(), ...gone.map((name) => ({ name, count: 0 }))];
    element.hidden = !all.length;
    element.replaceChildren(make("details", { class: "facet", open: true, data: { kind: "collection" } },
      make("summary", { text: "Collections" }), make("ul", {}, ...all.map((one) => row(one, exports)))));
    if (focused) element.querySelector(`[data-filter="${CSS.escape(focused)}"]`)?.focus();
  };
  collections.subscribe(draw);
  // Another tab may have changed them, or a command.
  document.addEventListener("visibilitychange", () => document.hidden || collections.load().catch(() => null));
  state.subscribe((now, before) => now.where !== before.where && draw());
  try {
    exports = (await storeFacts()).exports;
    await collections.load();
    draw();
  } catch {
    // A server without collections; the pictures say where it does not answer.
  }
}
