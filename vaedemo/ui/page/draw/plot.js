// Lines through points of two figures: quality against rate, against channels, or against the time. No state but what is shown.

import { clamp } from "../frame/dom.js";
import { language } from "../frame/text.js";
import { ticks } from "../maths/geometry.js";
import { spread } from "../maths/axes.js";
import { Chart, label, line, node, rows } from "./chart.js";
import { ARROWS } from "./pointer.js";

const MARGIN = { left: 46, right: 14, top: 24, bottom: 40 };
const LETTER = 7.3; // width of one in a series' name
const STEPS = [1, 2, 2.5, 5];

const range = (values) => [Math.min(...values), Math.max(...values)];

export class Plot extends Chart {
  // options: {height, name() -> aria-label, hint() -> the text below, choose(point, series) at a click, if any}.
  constructor(root, { height = 300, ...own }) {
    super(root, height, { series: [], x: {}, y: {}, here: null, own });
  }

  // series: [{name, tone: index of its colour, dots: false where points are not marked, points: [{x, y, text, ...}]}], points from
  // left to right; x, y: {title, digits, log, high: the largest that is shown}; here: the point {x, y} that is marked, or null.
  show({ series, x, y, here = null }) {
    // The same lines again: only the mark has moved, and the cursor stays where it is.
    if (this.given !== series) {
      Object.assign(this, { series: series.filter((s) => s.points.length), focus: null });
      this.note.textContent = this.hint();
    }
    Object.assign(this, { given: series, x, y, here });
    this.chart.setAttribute("aria-label", this.name());
    if (!this.ready()) this.chart.replaceChildren();
    this.draw();
  }

  ready() {
    return this.series.length > 0;
  }

  name() {
    return `${this.own.name()}. ${this.hint()}`;
  }

  hint() {
    return this.own.hint();
  }

  get points() {
    return this.series.flatMap((s, i) => s.points.map((p, k) => ({ ...p, id: `${i} ${k}`, i, k })).filter((p) => this.inside(p)));
  }

  // Where the lines end and their names begin: names take at most two fifths of the width.
  get right() {
    const longest = this.series.length > 1 ? Math.max(...this.series.map((s) => s.name.length)) : 0;
    return this.width - MARGIN.right - Math.min(longest * LETTER, 0.4 * this.width);
  }

  inside({ x }) {
    return x <= (this.x.high ?? Infinity);
  }

  get geometry() {
    const all = [...this.points, ...(this.here ? [this.here] : [])];
    const scale = (axis, values, from, to) => {
      const put = axis.log ? Math.log2 : (v) => v;
      let [low, high] = range(values.length ? values : [0, 1]);
      if (!axis.log) {
        const wide = (high - low || Math.abs(high) || 1) * 0.04;
        [low, high] = [low - wide, high + wide];
      }
      const [a, b] = [put(low), put(high)];
      return { low, high, at: (v) => from + (b > a ? (put(v) - a) / (b - a) : 0.5) * (to - from) };
    };
    const x = scale(this.x, all.map((p) => p.x), MARGIN.left, this.right); // prettier-ignore
    const y = scale(this.y, all.map((p) => p.y), this.height - MARGIN.bottom, MARGIN.top); // prettier-ignore
    return { x, y };
  }

  find(id) {
    return this.points.find((p) => p.id === id);
  }

  say(id) {
    return this.find(id)?.text ?? "";
  }

  under(px, py) {
    const { x, y } = this.geometry;
    const far = (p) => (x.at(p.x) - px) ** 2 + (y.at(p.y) - py) ** 2;
    return this.points.sort((a, b) => far(a) - far(b))[0]?.id ?? null;
  }

  picked(id) {
    const p = this.find(id);
    if (p) this.own.choose?.(p, this.series[p.i]);
  }

  keyed(e) {
    const step = ARROWS[e.key];
    const list = this.points;
    if (!list.length) return false;
    if ((e.key === "Enter" || e.key === " ") && this.focus !== null) this.picked(this.focus);
    else if (step) {
      const from = this.find(this.focus) ?? list[0];
      const row = clamp(from.i + step[1], 0, this.series.length - 1);
      const own = list.filter((p) => p.i === row);
      if (own.length) this.look(own[clamp(own.findIndex((p) => p.k >= from.k) + step[0], 0, own.length - 1)].id);
    } else return false;
    return true;
  }

  axes({ x, y }) {
    const { x: across, y: up, right, height } = this;
    const text = (digits) => (v) =>
      v.toLocaleString(language(), { maximumFractionDigits: digits, signDisplay: "negative" }).replace("-", "−");
    const marks = rows(ticks(y.low, y.high, 4, STEPS), y.at, MARGIN.left, right, text(up.digits ?? 1), 8);
    const own = across.log ? [...new Set(this.points.map((p) => p.x))] : ticks(x.low, x.high, 6, STEPS);
    for (const v of own.filter((value) => value >= x.low && value <= x.high))
      marks.push(label("vd-tick", x.at(v), height - MARGIN.bottom + 17, text(across.digits ?? 1)(v), "middle"));
    marks.push(label("vd-tick", (MARGIN.left + right) / 2, height - 4, across.title, "middle"));
    marks.push(label("vd-tick", MARGIN.left - 8, 10, up.title, "start"));
    return marks;
  }

  marks() {
    const g = this.geometry;
    const at = (p) => [g.x.at(p.x).toFixed(1), g.y.at(p.y).toFixed(1)];
    const drawn = this.series.flatMap((s, i) => {
      const points = this.points.filter((p) => p.i === i);
      const tone = { "data-tone": s.tone };
      const path = points.map((p, k) => `${k ? "L" : "M"}${at(p).join(" ")}`).join("");
      const dots = points.map((p) => {
        const [cx, cy] = at(p);
        return node("circle", {
          class: `vd-mark${p.id === this.focus ? " vd-seen" : ""}`,
          ...tone,
          cx,
          cy,
          r: p.id === this.focus ? 5.5 : 3,
        });
      });
      return [node("path", { class: "vd-line", ...tone, d: path }), ...(s.dots === false ? [] : dots)];
    });
    const ends = this.series.map((s, i) => [s, this.points.filter((p) => p.i === i).at(-1)]).filter(([, p]) => p);
    const heights = spread(ends.map(([, p]) => g.y.at(p.y)), 15, MARGIN.top, this.height - MARGIN.bottom); // prettier-ignore
    const names = ends.map(([s, p], i) =>
      label("vd-label", Math.min(g.x.at(p.x) + 9, this.right + 9), heights[i] + 4, s.name, "start", { "data-tone": s.tone }),
    );
    const here = this.here ? [node("circle", { class: "vd-plot-here", cx: g.x.at(this.here.x), cy: g.y.at(this.here.y), r: 7 })] : [];
    return [
      ...this.axes(g),
      ...drawn,
      ...here,
      ...(this.series.length > 1 ? names : []),
      line("vd-grid", MARGIN.left, this.height - MARGIN.bottom, this.right, this.height - MARGIN.bottom),
    ];
  }
}
