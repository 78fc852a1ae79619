// What the results are: how many, compared how; what went wrong, and what to do then.

import { clear } from "./actions.js";
import { counted, make } from "./dom.js";
import { results } from "./results.js";
import { EMPTY, isQuestion, state } from "./state.js";

const timeText = (ms) => (ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

function noneText({ within, where, under }) {
  if (within !== null) return "No picture is that near.";
  return where.length + under.length ? "No other picture passes the filters." : "There is no other picture.";
}

function countText({ answer, question, hits, loading }) {
  if (!answer) return loading ? "Asking \u2026" : "";
  if (!isQuestion(question)) return counted(answer.images, "picture");
  if (!hits.length) return noneText(question);
  const time = answer.elapsed_ms >= 1 ? ` in ${timeText(answer.elapsed_ms)}` : "";
  const exact = answer.exact ? "" : `, found by ${answer.index}`;
  return `The nearest of ${counted(answer.images, "picture")}${time}${exact}`;
}

function button(text, onclick) {
  return make("button", { class: "button", type: "button", text, onclick });
}

/** Return whether the same question may be answered later: the server or the store was to blame. */
const mayPass = (status) => [0, 408, 409].includes(status) || status >= 500;

/** Return what can be done after an error. */
function remedies({ status }) {
  const { where, under, pictures, unwanted } = state.get();
  const again = mayPass(status) || JSON.stringify(state.get()) === JSON.stringify(EMPTY);
  const uploads = [...pictures, ...unwanted].some((one) => one.upload);
  const without = (list) => list.filter((one) => !one.upload);
  return [
    again && status !== 401 ? button("Try again", () => results.retry()) : null,
    where.length || under.length
      ? button("Without filters", () => state.change({ where: [], under: [] })) : null,
    uploads && (status === 404 || status === 410)
      ? button("Without what was uploaded", () => state.change({
        pictures: without(pictures), unwanted: without(unwanted) })) : null,
    again || status === 401 ? null : button("Clear", clear),
  ];
}

function warnings({ answer }) {
  const lines = [...(answer?.warnings ?? [])];
  for (const [noun, classes] of Object.entries(answer?.classes ?? {})) {
    lines.push(`${noun}: ${classes.slice(0, 8).join(", ")}`);
  }
  return lines.map((text) => make("p", { class: "warning", text }));
}

/** Return whether what is shown answers another question: of its own only a further part may be missing. */
const isStale = ({ error, question }) => error !== null && question !== state.get();

/** Mount the count on one element and the errors on another. */
export function mountStatus(count, trouble) {
  let before = null;
  const show = (now) => {
    if (now.error !== before?.error || now.answer !== before?.answer) {
      before = now;
      trouble.replaceChildren(...(now.error ? [make("p", { class: "error" },
        make("span", { text: now.error.message }), ...remedies(now.error))] : warnings(now)));
      document.getElementById("grid").classList.toggle("stale", isStale(now));
    }
    const text = isStale(now) ? "" : countText(now);
    count.classList.toggle("waiting", !now.answer);
    if (count.textContent !== text) count.textContent = text;
  };
  results.subscribe(show);
  show(results.get());
}
