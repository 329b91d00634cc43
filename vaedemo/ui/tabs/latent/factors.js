// Shapes, whose factors are known: how much each dimension tells of each factor, as a heat map, and the scores of
// disentanglement beside it.

import { html } from "../../page/vendor/lit-html.js";
import { clamp } from "../../page/frame/dom.js";
import { scale } from "../../page/frame/pieces.js";
import { number, t } from "../../page/frame/text.js";
import { Chart, label, node } from "../../page/draw/chart.js";
import { LIMIT, colours, gradient } from "../../page/draw/pixels.js";

const FACTORS = ["shape", "size", "angle", "x", "y"];
const SCORES = ["mig", "disentanglement", "completeness", "informativeness"];
const CELL = 40;
const LEFT = 66;
const HEAD = 22;
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// Mutual information as a share of the factor's entropy, (5, d).
const shares = (model) => model.mi.map((row, f) => row.map((v) => (model.entropy[f] > 0 ? Math.max(0, v) / model.entropy[f] : 0)));

// Where the maps of these models saturate: at the largest share of any, rounded up to a tenth, so that they can be compared.
const limitOf = (models) => Math.min(1, Math.ceil(10 * Math.max(0.1, ...models.map((m) => Math.max(...shares(m).flat())))) / 10);

const colour = (share, limit) => {
  const [r, g, b] = colours([clamp(share / limit, 0, 1) * LIMIT], "absolute");
  return `rgb(${r},${g},${b})`;
};

const nameOf = (f) => t(`dims.factor.${FACTORS[f]}`);

// A cell is [factor, place of the dimension]; pick(i) at a click on dimension i.
export class Matrix extends Chart {
  constructor(root, pick) {
    super(root, HEAD + FACTORS.length * CELL, { model: null, order: [], limit: 1 });
    this.pick = pick;
  }

  // models: as scores() takes them, of which the one with this key is shown.
  show(models, key, order) {
    Object.assign(this, { model: models.find((m) => m.key === key).of, order, limit: limitOf(models.map((m) => m.of)) });
    this.look(this.focus && this.focus[1] < order.length ? this.focus : null);
  }

  ready() {
    return Boolean(this.model);
  }

  name() {
    return `${t("dims.matrix.title")}. ${t("dims.matrix.keys")}`;
  }

  hint() {
    return t("dims.matrix.hint");
  }

  say([f, k]) {
    const i = this.order[k];
    const { mi } = this.model;
    return t("dims.matrix.cell", {
      i: i + 1,
      factor: nameOf(f),
      nats: number(Math.max(0, mi[f][i]), 2),
      share: number(100 * shares(this.model)[f][i], 0),
    });
  }

  picked([, k]) {
    this.pick(this.order[k]);
  }

  get slot() {
    return (this.width - LEFT) / this.order.length;
  }

  under(x, y) {
    const [f, k] = [Math.floor((y - HEAD) / CELL), Math.floor((x - LEFT) / this.slot)];
    return f >= 0 && f < FACTORS.length && k >= 0 && k < this.order.length ? [f, k] : null;
  }

  keyed(e) {
    const step = STEPS[e.key];
    const { focus } = this;
    if (step)
      this.look(focus ? [clamp(focus[0] + step[0], 0, FACTORS.length - 1), clamp(focus[1] + step[1], 0, this.order.length - 1)] : [0, 0]);
    else if (e.key === "Enter" && focus) this.picked(focus);
    else return false;
    return true;
  }

  marks() {
    const { model, order, limit, focus, slot } = this;
    const own = shares(model);
    const place = (f, k) => ({ x: LEFT + k * slot + 1, y: HEAD + f * CELL + 1, width: slot - 2, height: CELL - 2, rx: 2 });
    const cell = (f) => (i, k) => node("rect", { ...place(f, k), fill: colour(own[f][i], limit), "data-share": own[f][i].toFixed(4) });
    const heads = order.map((i, k) => label("vd-tick", LEFT + (k + 0.5) * slot, 14, String(i + 1), "middle"));
    const rows = FACTORS.flatMap((_, f) => [
      label("vd-factor", LEFT - 10, HEAD + (f + 0.5) * CELL + 5, nameOf(f), "end"),
      ...order.map(cell(f)),
    ]);
    return [...heads, ...rows, ...(focus ? [node("rect", { class: "vd-matrix-here", ...place(...focus) })] : [])];
  }
}

// The colour bar below it.
export const matrixScale = (matrix) =>
  scale("0", gradient("absolute"), t("dims.matrix.scale", { most: number(100 * (matrix?.limit ?? 1), 0) }));

// One row a model that can be compared with the chosen one: {key, kind, d, beta, of: what was measured}; choose(it) at a click.
export const scores = (models, key, choose) => {
  const row = (m) => {
    const label = m.kind === "vae" ? `VAE, β ${m.beta}` : t(`kind.${m.kind}`);
    const values = [m.of.mig, ...SCORES.slice(1).map((name) => m.of.dci?.[name])];
    return html`<tr class=${m.key === key ? "vd-on" : ""}><th scope="row"><button type="button" data-key=${m.key} aria-pressed=${m.key === key}
      @click=${() => choose(m)}>${label}</button></th>${values.map((v) => html`<td>${Number.isFinite(v) ? number(v, 2) : "–"}</td>`)}</tr>`;
  };
  return html`<div class="vd-scores"><table class="vd-table"><thead><tr><th scope="col">${t("dims.scores.model")}</th>${SCORES.map(
    (name) => html`<th scope="col" title=${t(`dims.${name}.why`)}>${t(`dims.${name}`)}</th>`,
  )}</tr></thead><tbody>${models.map(row)}</tbody></table><p class="vd-note">${t("dims.scores.why")}</p></div>`;
};
