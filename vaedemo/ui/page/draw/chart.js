// An SVG chart as wide as its place, read by pointer and keys, with a line of text below that says what is under the cursor.

import { render } from "../vendor/lit-html.js";
import { clamp, onWidth, pointOn } from "../frame/dom.js";
import { enlarger } from "../frame/pieces.js";
import { ARROWS, onReading } from "./pointer.js";

// An SVG element: node("rect", {x: 0, ...}, child, ...).
export const node = (tag, attributes, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

export const line = (kind, x1, y1, x2, y2) => node("line", { class: kind, x1, y1, x2, y2 });
export const label = (kind, x, y, text, anchor = "start", more = {}) =>
  node("text", { class: kind, x, y, "text-anchor": anchor, ...more }, text);

// The lines of a scale across a chart from left to right, each with its number before it.
export const rows = (ticks, y, left, right, text, gap) =>
  ticks.flatMap((v) => [line("vd-grid", left, y(v), right, y(v)), label("vd-tick", left - gap, y(v) + 4, text(v), "end")]);

// The next index after an arrow key along a row of so many, or null for another key.
export const along = (e, i, count) => {
  const step = ARROWS[e.key]?.[0];
  return step ? clamp(i + step, 0, count - 1) : null;
};

// The button that enlarges the chart of a place, in it: a function that it is drawn by, and drawn anew with another name.
export const enlarging = (root) => {
  const place = Object.assign(document.createElement("span"), { className: "vd-chartbeside" });
  root.append(place);
  return (name) => render(enlarger(name.split(/[.。]/)[0]), place); // without its hints
};

// A chart of its own has marks() -> SVG elements, name() -> its aria-label, hint() and say(focus) -> the text below, under(point)
// -> what lies there, or null; keyed(e) -> true where it took a key; and picked(focus) at a click.
export class Chart {
  constructor(root, height, own = {}) {
    Object.assign(this, { height, width: 0, focus: null, ...own });
    this.chart = node("svg", { class: "vd-svg", tabindex: 0, role: "application", height });
    this.note = Object.assign(document.createElement("output"), { className: "vd-charttext" });
    this.note.setAttribute("aria-live", "polite");
    root.append(this.chart);
    this.named = enlarging(root);
    root.append(this.note);
    onReading([this.chart], {
      at: (e) => this.under(...pointOn(this.chart, e)),
      look: (found) => String(found) === String(this.focus) || this.look(found),
      keyed: (e) => this.keyed(e),
      pick: (found) => this.picked?.(found),
    });
    onWidth(root, (width) => {
      this.width = width;
      this.draw();
    });
  }

  draw() {
    if (!this.width || !this.ready()) return;
    this.chart.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.chart.setAttribute("width", this.width);
    this.chart.setAttribute("aria-label", this.name());
    this.chart.replaceChildren(...this.marks());
    this.named(this.name());
  }

  // Whether there is something to draw.
  ready() {
    return true;
  }

  look(focus) {
    this.focus = focus;
    this.note.textContent = focus === null ? this.hint() : this.say(focus);
    this.draw();
  }
}
