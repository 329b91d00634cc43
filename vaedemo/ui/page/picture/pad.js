// A small drawing board: pen, eraser, undo, clear; changed(dataURL, empty) after each move and each stroke.

import { onPointer, shareOf } from "../draw/pointer.js";

const PAPER = "#ffffff";
const INK = "#15171a";
const MOST_UNDO = 40;

export class Pad {
  constructor(canvas, changed) {
    Object.assign(this, { canvas, changed, undone: [], last: null, tool: "pen", empty: true });
    this.ctx = canvas.getContext("2d", { willReadFrequently: true });
    this.hand = onPointer(canvas, {
      press: (e) => {
        this.remember();
        this.empty = false;
        this.last = this.at(e);
        this.line([e]);
      },
      drag: (points) => this.line(points),
      lift: () => this.send(),
      revoke: () => this.undo(),
    });
    this.blank();
  }

  choose(tool) {
    this.tool = tool;
  }

  blank() {
    this.ctx.fillStyle = PAPER;
    this.ctx.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  at(e) {
    const [x, y] = shareOf(this.canvas, e);
    return { x: x * this.canvas.width, y: y * this.canvas.height };
  }

  // On to each of the points.
  line(points) {
    const { ctx, tool } = this;
    Object.assign(ctx, { lineCap: "round", lineJoin: "round", lineWidth: tool === "pen" ? 19 : 40 });
    ctx.strokeStyle = tool === "pen" ? INK : PAPER;
    for (const point of points) {
      const to = this.at(point);
      ctx.beginPath();
      ctx.moveTo(this.last.x, this.last.y);
      ctx.lineTo(to.x + 0.01, to.y);
      ctx.stroke();
      this.last = to;
    }
    this.send();
  }

  send() {
    this.changed(this.canvas.toDataURL("image/png"), this.empty);
  }

  remember() {
    this.undone.push(this.ctx.getImageData(0, 0, this.canvas.width, this.canvas.height));
    if (this.undone.length > MOST_UNDO) this.undone.shift();
  }

  undo() {
    this.hand.stop();
    if (!this.undone.length) return;
    this.ctx.putImageData(this.undone.pop(), 0, 0);
    this.empty = this.undone.length === 0;
    this.send();
  }

  clear() {
    this.hand.stop();
    this.remember();
    this.blank();
    this.empty = true;
    this.send();
  }
}
