// What beta does to the number of dimensions in use: two rows of bars over the betas, active units and total KL.

import { onWidth } from "../../page/frame/dom.js";
import { number, t } from "../../page/frame/text.js";
import { label, node } from "../../page/draw/chart.js";

const ROW = 72;
const TOP = 20;
const GAP = 34;
const HEIGHT = TOP + 2 * ROW + GAP + 24;

// points: [{beta, active, kl}]; choose(beta, d) when a bar is clicked. The switch for beta does the same by keyboard.
export class Sparse {
  constructor(root, choose) {
    Object.assign(this, { choose, points: [], beta: 1, d: 0, width: 0 });
    this.chart = node("svg", { class: "vd-svg vd-sparse", role: "img", height: HEIGHT });
    root.append(this.chart);
    onWidth(root, (width) => {
      this.width = width;
      this.draw();
    });
  }

  show(points, beta, d) {
    Object.assign(this, { points, beta, d });
    this.draw();
  }

  draw() {
    const { chart, width, points } = this;
    if (!width || !points.length) return;
    const told = points.map((p) => t("dims.sparse.point", { beta: p.beta, active: p.active, nats: number(p.kl, 1) }));
    chart.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    chart.setAttribute("width", width);
    chart.setAttribute("aria-label", `${t("dims.sparse.title")}. ${told.join(" ")}`);
    chart.replaceChildren(
      ...this.row("active", TOP, 0),
      ...this.row("kl", TOP + ROW + GAP, 1),
      ...points.flatMap((p, k) => this.column(p, k)),
    );
  }

  // The middle and the width of a column.
  place(k) {
    const slot = this.width / this.points.length;
    return [(k + 0.5) * slot, slot];
  }

  on(beta) {
    return beta === this.beta ? " vd-on" : "";
  }

  row(name, top, digits) {
    const most = Math.max(...this.points.map((p) => p[name]), 1e-9);
    const bars = this.points.flatMap((p, k) => {
      const [x, slot] = this.place(k);
      const [width, height] = [Math.min(46, slot * 0.6), Math.max(1.5, (ROW - 16) * (p[name] / most))];
      const y = top + ROW - height;
      return [
        node("rect", { class: `vd-sparse-${name}${this.on(p.beta)}`, x: x - width / 2, y, width, height, rx: 2 }),
        label(`vd-sparse-value${this.on(p.beta)}`, x, y - 4, number(p[name], digits), "middle"),
      ];
    });
    return [label("vd-axis", 0, top - 6, t(`dims.sparse.${name}`, { d: this.d })), ...bars];
  }

  column({ beta }, k) {
    const [x, slot] = this.place(k);
    const hit = node("rect", { class: "vd-sparse-hit", x: x - slot / 2, y: 0, width: slot, height: HEIGHT, "data-beta": beta });
    hit.addEventListener("click", () => this.choose(beta, this.d));
    return [label(`vd-tick${this.on(beta)}`, x, HEIGHT - 6, `β ${beta}`, "middle"), hit];
  }
}
