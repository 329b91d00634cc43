// Where the bits of a VAE go: KL of each latent dimension, and the ELBO as reconstruction term plus KL term, in nats and in
// bits a pixel. A pixel in colour has three values, and the literature's bits per dimension are bits a value.

import { html } from "../vendor/lit-html.js";
import { clamp } from "../frame/dom.js";
import { number, significant, t } from "../frame/text.js";
import { bitsOf, ticksTo } from "../maths/axes.js";
import { Chart, along, label, line, node, rows } from "./chart.js";

const HEIGHT = 176;
const MARGIN = { left: 40, right: 40, top: 24, bottom: 26 };
const BASE = HEIGHT - MARGIN.bottom;

const sum = (values) => values.reduce((a, b) => a + b, 0);
const short = (v) => significant(v, 2).replace(/[.,]0$/, "");

export class Bits extends Chart {
  constructor(root) {
    super(root, HEIGHT, { kl: [], mean: null, active: null });
  }

  // result: of the picture; figures: the test set's, once they are known.
  show(result, figures) {
    Object.assign(this, { kl: result.kl, mean: figures?.kl ?? null, active: figures?.active ?? null });
    this.look(null);
  }

  on(i) {
    return this.active?.[i] ?? this.kl[i] > 0.01;
  }

  name() {
    return `${t("bits.title")}. ${this.hint()}`;
  }

  hint() {
    const { kl } = this;
    const total = sum(kl);
    return t("bits.summary", {
      active: kl.filter((_, i) => this.on(i)).length,
      d: kl.length,
      nats: number(total, 1),
      bits: number(total / Math.LN2, 1),
    });
  }

  say(i) {
    const v = this.kl[i];
    const mean = this.mean ? number(this.mean[i], 2) : "–";
    return t(this.on(i) ? "bits.one" : "bits.off", { i: i + 1, nats: number(v, 2), bits: number(v / Math.LN2, 2), mean });
  }

  get slot() {
    return (this.width - MARGIN.left - MARGIN.right) / this.kl.length;
  }

  under(x) {
    return clamp(Math.floor((x - MARGIN.left) / this.slot), 0, this.kl.length - 1);
  }

  keyed(e) {
    const next = along(e, this.focus ?? -1, this.kl.length);
    if (next !== null) this.look(next);
    return next !== null;
  }

  // The bar of dimension i, with the test set's mean, and its number below.
  bar(i, y, width) {
    const { kl, mean, focus } = this;
    const x = MARGIN.left + (i + 0.5) * this.slot;
    const height = Math.max(1, BASE - y(kl[i]));
    const kind = `vd-kl${this.on(i) ? "" : " vd-off"}${i === focus ? " vd-seen" : ""}`;
    const marks = [node("rect", { class: kind, x: x - width / 2, y: BASE - height, width, height, rx: Math.min(2, width / 4) })];
    if (mean) marks.push(line("vd-klmean", x - width / 2 - 1, y(mean[i]), x + width / 2 + 1, y(mean[i])));
    if (i % Math.ceil(26 / this.slot) === 0) marks.push(label("vd-tick", x, BASE + 14, String(i + 1), "middle"));
    return marks;
  }

  marks() {
    const { kl, mean, width } = this;
    const top = 1.08 * Math.max(0.5, ...kl, ...(mean ?? []));
    const y = (v) => MARGIN.top + (1 - v / top) * (BASE - MARGIN.top);
    const right = width - MARGIN.right;
    const nats = rows(ticksTo(top), y, MARGIN.left, right, short, 6);
    const bits = ticksTo(top / Math.LN2).map((b) => label("vd-tick", right + 6, y(b * Math.LN2) + 4, short(b)));
    const names = [label("vd-tick", MARGIN.left - 6, 10, t("nats"), "end"), label("vd-tick", right + 6, 10, t("bits"))];
    const bar = Math.min(26, Math.max(1, this.slot * 0.72));
    return [...nats, ...bits, ...names, ...kl.flatMap((_, i) => this.bar(i, y, bar))];
  }
}

// The ELBO in words and as a split bar; row: the domain's {channels, size}.
export const elbo = (result, { channels, size }) => {
  const kl = sum(result.kl);
  const { pixel, value } = bitsOf(result.distortion + kl, channels, size);
  const words = {
    total: number(result.distortion + kl, 1),
    rec: `<b class="vd-c-rec">${number(result.distortion, 1)}</b>`,
    kl: `<b class="vd-c-kl">${number(kl, 1)}</b>`,
    bpp: number(pixel, 3),
    bpd: number(value, 3),
  };
  return html`<div class="vd-split" role="img" aria-label=${t("elbo.label")}><i class="vd-term-rec" style="flex-grow: ${Math.max(0, result.distortion)}"></i><i
        class="vd-term-kl" style="flex-grow: ${kl}"></i></div>
      <p .innerHTML=${t(channels > 1 ? "elbo.line.colour" : "elbo.line", words)}></p>`;
};
