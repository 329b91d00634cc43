// One cursor over pictures that show the same thing: the pixel under the pointer, or where arrow keys have moved it, is marked in each of
// them, and a line says what it holds.

import { html, nothing } from "../vendor/lit-html.js";
import { clamp } from "../frame/dom.js";
import { t } from "../frame/text.js";
import { ARROWS, cellUnder } from "../draw/pointer.js";

// The values of a canvas's pixel for a person: 0.42, or 0.42 0.10 0.33 in colour.
export const valueIn = (canvas, column, row) => {
  const [r, g, b] = canvas.getContext("2d").getImageData(column, row, 1, 1).data;
  return (r === g && g === b ? [r] : [r, g, b]).map((v) => (v / 255).toFixed(2)).join(" ");
};

// size() -> [columns, rows] of the pictures, or null while there are none; tell(column, row, name) -> {what: its value there}, by the phrases
// "readout.what", in the picture of that name where each has a chip; changed(): the cursor has moved.
export class Reading {
  constructor({ size, tell, changed }) {
    Object.assign(this, { size, tell, changed, place: null });
  }

  put(column, row) {
    const [columns, rows] = this.size() ?? [];
    if (!columns) return;
    const place = [clamp(column, 0, columns - 1), clamp(row, 0, rows - 1)];
    if (String(place) === String(this.place)) return;
    this.place = place;
    this.changed();
  }

  // What frames of pictures hear: pointers, and the arrow keys that nothing in them has taken.
  point = (e) => {
    const size = this.size();
    if (!size || !e.isPrimary) return;
    const { column, row } = cellUnder(e.currentTarget, ...size, e);
    this.put(column, row);
  };

  // A finger that is lifted leaves what it has pointed at.
  leave = (e) => {
    if (!this.place || e.pointerType === "touch") return;
    this.place = null;
    this.changed();
  };

  keys = (e) => {
    const step = ARROWS[e.key];
    if (!step || e.defaultPrevented || e.target.matches("input")) return;
    e.preventDefault();
    const [column, row] = this.place ?? [0, 0];
    this.put(column + step[0], row + step[1]);
  };

  // The line, or what stands there while nothing is pointed at.
  text(otherwise = t("readout.hint"), name = undefined) {
    const { place } = this;
    if (!place || !this.size()) return otherwise;
    const values = Object.entries(this.tell(...place, name)).map(([what, value]) => t(`readout.${what}`, { value }));
    return `${t("readout.at", { row: place[1] + 1, column: place[0] + 1 })}  ${values.join("   ")}`;
  }

  mark() {
    const { place } = this;
    const [columns, rows] = this.size() ?? [1, 1];
    const share = (value, of) => `${(100 * value) / of}%`;
    const box = place
      ? `left:${share(place[0] + 0.5, columns)};top:${share(place[1] + 0.5, rows)};width:${share(1, columns)};height:${share(1, rows)}`
      : nothing;
    return html`<i class="vd-cursor" style=${box} ?hidden=${!place}></i>`;
  }

  // The line in the picture itself, where there is no other place for it: at the edge that is further away.
  chip(name) {
    const above = this.place && this.place[1] >= (this.size()?.[1] ?? 0) / 2;
    return html`<output class="vd-chip ${above ? "vd-chip-above" : ""}" aria-live="polite" ?hidden=${!this.place}>${this.text("", name)}</output>`;
  }
}
