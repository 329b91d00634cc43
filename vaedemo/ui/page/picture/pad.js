// A small drawing board: pen, eraser, undo, clear; changed(dataURL, empty) after each move and each stroke.

import { shareOf } from "../draw/pointer.js";
import { Board } from "./board.js";

const PAPER = "#ffffff";
const INK = "#15171a";

export class Pad extends Board {
  constructor(canvas, changed) {
    super(canvas, changed);
    Object.assign(this, { tool: "pen", empty: true, ctx: canvas.getContext("2d", { willReadFrequently: true }) });
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

  line(from, to) {
    const { ctx } = this;
    const [strokeStyle, lineWidth] = this.tool === "pen" ? [INK, 19] : [PAPER, 40];
    Object.assign(ctx, { lineCap: "round", lineJoin: "round", lineWidth, strokeStyle });
    ctx.beginPath();
    ctx.moveTo(from.x, from.y);
    ctx.lineTo(to.x + 0.01, to.y);
    ctx.stroke();
    this.empty = false;
  }

  painted() {
    this.changed(this.canvas.toDataURL("image/png"), this.empty);
  }

  lifted() {
    this.painted();
  }

  copy() {
    return this.ctx.getImageData(0, 0, this.canvas.width, this.canvas.height);
  }

  put(copy) {
    this.ctx.putImageData(copy, 0, 0);
    this.empty = this.copies.length === 0;
    this.painted();
  }

  clear() {
    this.hand.stop();
    this.remember();
    this.blank();
    this.empty = true;
    this.painted();
  }
}
