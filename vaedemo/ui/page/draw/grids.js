// A grid of samples on one canvas: drawn from packed bytes, read by pointer and arrow keys, one sample chosen.

import { clamp } from "../frame/dom.js";
import { paper } from "../frame/download.js";
import { paint, rgba } from "./pixels.js";
import { ARROWS, cellUnder, onReading } from "./pointer.js";

// Pixels between samples of a size.
const gapOf = (size) => Math.max(1, Math.round(size / 28));

// Pixels along `count` samples in a row.
export const sideOf = (count, size) => count * size + (count - 1) * gapOf(size);

// The bytes of sample i of packed pictures (n, C, H, W).
export const sampleOf = (bytes, i, channels, size) => bytes.subarray(i * channels * size ** 2, (i + 1) * channels * size ** 2);

// The next index after a key in a grid of n x n, or null for another key.
const moved = (i, key, n) => {
  if (key === "Home") return 0;
  if (key === "End") return n ** 2 - 1;
  if (!ARROWS[key]) return null;
  const [right, down] = ARROWS[key];
  const next = i + right + n * down;
  return next < 0 || next >= n ** 2 ? i : next;
};

// Packed pictures (n, C, H, W) onto a canvas, `columns` to a row.
export const drawSheet = (canvas, bytes, { channels, size }, columns) => {
  const count = bytes.length / (channels * size ** 2);
  const [width, height] = [sideOf(columns, size), sideOf(Math.ceil(count / columns), size)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const ctx = canvas.getContext("2d");
  for (let i = 0; i < count; i += 1) {
    const picture = new ImageData(rgba(sampleOf(bytes, i, channels, size), channels), size);
    const step = size + gapOf(size);
    ctx.putImageData(picture, (i % columns) * step, Math.floor(i / columns) * step);
  }
};

// A sheet is smoothed where it is scaled up by less than 3: its pixels would come out uneven.
export const smooth = (canvas, columns, size) => canvas.classList.toggle("vd-gen-fine", canvas.clientWidth / sideOf(columns, size) < 3);

// A PNG of a canvas scaled up without smoothing to about `side` pixels, on white.
export const enlarged = (canvas, side = 1120) => {
  const scale = Math.max(1, Math.round(side / canvas.width));
  const edge = 8 * scale;
  const [width, height] = [canvas.width * scale, canvas.height * scale];
  const [out, ctx] = paper(width + 2 * edge, height + 2 * edge);
  ctx.drawImage(canvas, edge, edge, width, height);
  return new Promise((done) => out.toBlob(done, "image/png"));
};

const LENS = 104; // pixels of the enlarged sample, at least

// frame: the element that the canvas lies in, with a ring for the chosen sample and a lens. told(index or null) while a sample is pointed at, choose(index) when one is taken.
export class Grid {
  constructor(frame, { told, choose }) {
    const [canvas, ring, lens] = ["canvas", ".vd-gen-ring", ".vd-gen-lens"].map((part) => frame.querySelector(part));
    Object.assign(this, { canvas, ring, lens, told, choose, bytes: null, row: null, n: 0, at: 0, chosen: null });
    onReading([canvas], {
      at: (e) => (this.bytes ? this.under(e) : null),
      look: (i, e) => (i === null ? this.leave() : e.pointerType !== "touch" && this.point(i)),
      keyed: (e) => this.bytes && this.keyed(e),
      pick: (i) => choose((this.at = i)),
    });
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && this.point(this.chosen ?? this.at));
    new ResizeObserver(() => {
      if (this.n) smooth(canvas, this.n, this.row.size);
      if (this.chosen !== null) this.mark(this.chosen);
      this.lens.hidden = true;
    }).observe(canvas);
  }

  // The gaps belong to the sample before them.
  under(e) {
    const { column, row } = cellUnder(this.canvas, this.n, this.n, e);
    return row * this.n + column;
  }

  keyed(e) {
    const next = moved(this.at, e.key, this.n);
    if (e.key === "Enter" || e.key === " ") this.choose(this.at);
    else if (e.key === "Escape") this.leave();
    else if (next !== null) this.point(next);
    else return false;
    return true;
  }

  // An element over sample i, at least so large.
  put(element, i, least = 0) {
    const { n } = this;
    const { size } = this.row;
    const width = this.canvas.clientWidth;
    const pixel = width / sideOf(n, size);
    const side = least ? Math.max(least, 2 * size * pixel) : size * pixel;
    const place = (k) => `${clamp((k * (size + gapOf(size)) + size / 2) * pixel - side / 2, 0, width - side)}px`;
    Object.assign(element.style, { left: place(i % n), top: place(Math.floor(i / n)), width: `${side}px`, height: `${side}px` });
    element.hidden = false;
  }

  point(i) {
    this.at = i;
    if (!this.bytes) return;
    paint(this.lens, rgba(this.sample(i), this.row.channels));
    this.put(this.lens, i, Math.min(LENS, this.canvas.clientWidth / 2));
    this.told(i);
  }

  leave() {
    if (this.lens.hidden) return;
    this.lens.hidden = true;
    this.told(null);
  }

  mark(i) {
    this.chosen = i;
    this.ring.hidden = i === null || !this.bytes;
    if (!this.ring.hidden) this.put(this.ring, i);
  }

  draw(bytes, row, n) {
    Object.assign(this, { bytes, row, n, at: Math.min(this.at, n ** 2 - 1) });
    drawSheet(this.canvas, bytes, row, n);
    smooth(this.canvas, n, row.size);
    if (!this.lens.hidden) this.point(this.at);
  }

  clear() {
    this.bytes = null;
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.mark(null);
  }

  sample(i) {
    return this.bytes && i < this.n ** 2 ? sampleOf(this.bytes, i, this.row.channels, this.row.size) : null;
  }
}
