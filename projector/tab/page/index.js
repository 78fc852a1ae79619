// Opens the live page in the frame of the tab: TensorBoard imports this module and calls `render`.

const PAGE = new URL(`./${"TOKEN"}/`, import.meta.url);

export function render() {
  location.replace(PAGE.href);
}
