// Masks as bytes (H * W), 1 where the picture is known. Pure functions.

// How far a point is from the segment from a to b.
export const fromSegment = (x, y, a, b) => {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length ? Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / length)) : 0;
  return Math.hypot(x - a.x - along * dx, y - a.y - along * dy);
};

// Set every pixel within radius of the segment from a to b (in pixels, the middle of the first at 0.5) to value.
export const stroke = (data, width, height, a, b, radius, value) => {
  const [left, right] = [Math.min(a.x, b.x) - radius, Math.max(a.x, b.x) + radius];
  const [top, bottom] = [Math.min(a.y, b.y) - radius, Math.max(a.y, b.y) + radius];
  for (let r = Math.max(0, Math.floor(top)); r < Math.min(height, Math.ceil(bottom)); r += 1)
    for (let c = Math.max(0, Math.floor(left)); c < Math.min(width, Math.ceil(right)); c += 1) {
      if (fromSegment(c + 0.5, r + 0.5, a, b) <= radius) data[r * width + c] = value;
    }
};

// The same mask at another size: each pixel from the one that lies under it.
export const resized = ({ width, height, data }, toWidth, toHeight) => {
  if (width === toWidth && height === toHeight) return { width, height, data: data.slice() };
  const out = new Uint8Array(toWidth * toHeight);
  for (let r = 0; r < toHeight; r += 1) {
    const from = Math.floor((r * height) / toHeight) * width;
    for (let c = 0; c < toWidth; c += 1) out[r * toWidth + c] = data[from + Math.floor((c * width) / toWidth)];
  }
  return { width: toWidth, height: toHeight, data: out };
};

export const inverted = (data) => data.map((v) => 1 - v);

export const missing = (data) => data.reduce((n, v) => n + 1 - v, 0);

// Where a picture of width x height lies in a box that contains it whole, and the pixel under a point of the page.
export const pointAt = (box, width, height, clientX, clientY) => {
  const scale = Math.min(box.width / width, box.height / height);
  const [left, top] = [box.left + (box.width - width * scale) / 2, box.top + (box.height - height * scale) / 2];
  return { x: (clientX - left) / scale, y: (clientY - top) / scale };
};
