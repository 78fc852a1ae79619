// Which files of a group stay, could go, or are to be looked at. Pure: no document, no state.
//
// Invariant: a file could go only if a file that stays has the same bytes, or was compared with it
// directly, is the same picture, has no fewer pixels and no less metadata. A rule of the page keeps
// another file than the one that was compared with all; what was not compared with that one is then
// to be looked at.
"use strict";

const decide = (() => {
  const MORE_PIXELS = 1.02;

  // True if two files of a group were compared directly, or have the bytes of files that were.
  function compared(group, one, other) {
    if (one.content === other.content) return true;
    const joins = (a, b) => a.kind === "same" && group[a.same].content === b.content;
    const twins = (file) => group.filter((twin) => twin.content === file.content);
    return twins(one).some((twin) => joins(twin, other)) ||
      twins(other).some((twin) => joins(twin, one));
  }

  // True if a file that stays is known to be the same picture, of whatever size.
  function isKnown(group, number, states, holds = () => true) {
    return group.some((other, index) =>
      index !== number && states[index] !== "no" && other.kind !== "link" &&
      compared(group, group[number], other) && holds(other));
  }

  // True if nothing but compression is lost with a file, given the states of all.
  function isSafe(group, number, states) {
    const file = group[number];
    return isKnown(group, number, states, (other) =>
      file.content === other.content || (file.pixels <= MORE_PIXELS * other.pixels &&
        !(file.more || []).includes(group.indexOf(other))));
  }

  function inFolder(file, folder) {
    const place = folder.replace(/[/\\]+$/, "");
    return place !== "" && (file.folder === place || file.folder.startsWith(place + "/") ||
      file.folder.startsWith(place + "\\"));
  }

  // The sort key of a file under a rule: the least is kept.
  function rank(file, rule) {
    const largest = [-file.pixels, -(file.described || 0), -file.bytes];
    const first = {
      largest, oldest: [file.time], newest: [-file.time],
      folder: [inFolder(file, rule.folder || "") ? 0 : 1],
    }[rule.name];
    return [file.aside ? 1 : 0, ...first, ...largest, file.time];
  }

  function isBefore(one, other) {
    for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return one[i] < other[i];
    return false;
  }

  // The states by a rule alone. Files that equal each other are a cluster, named by its first.
  function byRule(group, rule) {
    if (rule.name === "found") return group.map((file) => file.keep);
    const states = group.map(() => "look");
    for (const first of new Set(group.map((file) => file.same))) {
      const numbers = group.map((_, n) => n).filter((n) => group[n].same === first);
      // A link is another name of a file, and which one of them is not known here.
      const files = numbers.filter((n) => group[n].kind !== "link");
      let best = first;
      for (const n of files) if (isBefore(rank(group[n], rule), rank(group[best], rule))) best = n;
      if (best === first) {
        for (const n of numbers) states[n] = group[n].keep;
        continue;
      }
      states[best] = first === 0 ? "yes" : "look";
      for (const n of files) if (n !== best) states[n] = "no";
    }
    return checked(group, states, {});
  }

  // The states in which each file that goes, but those chosen by hand, has one to rely on.
  function checked(group, states, chosen) {
    const found = [...states];
    group.forEach((file, n) => {
      if (file.kind !== "link" && found[n] === "no" && !(n in chosen) && !isSafe(group, n, states))
        found[n] = "look";
    });
    return found;
  }

  // The states by a rule and by hand; `chosen` has "yes" or "no" by the number of a file.
  function states(group, rule, chosen) {
    const found = byRule(group, rule);
    for (const [number, state] of Object.entries(chosen)) found[number] = state;
    const all = checked(group, found, chosen);
    // A link goes only where the page knows of which file it is: where nothing was changed.
    const changed = rule.name !== "found" || Object.keys(chosen).length > 0;
    group.forEach((file, n) => {
      if (file.kind === "link" && changed && !(n in chosen) && all[n] === "no") all[n] = "look";
    });
    return all;
  }

  // True if a file may go by hand: another one of its group, no link, stays.
  function mayGo(group, number, current) {
    return group.some((file, n) => n !== number && file.kind !== "link" && current[n] !== "no");
  }

  return { states, isSafe, isKnown, mayGo, inFolder };
})();
