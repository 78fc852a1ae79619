// Starts the page: asks for the first pictures at once, then mounts what else there is.

import { startAddress } from "./address.js";
import { mount as mountGrid } from "./grid.js";
import { results } from "./results.js";

startAddress();
results.again();
mountGrid(document.getElementById("grid"));

// Everything else comes after the first request is on its way.
const { mountShell } = await import("./shell.js");
mountShell();
const { mountTools } = await import("./tools.js");
mountTools();
