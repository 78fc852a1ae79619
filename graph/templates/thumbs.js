"use strict";
// The data of the page, and thumbnails drawn from sprite sheets.

const page = JSON.parse(document.getElementById("page").textContent);
const sheets = new Map();
// Shortest side of a thumbnail relative to the longer one, so that it can be seen and clicked.
const LEAST_SHARE = 1 / 3;

/** Return a promise of the decoded sheet at a URL; each is loaded once. */
function loadSheet(address) {
  if (!sheets.has(address)) {
    const image = new Image();
    image.src = address;
    sheets.set(address, image.decode().then(() => image));
  }
  return sheets.get(address);
}

function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Draw a cell of a sheet centered in a box, as large as fits, on a neutral background. */
function drawWithin(context, image, [left, top, width, height], x, y, boxWidth, boxHeight) {
  const scale = Math.min(boxWidth / width, boxHeight / height);
  let [shownWidth, shownHeight] = [width * scale, height * scale];
  if (shownWidth < boxWidth * 0.97 || shownHeight < boxHeight * 0.97) {
    context.fillStyle = cssColor("--line");
    context.fillRect(x - boxWidth / 2, y - boxHeight / 2, boxWidth, boxHeight);
  } else {
    // The shapes differ by rounding only.
    [shownWidth, shownHeight] = [boxWidth, boxHeight];
  }
  context.imageSmoothingQuality = "high";
  context.drawImage(
    image, left, top, width, height, x - shownWidth / 2, y - shownHeight / 2, shownWidth, shownHeight,
  );
}

/** Draw the cell [left, top, width, height] of a sheet; its longer side gets `data-side` pixels. */
async function drawCell(canvas, address, cell) {
  const [, , width, height] = cell;
  const side = Number(canvas.dataset.side);
  const [shownWidth, shownHeight] = [width, height].map((length) => (
    Math.max(length / Math.max(width, height), LEAST_SHARE) * side
  ));
  const density = Math.min(window.devicePixelRatio || 1, 2);
  canvas.style.width = `${shownWidth}px`;
  canvas.style.height = `${shownHeight}px`;
  canvas.width = Math.max(1, Math.round(shownWidth * density));
  canvas.height = Math.max(1, Math.round(shownHeight * density));
  const image = await loadSheet(address);
  const context = canvas.getContext("2d");
  drawWithin(context, image, cell, canvas.width / 2, canvas.height / 2, canvas.width, canvas.height);
}

for (const canvas of document.querySelectorAll("canvas.thumb")) {
  drawCell(canvas, page.sheet, canvas.dataset.cell.split(" ").map(Number));
}
