// Pictures from outside: sent to the server, which keeps them for a while under a token.
//
// What the server said of each is kept in this tab, so that a reload still has it.

import { want, unwant } from "./actions.js";
import { ApiError, put } from "./api.js";
import { say } from "./said.js";
import { MOST, state } from "./state.js";
import { counted, printable } from "./dom.js";

/** @typedef {{upload: string, name: string, width: number, height: number, same: Hit[]}} Told */

export const MOST_BYTES = 64 * 1024 * 1024;
const KEY = "imgrec uploads";
const MOST_TOLD = 50;

/** @type {Map<string, Told>} */
const told = new Map(read());

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}

function keep(token, what) {
  told.set(token, what);
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...told].slice(-MOST_TOLD)));
  } catch {
    // A full or forbidden storage costs the names after a reload.
  }
}

/** Return what the server said of an upload; undefined for one of another tab. */
export const uploadTold = (token) => told.get(token);

const REASONS = {
  413: "is larger than the server takes",
  415: "is no picture that the server reads",
};

function reason(error) {
  const known = error instanceof ApiError && REASONS[error.status];
  return known ? known : `could not be taken: ${error.message}`;
}

async function take(file, isUnwanted) {
  const name = printable(file.name || "the pasted picture");
  if (file.size > MOST_BYTES) {
    say(`${name} is larger than 64 MiB.`, "bad");
    return;
  }
  say(`Reading ${name} …`);
  try {
    const upload = await put("api/pictures", file);
    keep(upload.upload, { ...upload, name });
    say(upload.warning ? `${name}: ${upload.warning}` : "", upload.warning ? "bad" : "");
    const asked = { upload: upload.upload };
    const list = isUnwanted ? "unwanted" : "pictures";
    // The same content has the same token: asked for twice, it stays.
    if (state.get()[list].some((one) => one.upload === asked.upload)) return;
    (isUnwanted ? unwant : want)(asked);
  } catch (error) {
    say(`${name} ${reason(error)}`, "bad");
  }
}

/**
 * Send files and ask for pictures like them, or unlike them.
 * @param {File[]} files
 * @param {boolean} [isUnwanted]
 */
export async function takeFiles(files, isUnwanted = false) {
  const room = MOST - state.get()[isUnwanted ? "unwanted" : "pictures"].length;
  for (const file of files.slice(0, Math.max(0, room))) await take(file, isUnwanted);
  if (files.length > room) {
    const left = counted(files.length - Math.max(0, room), "picture");
    say(`A question has ${MOST} pictures at most: ${left} left out.`, "bad");
  }
}
