// What a person reads of a picture: its name, or where that says nothing (IMG_1234, 06a00c0f-5f9a-…)
// its folder or its class.

import { printable } from "./dom.js";
import { state } from "./state.js";

// As in imgrec/collection/path_words.py.
const HASHES = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![\p{L}\p{N}])(?=[0-9a-f]*\d)[0-9a-f]{8,}(?![\p{L}\p{N}])/giu;
const SEPARATORS = /[^\p{L}\p{N}'’-]/u;
const LETTERS = /^[\p{L}\p{Nl}\p{No}]+(?:['’][\p{L}\p{Nl}\p{No}]+)?$/u;
const WITH_NUMBER = /^\p{Nd}*([\p{L}\p{Nl}\p{No}]{2,})\p{Nd}*$/u;
const PREFIXES = new Set((
  "img dsc dscn dscf pict pic picture image imag photo foto mvimg pxl vid wp gopr dji sam cimg "
  + "scan screenshot copy kopie untitled thumb jpg jpeg png gif webp tif tiff bmp heic file "
  + "whatsapp signal the and of im wa edit edited final "
  + "train test validation val images photos pictures data dataset").split(" "));
// Shorter words of Latin letters are rarely words: WA, FB.
const SHORTEST = 3;
const CJK = /[\u2e80-\u{3ffff}]/u;

const isLong = (word) => word.length >= SHORTEST || /[^\0-\x7f]/.test(word);

function isWord(part) {
  const letters = LETTERS.test(part) ? part : WITH_NUMBER.exec(part)?.[1] ?? "";
  return letters.length > 1 && !PREFIXES.has(letters.toLowerCase()) && isLong(letters);
}

function hasWord(chunk) {
  const parts = chunk.replace(/^[-'’]+|[-'’]+$/g, "").split("-");
  // T-shirt and x-ray are one word.
  const isOne = parts.length === 2 && parts.every((part) => LETTERS.test(part))
    && Math.min(...parts.map((part) => part.length)) < SHORTEST;
  return isOne ? isLong(parts.join("-")) : parts.some(isWord);
}

/** Return whether a name, of a file without its suffix or of a folder, has a word. */
export const speaks = (name) =>
  name.replace(HASHES, " ").split(SEPARATORS).some(hasWord) || [...name].some((letter) => CJK.test(letter) && /\p{L}/u.test(letter));

/** Return whether a filter lets pass the pictures of this folder only: then it tells none apart. */
function isOnlyFolder(path, labels, { under, where }) {
  const folders = where.filter((value) => value.startsWith("folder="));
  const isNamed = under[0] === path.slice(0, path.lastIndexOf("/")) || folders[0] === `folder=${labels.folder}`;
  return under.length + folders.length === 1 && isNamed;
}

/**
 * Return by what a picture is called on the page: its name, or else its folder, its class.
 * @param {{path: string, labels?: Record<string, string>}} picture
 * @param {{under: string[], where: string[]}} [filters] those that are on.
 */
export function titleOf({ path, labels = {} }, filters = state.get()) {
  const [folder, name] = ["", ...path.split("/")].slice(-2);
  if (speaks(name.replace(/(?<=.)\.[^.]*$/, ""))) return printable(name);
  const texts = [speaks(folder) && folder, labels.class];
  if (isOnlyFolder(path, labels, filters)) texts.reverse();
  return printable(texts.find(Boolean) || name);
}
