// The collections of the store: what there are, and changes to them that can be undone.

import { get, post, remove } from "./api.js";
import { counts } from "./counts.js";
import { counted } from "./dom.js";
import { notice, tried } from "./notices.js";
import { results } from "./results.js";
import { state } from "./state.js";

const listeners = new Set();
/** @type {{name: string, count: number}[]} */
let present = [];

/** Return the address of a collection. */
export const pathOf = (name, more = "") => `api/collections/${encodeURIComponent(name)}${more}`;

/** Return the ids of a collection; none where it is not there. */
async function members(name) {
  if (!present.some((one) => one.name === name)) return new Set();
  const { results: pictures } = await get(pathOf(name, "/json"));
  return new Set(pictures.map(({ id }) => id));
}

async function changed() {
  await collections.load();
  counts.again();
  // What is shown may depend on who is in a collection, and so may what was shown before.
  results.forget();
  if (state.get().where.some((filter) => filter.startsWith("collection="))) results.again();
}

/** Change a collection; the notice offers the opposite, for those pictures only that changed. */
async function change(name, kind, ids) {
  await collections.load();
  const there = await members(name);
  const those = ids.filter((id) => there.has(id) === (kind === "remove"));
  await post(pathOf(name), { [kind]: those });
  await changed();
  const other = kind === "add" ? "remove" : "add";
  const done = kind === "add" ? `added to “${name}”` : `removed from “${name}”`;
  const rest = ids.length - those.length;
  const already = rest && kind === "add" ? `, ${rest.toLocaleString("en-US")} already there` : "";
  const undo = async () => {
    await post(pathOf(name), { [other]: those });
    await changed();
    notice(`Undone: ${counted(those.length, "picture")} ${kind === "add" ? "removed from" : "back in"} “${name}”`);
  };
  notice(`${counted(those.length, "picture")} ${done}${already}`,
    those.length ? { label: "Undo", act: () => tried(undo) } : null);
}

export const collections = {
  /** Return those known. */
  all: () => present,

  /** Ask for them again; the listeners are told where they are others than before. */
  async load() {
    const found = await get("api/collections");
    if (JSON.stringify(found) === JSON.stringify(present)) return;
    present = found;
    results.forget();
    for (const listener of [...listeners]) listener(present);
  },

  /** Add pictures to a collection, which may be new. */
  add: (name, ids) => tried(() => change(name, "add", ids)),

  /** Take pictures from a collection; their files stay. */
  remove: (name, ids) => tried(() => change(name, "remove", ids)),

  /** Delete a collection, with a way back. */
  delete: (name) => tried(async () => {
    const ids = [...await members(name)];
    await remove(pathOf(name));
    const { where } = state.get();
    state.change({ where: where.filter((filter) => filter !== `collection=${name}`) });
    await changed();
    notice(`“${name}” deleted; its pictures stay`, {
      label: "Undo",
      act: () => tried(async () => {
        await post(pathOf(name), { add: ids });
        await changed();
      }),
    });
  }),

  /** Copy or link the files into the folder for exports. */
  copy: (name, how) => tried(async () => {
    const { folder, written, there, failed } = await post(pathOf(name, "/copy"), { how });
    const done = `${counted(written, "file")} ${how === "copy" ? "copied" : "linked"} into ${folder}`;
    notice([done, there && `${there} there already`, failed.length && `${failed.length} failed: ${failed[0]}`]
      .filter(Boolean).join("; "));
  }),

  /** Call a function with them after each change. @returns {() => void} ends it. */
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
