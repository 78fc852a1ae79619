"use strict";
// The page's data, and thumbnails cut from its sheet.

const page = JSON.parse(document.getElementById("page").textContent);
const sheets = new Map();
const LEAST_SHARE = 1 / 3; // of the longer side: less is a line that nobody can see or hit

/** A promise of the decoded sheet at an address, loaded once. */
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

/** Draw a cell of a sheet around (x, y) as large as a box takes; what it leaves is neutral. */
function drawWithin(context, image, [left, top, width, height], x, y, boxWidth, boxHeight) {
  const scale = Math.min(boxWidth / width, boxHeight / height);
  let [shownWidth, shownHeight] = [width * scale, height * scale];
  if (shownWidth < boxWidth * 0.97 || shownHeight < boxHeight * 0.97) {
    context.fillStyle = cssColor("--line");
    context.fillRect(x - boxWidth / 2, y - boxHeight / 2, boxWidth, boxHeight);
  } else {
    [shownWidth, shownHeight] = [boxWidth, boxHeight]; // it was rounded only
  }
  context.imageSmoothingQuality = "high";
  context.drawImage(
    image, left, top, width, height, x - shownWidth / 2, y - shownHeight / 2, shownWidth, shownHeight,
  );
}

/** Draw the cell [left, top, width, height] of a sheet, its longer side as `data-side` says, none too short. */
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
