// Lists of paths as bytes: any name stays data. The same forms as imgrec/review/path_list.py.
"use strict";

const lists = (() => {
  const encoder = new TextEncoder();

  function bytesOf(file) {
    if (file.raw === undefined) return encoder.encode(file.path);
    return Uint8Array.from(file.raw.match(/../g) || [], (pair) => parseInt(pair, 16));
  }

  // The quotes of POSIX shells, which xargs reads too.
  function quoted(bytes) {
    const plain = /^[A-Za-z0-9_@%+=:,./-]$/;
    if (bytes.length && bytes.every((byte) => plain.test(String.fromCharCode(byte)))) return [...bytes];
    const apostrophe = encoder.encode(`'"'"'`);
    const inside = [...bytes].flatMap((byte) => (byte === 39 ? [...apostrophe] : [byte]));
    return [39, ...inside, 39];
  }

  const isBroken = (file) => bytesOf(file).some((byte) => byte === 10 || byte === 13);

  // One quoted path a line. No form of a line break means the same to sh and to xargs.
  function lines(files) {
    const whole = files.filter((file) => !isBroken(file));
    const parts = whole.map((file) => Uint8Array.from([...quoted(bytesOf(file)), 10]));
    return { parts, left: files.length - whole.length };
  }

  const nulls = (files) => files.map((file) => Uint8Array.from([...bytesOf(file), 0]));

  // Text for the clipboard, which holds Unicode only: other names are left out.
  function text(files) {
    const found = lines(files.filter((file) => file.raw === undefined));
    const decoder = new TextDecoder();
    const told = found.parts.map((part) => decoder.decode(part)).join("");
    return { text: told, left: files.length - found.parts.length };
  }

  function save(parts, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type: "application/octet-stream" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      (document.querySelector("dialog[open]") || document.body).append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  return { lines, nulls, text, save, copy };
})();
