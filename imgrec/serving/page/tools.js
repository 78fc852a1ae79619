// The tools of the page: each is a module that exports `mount(element)`.

/** @type {[string, {mount: (element: HTMLElement) => void}][]} id of the element, and its module */
const TOOLS = [];

/** Mount each tool on its element. */
export function mountTools() {
  for (const [id, tool] of TOOLS) tool.mount(document.getElementById(id));
}
