(() => {
  "use strict";
  // The picture that is open: facts, labels, nearest pictures, links.

  const map = (globalThis.imgrecMap ??= {});
  const SIDE = 308;
  const NEAR_SIDE = 64;
  // A larger file is not opened only to be shown small.
  const MOST_PIXELS = 50e6;

  function factsOf({ path, taken, width, height }) {
    const facts = [];
    if (map.folderOf(path)) facts.push(["Folder", map.folderOf(path)]);
    if (taken) facts.push(["Taken", map.printable(taken)]);
    if (width) facts.push(["Size", `${map.number(width)} × ${map.number(height)}`]);
    return facts.flatMap(([name, value]) => [map.make("dt", { text: name }), map.make("dd", { text: value })]);
  }

  /** Return the picture: its thumbnail, until the file itself is there. */
  function pictureOf(core, row, details, links) {
    const thumb = map.thumbOf(core, row, SIDE);
    const frame = map.make("div", { class: "picture" }, thumb);
    const source = links.preview ?? (details.width * details.height <= MOST_PIXELS ? links.picture : null);
    if (!source) return frame;
    const image = map.make("img", { alt: "", decoding: "async" });
    image.addEventListener("load", () => thumb.replaceWith(image));
    image.src = source;
    return frame;
  }

  function link(address, text, settings = {}) {
    return address && map.make("a", { class: "button", href: address, text, ...settings });
  }

  async function labelsOf(core, row) {
    const labels = await core.pictures.labelsOf(row);
    return labels.map(({ title, at, code, value }) => map.make("li", {}, map.make("button", {
      type: "button", title: `Color by ${title}, look at these`,
      onclick: async () => {
        await core.colorBy(at);
        core.look(code);
      },
    }, map.make("small", { text: title }), map.make("span", { text: map.printable(value) }))));
  }

  function neighbor(core, { row, similar }) {
    const likeness = similar.toFixed(2);
    const name = map.make("span", { class: "unseen", text: `similar picture, similarity ${likeness}` });
    const button = map.make("button", {
      type: "button", onclick: () => core.open(row, { flies: true }),
      onpointerenter: () => core.events.emit("point", row), onpointerleave: () => core.events.emit("point", -1),
    }, map.thumbOf(core, row, NEAR_SIDE), map.make("small", { text: likeness, "aria-hidden": "true" }), name);
    core.pictures.details(row).then(({ path }) => {
      name.textContent = `${map.nameOf(path)}, similarity ${likeness}`;
      button.title = map.printable(path);
    }).catch(() => {});
    return map.make("li", {}, button);
  }

  map.mountPanel = (core, parent) => {
    const body = map.make("div", { class: "body" });
    const close = map.make("button", { class: "close", type: "button", "aria-label": "Close", text: "×", onclick: () => core.open(-1) });
    const element = map.make("aside", { class: "panel card", tabIndex: -1, "aria-label": "Picture", hidden: true }, close, body);
    parent.append(element);
    let turn = 0;

    async function fill(row, mine) {
      const [details, near, labels] = await Promise.all([
        core.pictures.details(row), core.pictures.near(row), labelsOf(core, row),
      ]);
      if (mine !== turn) return;
      const links = core.pictures.links(row, details);
      const name = map.nameOf(details.path);
      const actions = (core.options.actions ?? []).map(({ title, act }) => map.make("button", {
        class: "button", type: "button", text: title, onclick: () => act([row]),
      }));
      body.replaceChildren(
        pictureOf(core, row, details, links),
        map.make("h2", { text: name, title: map.printable(details.path) }),
        map.make("dl", {}, ...factsOf(details)),
        map.make("div", { class: "links" },
          ...actions,
          link(links.page, "Its community", { title: "The page of its community" }),
          link(links.picture, "Open the picture", { target: "_blank", rel: "noopener" }),
        ),
        map.make("ul", { class: "labels", hidden: !labels.length }, ...labels),
        map.make("h3", { text: "Most similar", hidden: !near.length }),
        map.make("ul", { class: "near" }, ...near.map((one) => neighbor(core, one))),
      );
      element.scrollTop = 0;
      core.say(`${name} is open; ${map.counted(near.length, "similar picture")}`);
    }

    function update(row) {
      turn += 1;
      const hadFocus = element.contains(document.activeElement);
      element.hidden = row < 0;
      if (row < 0) {
        if (hadFocus) core.canvas.focus();
        return;
      }
      if (hadFocus) element.focus();
      fill(row, turn).catch(core.trouble);
    }

    core.events.on("open", update);
  };
})();
