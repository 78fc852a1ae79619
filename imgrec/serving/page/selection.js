// The pictures that are marked.

const listeners = new Set();
const ids = new Set();

export const marked = {
  has: (id) => ids.has(id),
  toggle(id) {
    if (!ids.delete(id)) ids.add(id);
    for (const listener of [...listeners]) listener();
  },
  all: () => [...ids],
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
