// Menus and dialogs of the tools.

import { make } from "./dom.js";

/**
 * Return a button that opens a menu of buttons; Escape, a choice or a click elsewhere closes it.
 * @param {string} label
 * @param {() => (HTMLElement | null | false)[]} items made anew each time it opens.
 * @param {Record<string, unknown>} [settings] of the button.
 */
export function menu(label, items, { class: more = "", ...settings } = {}) {
  const panel = make("div", { class: "menu-panel", hidden: true });
  const button = make("button", {
    type: "button", class: `button menu-button ${more}`, "aria-expanded": "false", text: label,
    ...settings,
    onclick: () => turn(panel.hidden),
  });
  const box = make("div", { class: "menu" }, button, panel);
  const outside = ({ target }) => box.contains(target) || turn(false);
  function turn(open) {
    if (open) panel.replaceChildren(...items().filter(Boolean));
    panel.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (!open) return document.removeEventListener("pointerdown", outside);
    document.addEventListener("pointerdown", outside);
    // Where the window ends on the right, it opens to the left; near the bottom, upward.
    const { left, bottom } = button.getBoundingClientRect();
    panel.classList.toggle("to-left", left + panel.offsetWidth > document.documentElement.clientWidth - 8);
    panel.classList.toggle("upward", bottom + panel.offsetHeight > innerHeight - 8);
    return panel.querySelector("button, a, input")?.focus();
  }
  box.onkeydown = (event) => {
    if (event.key === "Escape" && !panel.hidden) {
      event.stopPropagation();
      turn(false);
      button.focus();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || panel.hidden) return;
    const choices = [...panel.querySelectorAll("button, a")];
    const place = choices.indexOf(document.activeElement);
    event.preventDefault();
    choices.at((place + step) % choices.length)?.focus();
  };
  panel.onclick = ({ target }) => {
    if (!target.closest("button, a")) return;
    turn(false);
    if (document.activeElement === document.body) button.focus();
  };
  return box;
}

/** Return a choice of a menu. */
export const choice = (text, act, settings = {}) =>
  make("button", { type: "button", class: "choice", text, onclick: act, ...settings });

/**
 * Ask in a dialog; resolves to what was chosen, null where it was left.
 * @template T
 * @param {string} title
 * @param {(done: (value: T) => void) => HTMLElement[]} content
 * @returns {Promise<T | null>}
 */
export function ask(title, content) {
  return new Promise((resolve) => {
    let chosen = null;
    const before = document.activeElement;
    const dialog = make("dialog", { class: "ask", "aria-label": title });
    const done = (value) => {
      chosen = value;
      dialog.close();
    };
    dialog.append(make("h2", { text: title }), ...content(done),
      make("button", { type: "button", class: "close", text: "×", "aria-label": "Close", onclick: () => dialog.close() }));
    // A click on the ground around it.
    dialog.onclick = ({ target }) => target === dialog && dialog.close();
    dialog.onclose = () => {
      dialog.remove();
      before?.focus?.();
      resolve(chosen);
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}
