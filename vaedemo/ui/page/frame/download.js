// What can be taken away: the row of pictures as a PNG, the figures as JSON, the address as a link.

export const save = (blob, name) => {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

export const saveJson = (value, name) => save(new Blob([JSON.stringify(value, null, 2)], { type: "application/json" }), name);

// Where each picture of a row and the texts go; sizes in pixels.
export const layout = (count, side = 320, gap = 24, margin = 32) => ({
  width: 2 * margin + count * side + (count - 1) * gap,
  height: margin + 34 + side + 84 + margin / 2,
  cells: Array.from({ length: count }, (_, i) => ({ x: margin + i * (side + gap), y: margin + 34, side })),
  lines: [margin + 34 + side + 34, margin + 34 + side + 62],
  margin,
});

// pictures: [{title, canvas}], lines: two lines of text below them.
export const saveRow = (pictures, lines, name) => {
  const place = layout(pictures.length);
  const canvas = Object.assign(document.createElement("canvas"), { width: place.width, height: place.height });
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = "#ffffff";
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.imageSmoothingEnabled = false;
  ctx.fillStyle = "#1b1d22";
  pictures.forEach((picture, i) => {
    const cell = place.cells[i];
    ctx.font = "600 17px system-ui, sans-serif";
    ctx.fillText(picture.title, cell.x, cell.y - 14, cell.side);
    ctx.drawImage(picture.canvas, cell.x, cell.y, cell.side, cell.side);
  });
  ctx.font = "17px system-ui, sans-serif";
  lines.forEach((line, i) => ctx.fillText(line, place.margin, place.lines[i], place.width - 2 * place.margin));
  canvas.toBlob((blob) => save(blob, name), "image/png");
};
