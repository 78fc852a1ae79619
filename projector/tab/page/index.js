// Opens the live page in the frame of the tab: TensorBoard imports this module and calls `render`.

const PAGE = new URL(`./${"TOKEN"}/`, import.meta.url);

/** Return where the address of TensorBoard leads: `#imgrec&p.imgrec.id=17` to a picture. */
function fragment() {
  const [, id] = /[#&]p\.imgrec\.id=(\d{1,15})(?:&|$)/.exec(parent.location.hash) ?? [];
  return id === undefined ? "" : `#id=${id}`;
}

export function render() {
  location.replace(`${PAGE.href}${fragment()}`);
}
