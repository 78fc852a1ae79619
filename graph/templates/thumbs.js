"use strict";
// The page's data, and thumbnails cut from its sheet.

const page = JSON.parse(document.getElementById("page").textContent);
const sheets = new Map();

/** A promise of the decoded sheet at an address, loaded once. */
function loadSheet(address) {
  if (!sheets.has(address)) {
    const image = new Image();
    image.src = address;
    sheets.set(address, image.decode().then(() => image));
  }
  return sheets.get(address);
}

/** Draw the cell [left, top, width, height] of a sheet, its longer side as `data-side` says. */
async function drawCell(canvas, address, cell) {
  const [left, top, width, height] = cell;
  const scale = Number(canvas.dataset.side) / Math.max(width, height);
  const [shownWidth, shownHeight] = [width * scale, height * scale];
  const density = Math.min(window.devicePixelRatio || 1, 2);
  canvas.style.width = `${shownWidth}px`;
  canvas.style.height = `${shownHeight}px`;
  canvas.width = Math.max(1, Math.round(shownWidth * density));
  canvas.height = Math.max(1, Math.round(shownHeight * density));
  const image = await loadSheet(address);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, left, top, width, height, 0, 0, canvas.width, canvas.height);
}

for (const canvas of document.querySelectorAll("canvas.thumb")) {
  drawCell(canvas, page.sheet, canvas.dataset.cell.split(" ").map(Number));
}
