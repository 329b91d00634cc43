// A canvas that is drawn on with mouse, pen or finger, one stroke at a time; undo takes the latest back.

import { onPointer } from "../draw/pointer.js";

const MOST_UNDO = 40;

// A board of its own has at(e) -> the point {x, y} under a pointer, line(from, to), painted() after a move, lifted() after a stroke,
// copy() -> what it shows, and put(copy).
export class Board {
  constructor(canvas, changed) {
    Object.assign(this, { canvas, changed, copies: [] });
    let last = null;
    const paint = (points) => {
      for (const to of points.map((e) => this.at(e))) {
        this.line(last, to);
        last = to;
      }
      this.painted();
    };
    const press = (e) => {
      this.remember();
      last = this.at(e);
      paint([e]);
    };
    this.hand = onPointer(canvas, { press, drag: paint, lift: () => this.lifted(), revoke: () => this.undo() });
  }

  remember() {
    this.copies.push(this.copy());
    if (this.copies.length > MOST_UNDO) this.copies.shift();
  }

  // A stroke that goes on belongs to what was there before.
  undo() {
    this.hand.stop();
    if (this.copies.length) this.put(this.copies.pop());
  }
}
