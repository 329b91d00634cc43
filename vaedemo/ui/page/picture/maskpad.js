// A brush over a picture: what it covers is missing. Mouse, pen, finger, or arrow keys and Space.

import { clamp } from "../frame/dom.js";
import { inverted, missing, pointAt, resized, stroke } from "../maths/masks.js";
import { ARROWS, onPointer } from "../draw/pointer.js";

const MOST_UNDO = 40;
// The missing part is a check of two violets, which no picture has.
const CHECK = [
  [96, 58, 172, 255],
  [124, 82, 204, 255],
];

// changed(done): the mask is another one; done is false while a stroke goes on. at: where the keys' brush stands, or null.
export class MaskPad {
  constructor(canvas, changed) {
    Object.assign(this, { canvas, changed, ctx: canvas.getContext("2d"), undone: [] });
    Object.assign(this, { width: 28, height: 28, data: new Uint8Array(28 * 28).fill(1), size: 1.5, value: 0, last: null, at: null });
    this.hand = onPointer(canvas, {
      press: (e) => {
        this.remember();
        this.last = this.under(e);
        this.paint([e]);
      },
      drag: (points) => this.paint(points),
      lift: () => this.changed(true),
      revoke: () => this.undo(),
    });
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && this.look(this.middle));
    canvas.addEventListener("blur", () => this.look(null));
    canvas.addEventListener("keydown", (e) => this.keyed(e) && e.preventDefault());
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  draw() {
    const { canvas, ctx, width, height, data, at, size } = this;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const image = ctx.createImageData(width, height);
    const square = Math.max(1, Math.round(Math.max(width, height) / 56));
    data.forEach((known, i) => {
      if (known) return;
      const odd = (Math.floor(Math.floor(i / width) / square) + Math.floor((i % width) / square)) % 2;
      image.data.set(CHECK[odd], 4 * i);
    });
    ctx.putImageData(image, 0, 0);
    if (!at) return;
    Object.assign(ctx, { strokeStyle: "#ffb000", lineWidth: Math.max(0.5, width / 200) });
    ctx.strokeRect(at.x - size, at.y - size, 2 * size, 2 * size);
  }

  look(at) {
    this.at = at;
    this.draw();
  }

  get middle() {
    return { x: this.width / 2, y: this.height / 2 };
  }

  // ---- painting ----------------------------------------------------------------------------------------------

  under({ clientX, clientY }) {
    return pointAt(this.canvas.getBoundingClientRect(), this.width, this.height, clientX, clientY);
  }

  stroke(from, to) {
    stroke(this.data, this.width, this.height, from, to, this.size, this.value);
  }

  paint(points) {
    for (const point of points) {
      const to = this.under(point);
      this.stroke(this.last, to);
      this.last = to;
    }
    this.draw();
    this.changed(false);
  }

  keyed(e) {
    const step = ARROWS[e.key];
    const at = this.at ?? this.middle;
    if (step) {
      const by = Math.max(1, this.size);
      this.look({ x: clamp(at.x + step[0] * by, 0, this.width), y: clamp(at.y + step[1] * by, 0, this.height) });
    } else if (e.key === " " || e.key === "Enter") {
      this.remember();
      this.stroke(at, at);
      this.look(at);
      this.changed(true);
    } else if ((e.ctrlKey || e.metaKey) && e.key === "z") this.undo();
    else return false;
    return true;
  }

  // ---- the mask as a whole -----------------------------------------------------------------------------------

  mask() {
    return { width: this.width, height: this.height, data: this.data };
  }

  missing() {
    return missing(this.data);
  }

  remember() {
    this.undone.push({ ...this.mask(), data: this.data.slice() });
    if (this.undone.length > MOST_UNDO) this.undone.shift();
  }

  put(mask) {
    this.hand.stop(); // a stroke that goes on belongs to the mask before
    Object.assign(this, mask);
    this.draw();
    this.changed(true);
  }

  undo() {
    if (this.undone.length) this.put(resized(this.undone.pop(), this.width, this.height));
  }

  // A new mask, which undo takes back.
  set(mask) {
    this.remember();
    this.put(mask);
  }

  // The same mask for a picture of another size; nothing else changes.
  resize(width, height) {
    this.hand.stop();
    Object.assign(this, resized(this, width, height));
    this.draw();
  }

  invert() {
    this.set({ data: inverted(this.data) });
  }

  clear() {
    this.set({ data: new Uint8Array(this.data.length).fill(1) });
  }

  tool(name) {
    this.value = name === "eraser" ? 1 : 0;
  }

  radius(share) {
    this.size = Math.max(0.6, (share * Math.max(this.width, this.height)) / 2);
  }
}
