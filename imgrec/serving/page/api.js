// Requests to the server of this page: JSON there and back, refusals as `ApiError`.

export class ApiError extends Error {
  /**
   * @param {number} status of HTTP; 0 where the server does not answer.
   * @param {string} message one line.
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const LINES = parent === window ? {
  0: "The server does not answer. Is imgrec serve still running?",
  401: "This page has lost its key. Open the address again that imgrec serve printed.",
} : {
  0: "TensorBoard does not answer. Is it still running?",
  401: "TensorBoard was started anew. Load its page again.",
};

const ANEW = "imgrec serve was started anew. Load this page again.";

// Which start of the server the page is from; TensorBoard has one in the path instead.
let start = null;

/** Return whether a response is of another start of the server, where ids may be other pictures. */
function isOfAnother(response) {
  const here = response.headers.get("Imgrec-Start");
  start ??= here;
  return here !== null && here !== start;
}

/** Return the response to a request. @throws {ApiError} where there is none. */
async function ask(method, path, body, type, signal) {
  const headers = { Accept: "application/json" };
  if (type) headers["Content-Type"] = type;
  let response;
  try {
    response = await fetch(path, { method, headers, body, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, LINES[0]);
  }
  // Before it is let in again by the new address, the page is told of that.
  if (isOfAnother(response) && response.status !== 401) throw new ApiError(401, ANEW);
  return response;
}

/** Return the JSON of a response, null if it has none. */
async function jsonOf(response) {
  const text = await response.text();
  try {
    return text && JSON.parse(text);
  } catch {
    // Something between the page and the server answered, such as a proxy.
    return null;
  }
}

function refusal({ status }, value) {
  const line = LINES[status] ?? value?.error ?? `The server answered ${status}.`;
  return new ApiError(status, String(line));
}

async function send(...request) {
  const response = await ask(...request);
  const value = await jsonOf(response);
  if (response.ok && value !== null) return value;
  throw refusal(response, value);
}

/** Return the JSON of a GET request. @throws {ApiError} */
export const get = (path, signal) => send("GET", path, undefined, "", signal);

/** Return the bytes of a GET request. @throws {ApiError} */
export async function read(path, signal) {
  const response = await ask("GET", path, undefined, "", signal);
  if (response.ok) return response.arrayBuffer();
  throw refusal(response, await jsonOf(response));
}

/** Return the JSON answer to a JSON body. @throws {ApiError} */
export const post = (path, body, signal) =>
  send("POST", path, JSON.stringify(body), "application/json", signal);

/** Return the JSON answer to a file or blob. @throws {ApiError} */
export const put = (path, blob, signal) =>
  send("PUT", path, blob, blob.type.startsWith("image/") ? blob.type : "application/octet-stream",
    signal);

/** Return the JSON answer to a DELETE request. @throws {ApiError} */
export const remove = (path, signal) => send("DELETE", path, undefined, "", signal);

/** Addresses of pictures: a thumbnail, a larger one, the file itself, a picture from outside. */
export const thumbUrl = (id) => `api/thumb/${Number(id)}`;
export const previewUrl = (id) => `api/preview/${Number(id)}`;
export const originalUrl = (id) => `api/original/${Number(id)}`;
export const uploadUrl = (token) => `api/uploads/${encodeURIComponent(token)}`;

/** Return the address of the thumbnail of a picture of a question. */
export const askedUrl = ({ id, upload }) => (upload ? uploadUrl(upload) : thumbUrl(id));
