// A brush that paints on a picture: hard strokes of a grey level, or soft stains. Mouse, pen, finger, or keys as MaskPad has them.

import { pixels } from "../draw/pixels.js";
import { fromSegment } from "../maths/masks.js";
import { MaskPad } from "./maskpad.js";

const SOFT = 0.8; // of a stain in its middle
const WIDE = 1.6; // times as wide as a stroke is a stain

// original: bytes of the picture (C, H, W); cover and tone: how much of each pixel is paint, and its level.
export class PaintPad extends MaskPad {
  constructor(canvas, changed) {
    super(canvas, changed);
    Object.assign(this, { channels: 1, original: new Uint8Array(28 * 28), soft: false, level: 255 });
    this.bare();
  }

  bare() {
    const n = this.width * this.height;
    Object.assign(this, { cover: new Float32Array(n), tone: new Uint8Array(n) });
  }

  // Another picture, without paint.
  picture(bytes, channels, side) {
    this.hand.stop();
    Object.assign(this, { original: bytes, channels, width: side, height: side, copies: [] });
    this.bare();
    this.draw();
  }

  // The painted picture (C, H, W).
  bytes() {
    const { original, cover, tone } = this;
    const n = cover.length;
    return original.map((v, i) => v + cover[i % n] * (tone[i % n] - v));
  }

  // Where paint has changed a pixel by more than a tenth, as the detector was taught: 1, else 0.
  changedPixels() {
    const { original, channels, cover } = this;
    const painted = this.bytes();
    const n = cover.length;
    const far = (i) => Math.max(...Array.from({ length: channels }, (_, c) => Math.abs(painted[c * n + i] - original[c * n + i])));
    return Array.from({ length: n }, (_, i) => (far(i) > 25.5 ? 1 : 0));
  }

  line(from, to) {
    const { width, height, size, soft, level, cover, tone } = this;
    for (let i = 0; i < width * height; i += 1) {
      const away = fromSegment((i % width) + 0.5, Math.floor(i / width) + 0.5, from, to);
      const paint = soft ? SOFT * Math.exp(-((away / (WIDE * size)) ** 2)) : Number(away <= size);
      if (paint > 0.02 && paint >= cover[i]) {
        cover[i] = paint;
        tone[i] = level;
      }
    }
  }

  draw() {
    if (!this.cover) return; // MaskPad's own beginning
    pixels(this.bytes(), this.channels)(this.canvas);
    this.drawKeys();
  }

  copy() {
    return { cover: this.cover.slice(), tone: this.tone.slice() };
  }

  put(copy) {
    Object.assign(this, copy);
    this.draw();
    this.changed(true);
  }

  clear() {
    this.hand.stop();
    this.remember();
    this.bare();
    this.draw();
    this.changed(true);
  }
}
