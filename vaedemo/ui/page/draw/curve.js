// PSNR against latent dimension: this picture by each kind of model, and behind it the test set's mean, dashed.

import { clamp } from "../frame/dom.js";
import { number, t } from "../frame/text.js";
import { geometry, spread } from "../maths/axes.js";
import { Chart, along, label, line, node, rows } from "./chart.js";
import { ARROWS } from "./pointer.js";

const HEIGHT = 316;
const MARGIN = { left: 40, right: 66, top: 22, bottom: 38 };
const BASE = HEIGHT - MARGIN.bottom;

const MARKS = {
  ae: (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
  vae: (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
  pca: (x, y, r) => `M${x} ${y - r * 1.2}L${x + r * 1.2} ${y + r}H${x - r * 1.2}z`,
  dense: (x, y, r) => `M${x} ${y - r * 1.3}L${x + r * 1.3} ${y}L${x} ${y + r * 1.3}L${x - r * 1.3} ${y}z`,
};
const known = (v) => Number.isFinite(v);

const path = (points, g, field) =>
  points
    .filter((p) => known(p[field]))
    .map((p, i) => `${i ? "L" : "M"}${g.x(p.d).toFixed(1)} ${g.y(p[field]).toFixed(1)}`)
    .join("");

// Points are named "kind d".
export class Curve extends Chart {
  constructor(root, choose) {
    super(root, HEIGHT, { series: [], kind: "", d: 0 });
    this.choose = choose;
  }

  // series: [{kind, points: [{d, psnr, mean}]}].
  show(series, kind, d) {
    Object.assign(this, { series, kind, d });
    if (this.focus === null) this.note.textContent = this.hint();
    this.draw();
  }

  get points() {
    return this.series.flatMap((s) => s.points.filter((p) => known(p.psnr)).map((p) => ({ ...p, kind: s.kind })));
  }

  point(name) {
    return this.points.find((p) => `${p.kind} ${p.d}` === name);
  }

  get geometry() {
    return geometry(this.series, this.width, HEIGHT, MARGIN);
  }

  name() {
    return `${t("curve.title")}. ${t("curve.keys")}`;
  }

  hint() {
    return t("curve.legend");
  }

  say(name) {
    const { kind, d, psnr, mean } = this.point(name);
    const values = { kind: t(`kind.${kind}`), d, psnr: number(psnr, 1), mean: number(mean ?? 0, 1) };
    return t(known(mean) ? "curve.point" : "curve.pointonly", values);
  }

  picked(name) {
    const { kind, d } = this.point(name);
    this.choose(kind, d);
  }

  under(x, y) {
    const g = this.geometry;
    const far = (p) => (g.x(p.d) - x) ** 2 + (g.y(p.psnr) - y) ** 2;
    const [p] = this.points.sort((a, b) => far(a) - far(b));
    return p ? `${p.kind} ${p.d}` : null;
  }

  keyed(e) {
    const list = this.points;
    const from = this.point(this.focus) ?? this.point(`${this.kind} ${this.d}`) ?? list[0];
    if (!from) return false;
    const of = (kind) => list.filter((p) => p.kind === kind);
    const own = of(from.kind);
    const next = along(e, own.findIndex((p) => p.d === from.d), own.length); // prettier-ignore
    const turn = ARROWS[e.key]?.[1];
    const look = (p) => this.look(`${p.kind} ${p.d}`);
    if (next !== null) look(own[next]);
    else if (turn) {
      const kinds = this.series.map((s) => s.kind);
      const others = of(kinds[clamp(kinds.indexOf(from.kind) + turn, 0, kinds.length - 1)]);
      look(others.find((p) => p.d === from.d) ?? others[0] ?? from);
    } else if (e.key === "Enter" || e.key === " ") this.choose(from.kind, from.d);
    else return false;
    return true;
  }

  axes(g) {
    const marks = rows(g.ticks, g.y, MARGIN.left, g.right, String, 8);
    for (const d of g.dims) {
      if (d === this.d) marks.push(line("vd-here", g.x(d), MARGIN.top, g.x(d), BASE));
      marks.push(label(`vd-tick${d === this.d ? " vd-on" : ""}`, g.x(d), BASE + 17, String(d), "middle"));
    }
    marks.push(label("vd-tick", (MARGIN.left + g.right) / 2, HEIGHT - 4, t("curve.x"), "middle"));
    marks.push(label("vd-tick", MARGIN.left - 8, 9, "dB", "end"));
    return marks;
  }

  mark(kind, p, g) {
    const chosen = kind === this.kind && p.d === this.d;
    const seen = this.focus === `${kind} ${p.d}`;
    const shape = (MARKS[kind] ?? MARKS.dense)(g.x(p.d), g.y(p.psnr), chosen || seen ? 6 : 3.6);
    return node("path", { class: `vd-mark${chosen ? " vd-on" : ""}${seen ? " vd-seen" : ""}`, "data-kind": kind, d: shape });
  }

  marks() {
    const { series, geometry: g } = this;
    const curve = (kind, field) => (s) => node("path", { class: kind, "data-kind": s.kind, d: path(s.points, g, field) });
    const drawn = series.flatMap((s) => [
      curve("vd-line", "psnr")(s),
      ...s.points.filter((p) => known(p.psnr)).map((p) => this.mark(s.kind, p, g)),
    ]);
    const ends = series.map((s) => [s.kind, s.points.filter((p) => known(p.psnr)).at(-1)]).filter(([, p]) => p);
    const heights = spread(ends.map(([, p]) => g.y(p.psnr)), 16, MARGIN.top + 4, BASE - 2); // prettier-ignore
    const names = ends.map(([kind], i) =>
      label("vd-label", g.right + 10, heights[i] + 4, t(`kind.${kind}`), "start", { "data-kind": kind }),
    );
    return [...this.axes(g), ...series.map(curve("vd-mean", "mean")), ...drawn, ...names];
  }
}
