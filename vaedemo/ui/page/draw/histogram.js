// Histograms of known and foreign scores on one axis, a threshold that is dragged, and where one picture stands.

import { clamp, onWidth, pointOn } from "../frame/dom.js";
import { language } from "../frame/text.js";
import { ticks } from "../maths/geometry.js";
import { scoreAt, shareOn } from "../maths/detection.js";
import { enlarging, label, line, node } from "./chart.js";
import { onPointer } from "./pointer.js";

const HEIGHT = 250;
const MARGIN = { left: 14, right: 14, top: 34, bottom: 44 };
const STEP = 1 / 200; // of the axis, by an arrow key

// The numbers that are written along an axis.
export const marksOf = (axis) => {
  if (!axis.log) return ticks(axis.low, axis.high, 6);
  const [first, last] = [Math.floor(Math.log10(axis.low)), Math.ceil(Math.log10(axis.high))];
  const steps = last - first > 3 ? [1] : [1, 2, 5];
  const all = Array.from({ length: last - first + 1 }, (_, i) => steps.map((s) => s * 10 ** (first + i))).flat();
  return all.filter((v) => v >= axis.low && v <= axis.high);
};

const plain = (v) => v.toLocaleString(language(), { maximumSignificantDigits: 3 }).replace("-", "−");

// A filled staircase of shares, as the d of a path, in a box.
export const staircase = (shares, top, { left, width, base, height }) => {
  const step = width / shares.length;
  const y = (v) => (base - (v / top) * height).toFixed(1);
  const steps = Array.from(shares, (v, i) => `L${(left + i * step).toFixed(1)} ${y(v)}H${(left + (i + 1) * step).toFixed(1)}`);
  return `M${left} ${base}${steps.join("")}V${base}Z`;
};

// hooks: name() -> its aria-label; text(limit) -> what is read of a threshold; move(limit): it was dragged.
export class Histogram {
  constructor(root, hooks) {
    Object.assign(this, { hooks, width: 0, shown: null });
    this.chart = node("svg", { class: "vd-svg vd-hist", tabindex: 0, role: "slider", height: HEIGHT, "aria-orientation": "horizontal" });
    root.append(this.chart);
    this.named = enlarging(root);
    const drag = (e) => this.to((pointOn(this.chart, e)[0] - MARGIN.left) / this.inner);
    const press = (e) => {
      e.preventDefault();
      this.chart.focus({ preventScroll: true });
      drag(e);
    };
    onPointer(this.chart, { press: (e) => this.shown && press(e), drag: (_, e) => drag(e) });
    this.chart.addEventListener("keydown", (e) => this.shown && this.keyed(e) && e.preventDefault());
    onWidth(root, (width) => {
      this.width = width;
      this.draw();
    });
  }

  get inner() {
    return this.width - MARGIN.left - MARGIN.right;
  }

  // axis; sets: [{kind: "known" or "foreign", shares}]; limit: the threshold; mine: {score, name} of one picture, or null;
  // title: of the axis; line: what is written at the threshold.
  show(shown) {
    this.shown = shown;
    this.draw();
  }

  to(share) {
    this.hooks.move(scoreAt(this.shown.axis, clamp(share, 0, 1)));
  }

  keyed(e) {
    const at = shareOn(this.shown.axis, this.shown.limit);
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[e.key];
    const end = { Home: 0, End: 1 }[e.key];
    if (!step && end === undefined) return false;
    this.to(end ?? at + step * STEP);
    return true;
  }

  draw() {
    const { chart, shown, width } = this;
    if (!width || !shown) return chart.replaceChildren();
    chart.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    chart.setAttribute("width", width);
    const { axis, limit } = shown;
    const said = {
      "aria-label": this.hooks.name(),
      "aria-valuemin": axis.low.toPrecision(4),
      "aria-valuemax": axis.high.toPrecision(4),
      "aria-valuenow": limit.toPrecision(4),
      "aria-valuetext": this.hooks.text(limit),
    };
    for (const [name, value] of Object.entries(said)) chart.setAttribute(name, value);
    this.named(this.hooks.name());
    return chart.replaceChildren(...this.marks());
  }

  marks() {
    const { axis, sets, limit, mine, title, line: name } = this.shown;
    const { inner, width } = this;
    const base = HEIGHT - MARGIN.bottom;
    const x = (score) => MARGIN.left + clamp(shareOn(axis, score), 0, 1) * inner;
    const top = Math.max(...sets.flatMap((s) => [...s.shares]), 1e-9);
    const box = { left: MARGIN.left, width: inner, base, height: base - MARGIN.top };
    const at = x(limit);
    const side = at > width / 2 ? "end" : "start";
    const gap = side === "end" ? -8 : 8;
    const own = mine && x(mine.score);
    return [
      node("rect", {
        class: "vd-hist-over",
        x: at,
        y: MARGIN.top,
        width: Math.max(0, width - MARGIN.right - at),
        height: base - MARGIN.top,
      }),
      ...sets.map((s) => node("path", { class: `vd-hist-${s.kind}`, d: staircase(s.shares, top, box) })),
      line("vd-grid", MARGIN.left, base, width - MARGIN.right, base),
      ...marksOf(axis).map((v) => label("vd-tick", x(v), base + 16, plain(v), "middle")),
      label("vd-tick", MARGIN.left + inner / 2, HEIGHT - 6, title, "middle"),
      ...(mine
        ? [
            node("path", { class: "vd-hist-mine", d: `M${own} ${base}l-7 -12h14z` }),
            label("vd-hist-name", clamp(own, 40, width - 40), base - 17, mine.name, "middle"),
          ]
        : []),
      line("vd-hist-line", at, 12, at, base),
      node("circle", { class: "vd-hist-knob", cx: at, cy: 12, r: 9 }),
      label("vd-hist-name", at + 2 * gap, 17, name, side),
    ];
  }
}
