(() => {
  "use strict";
  // The search box: an ARIA combobox. What is found is ringed on the map.

  const map = (globalThis.imgrecMap ??= {});
  const TYPED_MS = 180;
  const LISTED = 30;
  const SIDE = 36;
  let boxes = 0;

  map.mountSearch = (core, parent) => {
    boxes += 1;
    const list = map.make("div", { role: "listbox", id: `map-found-${boxes}`, "aria-label": "Found" });
    const told = map.make("p", { class: "told", role: "status" });
    const answers = map.make("div", { class: "answers card", hidden: true }, list, told);
    const input = map.make("input", {
      type: "search", placeholder: "Search names, labels, folders", autocomplete: "off", spellcheck: false,
      role: "combobox", "aria-label": "Search the map", "aria-expanded": "false", "aria-autocomplete": "list",
      "aria-controls": list.id,
    });
    parent.append(map.make("div", { class: "search" }, input, answers));
    let [turn, timer, active, found] = [0, null, null, []];
    // The turn of the search that runs, 0 for none; and what keys want to do with its results.
    let [searching, waiting] = [0, []];

    function open(isOpen) {
      answers.hidden = !isOpen;
      input.setAttribute("aria-expanded", String(isOpen));
      if (isOpen) return;
      waiting = [];
      activate(null);
    }

    /** Give up what is searched for, or about to be. */
    function stop() {
      clearTimeout(timer);
      timer = null;
      turn += 1;
      waiting = [];
    }

    /** Act on the results of the whole query: a key may come before them, or before its search. */
    function whenFound(act) {
      if (timer !== null) ask();
      if (searching === turn) waiting.push(act);
      else act();
    }

    function activate(option) {
      active?.setAttribute("aria-selected", "false");
      active = option;
      active?.setAttribute("aria-selected", "true");
      active?.scrollIntoView({ block: "nearest" });
      if (active) input.setAttribute("aria-activedescendant", active.id);
      else input.removeAttribute("aria-activedescendant");
    }

    function option(place, choose, ...children) {
      return map.make("div", {
        role: "option", id: `${list.id}-${place}`, "aria-selected": "false",
        // Not on click: the box would lose its focus before.
        onpointerdown: (event) => event.preventDefault(), onclick: choose,
      }, ...children);
    }

    function labelOption(label, place) {
      const choose = async () => {
        stop();
        open(false);
        await core.colorBy(label.at);
        core.look(label.code);
        ringed(await map.rowsOfValue(core.pictures, label.at, label.code));
        core.flyTo(found);
      };
      return option(place, choose, map.make("span", { class: "text" },
        map.make("b", { text: map.printable(label.value) }), map.make("small", { text: `${label.title} · ${map.counted(label.count, "picture")}` })));
    }

    function pictureOption(row, place) {
      const name = map.make("b");
      const folder = map.make("small");
      core.pictures.details(row).then(({ path }) => {
        name.textContent = map.nameOf(path);
        folder.textContent = map.folderOf(path);
      }).catch(core.trouble);
      const choose = () => {
        open(false);
        core.open(row, { flies: true });
      };
      return option(place, choose, map.make("span", { class: "frame" }, map.thumbOf(core, row, SIDE)),
        map.make("span", { class: "text" }, name, folder));
    }

    function ringed(rows) {
      found = rows;
      core.ring(rows);
    }

    /** Show what was found so far. */
    function show(labels, rows, share) {
      const listed = Math.min(rows.length, LISTED);
      if (list.children.length !== labels.length + listed) {
        activate(null);
        list.replaceChildren(...labels.map(labelOption), ...rows.slice(0, LISTED).map((row, i) => pictureOption(row, labels.length + i)));
      }
      const all = rows.length ? map.counted(rows.length, "picture") : "Nothing found";
      told.textContent = share < 1 ? `${map.counted(rows.length, "picture")}, ${Math.round(100 * share)}% searched…` : all;
    }

    async function ask() {
      stop();
      const mine = turn;
      const text = input.value;
      core.state.query = text.trim();
      core.events.emit("query", core.state.query);
      list.replaceChildren();
      if (!core.state.query) {
        open(false);
        ringed([]);
        return;
      }
      searching = mine;
      const labels = map.findLabels(core.facts, text);
      told.textContent = "Searching…";
      open(document.activeElement === input);
      try {
        const rows = await map.findPictures(core.pictures, text, (some, share) => {
          if (mine === turn && (share === 1 || some.length <= LISTED)) show(labels, some, share);
          return mine === turn;
        });
        if (rows && mine === turn) {
          show(labels, rows, 1);
          ringed(rows);
        }
      } catch (error) {
        core.trouble(error);
      }
      if (mine !== turn) return;
      searching = 0;
      for (const act of waiting.splice(0)) act();
    }

    /** Search for a text, as if it was typed. */
    core.search = (text) => {
      input.value = text;
      return ask();
    };

    const step = (by) => {
      const options = [...list.children];
      if (answers.hidden || !options.length) return;
      const from = options.indexOf(active);
      activate(options[(from < 0 && by < 0 ? options.length - 1 : from + by + options.length) % options.length]);
    };
    const keys = {
      ArrowDown: () => {
        if (answers.hidden && timer === null && input.value) open(true);
        else whenFound(() => step(1));
      },
      ArrowUp: () => whenFound(() => step(-1)),
      Enter: () => whenFound(() => {
        if (active) active.click();
        else {
          open(false);
          core.flyTo(found);
          core.canvas.focus();
        }
      }),
      Escape: () => {
        if (!answers.hidden) open(false);
        else {
          core.search("");
          core.canvas.focus();
        }
      },
    };
    input.addEventListener("keydown", (event) => {
      // Keys of the map are letters here.
      event.stopPropagation();
      if (!Object.hasOwn(keys, event.key) || event.isComposing) return;
      event.preventDefault();
      keys[event.key]();
    });
    input.addEventListener("input", () => {
      stop();
      timer = setTimeout(ask, TYPED_MS);
    });
    input.addEventListener("focus", () => input.value.trim() && list.children.length && open(true));
    input.addEventListener("blur", () => open(false));
    return input;
  };
})();
