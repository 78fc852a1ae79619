(() => {
  "use strict";
  // What is selected: how many, of which labels, the most typical ones, and what to do with them.

  const map = (globalThis.imgrecMap ??= {});
  const TYPICAL = 8;
  const SIDE = 56;
  const VALUES = 5;

  /** Return the most frequent values of the shown label, as elements. */
  async function valuesOf(core, rows) {
    const { kind } = core.state;
    const label = core.facts.labels[kind];
    if (!label) return [];
    const codes = await core.pictures.codes(kind);
    const counts = new Map();
    for (const row of rows) counts.set(codes[row], (counts.get(codes[row]) ?? 0) + 1);
    counts.delete(0);
    counts.delete(map.OTHER);
    const order = [...counts].sort(([a, one], [b, other]) => other - one || a - b).slice(0, VALUES);
    return order.map(([code, count]) => map.make("li", {},
      map.make("i", { style: { background: map.css(map.colorOfValue(core.theme, label, code)) } }),
      map.make("span", { text: map.printable(label.values[code - 1]) }), map.make("small", { text: map.number(count) })));
  }

  function thumb(core, row) {
    return map.make("li", {}, map.make("button", {
      type: "button", "aria-label": "Open a typical picture", onclick: () => core.open(row, { flies: true }),
    }, map.thumbOf(core, row, SIDE)));
  }

  map.mountSelected = (core, parent) => {
    const title = map.make("h2");
    const values = map.make("ul", { class: "values" });
    const typical = map.make("ul", { class: "typical" });
    const how = map.make("p", { class: "how" });
    const told = map.make("p", { class: "told", role: "status" });
    const acts = map.make("div", { class: "links" });
    const close = map.make("button", { class: "close", type: "button", "aria-label": "Select nothing", text: "×", onclick: () => core.select(null) });
    const element = map.make("section", { class: "selected card", "aria-label": "Selection", hidden: true },
      close, title, values, map.make("h3", { text: "Most typical" }), typical, how, acts, told);
    parent.append(element);
    let turn = 0;

    const act = (text, does, hint = "") => map.make("button", {
      class: "button", type: "button", text, title: hint,
      onclick: async ({ currentTarget: button }) => {
        button.disabled = true;
        try {
          const found = await does(core.state.selection.rows);
          if (found) told.textContent = `${map.counted(found.count, "path")}${found.left ? `, ${found.left} with line breaks left out` : ""}`;
        } catch (error) {
          core.trouble(error);
        }
        button.disabled = false;
      },
    });
    acts.append(
      ...(core.options.actions ?? []).map(({ title: text, act: does }) => act(text, (rows) => void does([...rows]))),
      act("Save CSV", (rows) => map.saveTable(core.pictures, rows), "Ids, paths and labels"),
      act("Save paths", (rows) => map.savePaths(core.pictures, rows), "One a line"),
      act("Copy paths", (rows) => map.copyPaths(core.pictures, rows)),
    );

    async function fill(selection, mine) {
      const shown = await valuesOf(core, selection.rows);
      if (mine !== turn) return;
      values.replaceChildren(...shown);
      const found = await map.typical(core.pictures, selection, TYPICAL);
      if (mine !== turn) return;
      typical.replaceChildren(...found.rows.map((row) => thumb(core, row)));
      how.textContent = found.how;
    }

    core.events.on("select", (rows) => {
      turn += 1;
      element.hidden = !rows.length;
      told.textContent = "";
      if (!rows.length) return;
      title.textContent = `${map.counted(rows.length, "picture")} selected`;
      core.say(title.textContent);
      typical.replaceChildren();
      how.textContent = "";
      fill(core.state.selection, turn).catch(core.trouble);
    });
  };
})();
