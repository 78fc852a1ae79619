// The link to the live page, where one is: it serves this page (`imgrec serve`), or it ran when this
// site was written, and then LIVE, in the line above, is its address.

const served = location.protocol === "http:" && location.pathname.startsWith("/files/");
const toLive = document.getElementById("to-live");
const livePage = served ? "/" : LIVE;

/** Let the link lead to the live page, and ask there for pictures like the one of the fragment. */
function linkToLive() {
  const id = location.hash.slice(1);
  toLive.href = /^[0-9]+$/.test(id) ? `${livePage}?like=${id}` : livePage;
  toLive.hidden = false;
}

if (livePage) {
  linkToLive();
  addEventListener("hashchange", linkToLive);
}
