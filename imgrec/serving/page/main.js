// Starts the page: asks for the first pictures at once, then mounts what else there is.

import { startAddress } from "./address.js";
import { mount as mountGrid } from "./grid.js";
import { results } from "./results.js";
import { isQuestion, state } from "./state.js";

const markAsked = () => document.documentElement.classList.toggle("asked", isQuestion(state.get()));

startAddress();
// What belongs to a question has its room before it comes.
markAsked();
state.subscribe(markAsked);
// The state of an address was asked when it was taken.
if (!results.get().loading) results.again();
mountGrid(document.getElementById("grid"));

// Everything else comes after the first request is on its way, and not while the first pictures are
// drawn.
const { mountShell } = await import("./shell.js");
if (results.get().answer) await results.first();
mountShell();
await results.first();
const { mountTools } = await import("./tools.js");
mountTools();
