// What can be taken away: the row of pictures as a PNG, the figures as JSON, the address as a link.

export const save = (blob, name) => {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

export const saveJson = (value, name) => save(new Blob([JSON.stringify(value, null, 2)], { type: "application/json" }), name);

// The name of a file without its ending: what it holds, from the tab to the settings; what is null or usual is left out.
export const fileName = (...parts) =>
  ["vaedemo", ...parts]
    .filter((part) => part !== null && part !== undefined && part !== false)
    .join("-")
    .replace(/[^\w.]+/g, "-");

// White paper for pictures that are scaled up without smoothing: [canvas, its context].
export const paper = (width, height) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = "#ffffff";
  ctx.fillRect(0, 0, width, height);
  ctx.imageSmoothingEnabled = false;
  return [canvas, ctx];
};

const [SIDE, GAP, MARGIN] = [320, 24, 32]; // of a row of pictures, in pixels

// pictures: [{title, canvas}], lines: two lines of text below them.
export const saveRow = (pictures, lines, name) => {
  const top = MARGIN + 34;
  const width = 2 * MARGIN + pictures.length * (SIDE + GAP) - GAP;
  const [canvas, ctx] = paper(width, top + SIDE + 84 + MARGIN / 2);
  ctx.fillStyle = "#1b1d22";
  pictures.forEach((picture, i) => {
    const left = MARGIN + i * (SIDE + GAP);
    ctx.font = "600 17px system-ui, sans-serif";
    ctx.fillText(picture.title, left, top - 14, SIDE);
    const { width: w, height: h } = picture.canvas;
    const scale = SIDE / Math.max(w, h);
    ctx.imageSmoothingEnabled = scale < 1;
    ctx.drawImage(picture.canvas, left, top + (SIDE - h * scale) / 2, w * scale, h * scale);
  });
  ctx.font = "17px system-ui, sans-serif";
  lines.forEach((line, i) => ctx.fillText(line, MARGIN, top + SIDE + 34 + 28 * i, width - 2 * MARGIN));
  canvas.toBlob((blob) => save(blob, name), "image/png");
};
