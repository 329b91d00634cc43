// A brush over a picture: what it covers is missing. Mouse, pen, finger, or arrow keys and Space.

import { clamp } from "../frame/dom.js";
import { inverted, missing, pointAt, resized, stroke } from "../maths/masks.js";
import { ARROWS } from "../draw/pointer.js";
import { Board } from "./board.js";

// The missing part is a check of two violets, which no picture has.
const CHECK = [
  [96, 58, 172, 255],
  [124, 82, 204, 255],
];

// changed(done): the mask is another one; done is false while a stroke goes on. keys: where the keys' brush stands, or null.
export class MaskPad extends Board {
  constructor(canvas, changed) {
    super(canvas, changed);
    const data = new Uint8Array(28 * 28).fill(1);
    Object.assign(this, { ctx: canvas.getContext("2d"), width: 28, height: 28, data, size: 1.5, value: 0, keys: null });
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && this.look(this.middle));
    canvas.addEventListener("blur", () => this.look(null));
    canvas.addEventListener("keydown", (e) => this.keyed(e) && e.preventDefault());
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  draw() {
    const { canvas, ctx, width, height, data } = this;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const image = ctx.createImageData(width, height);
    const square = Math.max(1, Math.round(Math.max(width, height) / 56));
    data.forEach((known, i) => {
      if (known) return;
      const odd = (Math.floor(Math.floor(i / width) / square) + Math.floor((i % width) / square)) % 2;
      image.data.set(CHECK[odd], 4 * i);
    });
    ctx.putImageData(image, 0, 0);
    this.drawKeys();
  }

  // Where the keys' brush stands.
  drawKeys() {
    const { ctx, width, keys, size } = this;
    if (!keys) return;
    Object.assign(ctx, { strokeStyle: "#ffb000", lineWidth: Math.max(0.5, width / 200) });
    ctx.strokeRect(keys.x - size, keys.y - size, 2 * size, 2 * size);
  }

  look(keys) {
    this.keys = keys;
    this.draw();
  }

  get middle() {
    return { x: this.width / 2, y: this.height / 2 };
  }

  // ---- painting ----------------------------------------------------------------------------------------------

  at({ clientX, clientY }) {
    return pointAt(this.canvas.getBoundingClientRect(), this.width, this.height, clientX, clientY);
  }

  line(from, to) {
    stroke(this.data, this.width, this.height, from, to, this.size, this.value);
  }

  painted() {
    this.draw();
    this.changed(false);
  }

  lifted() {
    this.changed(true);
  }

  keyed(e) {
    const step = ARROWS[e.key];
    const at = this.keys ?? this.middle;
    if (step) {
      const by = Math.max(1, this.size);
      this.look({ x: clamp(at.x + step[0] * by, 0, this.width), y: clamp(at.y + step[1] * by, 0, this.height) });
    } else if (e.key === " " || e.key === "Enter") {
      this.remember();
      this.line(at, at);
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

  copy() {
    return { ...this.mask(), data: this.data.slice() };
  }

  put(copy) {
    this.take(resized(copy, this.width, this.height));
  }

  take(mask, told = true) {
    Object.assign(this, mask);
    this.draw();
    if (told) this.changed(true);
  }

  // A new mask, which undo takes back; told: whether changed() hears of it.
  set(mask, told) {
    this.hand.stop();
    this.remember();
    this.take(mask, told);
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

  get erasing() {
    return this.value === 1;
  }

  tool(name) {
    this.value = name === "eraser" ? 1 : 0;
  }

  radius(share) {
    this.size = Math.max(0.6, (share * Math.max(this.width, this.height)) / 2);
  }
}
