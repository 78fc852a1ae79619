"use strict";
// The sheet on paper: all pictures of the page with their names, in the order of the list. It is
// made when the page is printed, from the thumbnails, and removed afterwards.

const paper = document.createElement("section");
paper.id = "paper";
paper.setAttribute("aria-label", "Pictures");

/** Return the ids of the nodes in the order of the list: by path. */
function listedIds() {
  return [...document.querySelectorAll(".listing a")].map((link) => Number(link.hash.slice(1)));
}

/** Return a picture with its name, its folder, and the number of near-duplicates. */
function printed(id) {
  const { name, cell, members } = nodesById.get(id);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = cell.slice(2);
  // Drawn at once: paper does not wait.
  if (sheetImage) canvas.getContext("2d").drawImage(sheetImage, ...cell, 0, 0, canvas.width, canvas.height);
  const caption = document.createElement("figcaption");
  const folder = document.createElement("small");
  folder.textContent = [page.data.pictures[id].folder, members ? `×${members.length}` : ""].filter(Boolean).join(" · ");
  caption.append(name, folder);
  const figure = document.createElement("figure");
  figure.append(canvas, caption);
  return figure;
}

window.addEventListener("beforeprint", () => {
  paper.replaceChildren(...listedIds().map(printed));
  document.body.append(paper);
});
window.addEventListener("afterprint", () => paper.remove());
