// "Latent space", below: one dimension at a time. A code z, started from a picture, from zero or at random, is changed by
// its sliders; the traversal table shows what each of them would do from there.

import { html } from "../../page/vendor/lit-html.js";
import { asset, atRest, newest, onWidth } from "../../page/frame/dom.js";
import { fileName } from "../../page/frame/download.js";
import { button, field, optionsOf } from "../../page/frame/pieces.js";
import { t } from "../../page/frame/text.js";
import { noise } from "../../page/maths/geometry.js";
import { CONVOLUTIONAL, betasOf, everyModel, nearestDim } from "../../page/maths/models.js";
import { paint, rgba, unpack } from "../../page/draw/pixels.js";
import { Below } from "./below.js";
import { betaField } from "./beta.js";
import { SPAN, WORDS, keyOf, spreads, usualModel } from "./codes.js";
import { Matrix, matrixScale, scores } from "./factors.js";
import { sparse } from "./sparse.js";
import { Traversal, ordered } from "./traversal.js";

const STARTS = ["picture", "zero", "random"];
const SETTLE = 140; // milliseconds without a change after which the table follows

export class Dims extends Below {
  constructor(root, tab) {
    super(root, tab, WORDS, ({ row }) => ({ ...usualModel(row), start: "picture", seed: 1, edits: new Map() }));
    // about: what the server told of the domain; own: the picture's code {key, x, z}; moved: the slider moved last, or -1.
    Object.assign(this, { about: null, own: null, factors: null, moved: -1, chartWidth: 0, table: new Traversal(this) });
    this.enter();
  }

  hears = {
    language: () => this.refresh(),
    picture: () => this.encode(),
    domain: () => {
      Object.assign(this, usualModel(this.row), { edits: new Map() });
      this.tell();
      this.enter();
    },
  };

  // ---- what is chosen ----------------------------------------------------------------------------------------

  get kinds() {
    return CONVOLUTIONAL.filter((kind) => this.row.kinds[kind]?.length);
  }

  // Those of the domain.
  get models() {
    const all = everyModel(this.row).map(([kind, d, beta]) => ({ kind, d, beta }));
    return all.filter(({ kind }) => CONVOLUTIONAL.includes(kind));
  }

  get key() {
    return keyOf(this);
  }

  get whole() {
    return `${this.domain} ${this.key}`;
  }

  get figures() {
    return this.about?.figures[this.key] ?? null;
  }

  get model() {
    return { domain: this.domain, kind: this.kind, d: this.d, beta: this.beta };
  }

  // The code as {s: where the sliders stand, own: where they started, z}, or null until the picture's is known.
  get code() {
    const { d, edits, start } = this;
    if (start === "picture" && this.own?.key !== this.whole) return null;
    const scale = spreads(this.kind, this.figures, d);
    const from = {
      zero: () => scale.map(() => 0),
      random: () => [...noise(this.seed, d)],
      picture: () => scale.map(({ mean, std }, i) => (this.own.z[i] - mean) / std),
    };
    const own = from[start]();
    const s = own.map((v, i) => edits.get(i) ?? v);
    return { s, own, z: s.map((v, i) => scale[i].mean + scale[i].std * v) };
  }

  // Whether the code is a distribution, not a point.
  get hasPosterior() {
    return this.kind.endsWith("vae");
  }

  // How much each dimension weighs: the VAE's by KL, the AE's by variance.
  get weights() {
    const f = this.figures;
    if (this.hasPosterior && f?.kl) return f.kl;
    return f?.std ? f.std.map((v) => v * v) : Array(this.d).fill(0);
  }

  get unit() {
    return this.hasPosterior ? "dims.kl" : "dims.variance";
  }

  // Whether a dimension does nothing.
  off(i) {
    return this.figures?.active?.[i] === false;
  }

  // ---- asking ------------------------------------------------------------------------------------------------

  encode = newest(async () => {
    const picture = this.tab.picture();
    if (this.start !== "picture" || !picture) return;
    const [key, known, { domain, kind, d, beta }] = [this.whole, this.own, this.model];
    if (known?.key === key && known.x === picture.x) return;
    const answer = await this.tab.newer("look", { x: picture.x, domain, models: [[kind, d, beta]] }, () => this.whole);
    if (!answer) return;
    if (known && known.x !== picture.x) this.edits = new Map();
    this.own = { key, x: picture.x, z: answer.results[0].z };
    this.refresh();
  });

  decode = newest(async () => {
    const { code, model, p, whole } = this;
    const answer = code && (await this.tab.newer("decode", { ...model, z: code.z }, () => this.whole));
    if (!answer) return;
    paint(p.dimsCanvas, rgba(unpack(answer.x_hat), this.row.channels));
    p.dimsCanvas.dataset.shown = `${whole}: ${code.z.map((v) => v.toFixed(3)).join()}`;
  });

  // The rows in sight, some at a time, until none is out of date; a code that changes meanwhile makes them old again.
  follow = newest(async (_, more) => {
    while (!more()) {
      const { code, model, table, whole } = this;
      const rows = code ? table.wanted() : [];
      if (!rows.length) return;
      const body = { ...model, z: code.z, dims: rows.map((r) => r.i), n: table.n };
      const answer = await this.tab.newer("traverse", body, () => this.whole);
      if (!answer) return;
      rows.forEach((row, k) => table.paint(row, answer.rows[k], body.n));
      this.draw();
      this.p.dimsTable.dataset.drawn = whole;
    }
  });

  followAtRest = atRest(SETTLE, (but) => {
    this.table.age(but);
    this.follow();
  });

  // ---- drawing -----------------------------------------------------------------------------------------------

  draw() {
    super.draw();
    this.table.watch();
  }

  begin() {
    this.matrix = new Matrix(this.p.dimsMatrix, (i) => this.table.focus(i));
    this.table.begin(this.p.dimsTable);
    onWidth(this.p.dimsSparse, (width) => {
      this.chartWidth = width;
      this.draw();
    });
  }

  get note() {
    const from = t(`dims.from.${this.start}`, { seed: this.seed });
    if (this.moved >= 0 && this.off(this.moved)) return t("dims.note.off", { i: this.moved + 1 });
    return this.edits.size ? t("dims.note.edited", { from, n: this.edits.size }) : from;
  }

  // The betas of one dimension, with what each of them does.
  get betas() {
    const [d] = Object.keys(this.row.betas).map(Number);
    const of = betasOf(this.row, "vae", this.d).length > 1 ? this.d : d;
    const told = this.models
      .filter(({ kind, d: its }) => kind === "vae" && its === of)
      .map((model) => ({ ...model, ...this.about?.figures[keyOf(model)] }))
      .filter(({ kl }) => kl);
    const points = told.map(({ beta, active, kl }) => ({ beta, active: active.filter(Boolean).length, kl: kl.reduce((a, b) => a + b, 0) }));
    return { of, points };
  }

  // Everything but the pictures, which come later.
  refresh() {
    if (this.root.hidden) return;
    this.moved = -1;
    this.table.show(`${this.whole} ${Boolean(this.figures)}`, this.weights);
    this.table.age();
    this.draw();
    this.showFactors();
    this.decode();
    this.follow();
  }

  async showFactors() {
    if (this.domain !== "shapes") return;
    this.fetched ??= fetch(asset("maps/shapes-factors.json"))
      .then((a) => (a.ok ? a.json() : null))
      .catch(() => null);
    this.factors = (await this.fetched) ?? {};
    if (this.domain === "shapes" && this.factors[this.key]) this.matrix.show(this.compared, this.key, ordered(this.weights));
    this.draw();
  }

  // The measured models of this dimension, which can be compared.
  get compared() {
    const own = this.models
      .filter(({ d }) => d === this.d)
      .map((model) => ({ ...model, key: keyOf(model), of: this.factors[keyOf(model)] }));
    return own.filter((model) => model.of);
  }

  // ---- changing ----------------------------------------------------------------------------------------------

  // A slider was moved to s.
  move(i, s) {
    this.edits.delete(i);
    this.edits.set(i, s);
    this.moved = i;
    this.draw();
    this.tell();
    this.decode();
    this.followAtRest(i);
  }

  set(patch) {
    Object.assign(this, patch, { edits: new Map() });
    this.d = nearestDim(this.row.kinds[this.kind], this.d);
    if (!betasOf(this.row, this.kind, this.d).includes(this.beta)) this.beta = 1;
    this.tell();
    this.refresh();
    this.encode();
  }

  async enter() {
    const { domain } = this;
    Object.assign(this, { about: null, own: null });
    this.root.hidden = !this.kinds.length;
    if (this.root.hidden) return;
    const about = await this.tab.aboutOf(domain);
    if (this.domain !== domain) return;
    if (!about.error) this.about = about;
    this.refresh();
    this.encode();
  }

  save = () => {
    const { beta, d, domain, kind } = this;
    const model = `${t(`domain.${domain}`)}, ${t(`kind.${kind}`)}, d = ${d}${beta === 1 ? "" : `, β = ${beta}`}`;
    const title = `${model}: ${t(this.hasPosterior ? "dims.save.title" : "dims.save.spread", { span: SPAN })}, ${this.note}`;
    this.table.save(title, `${fileName("latent", "traversal", domain, this.key)}.png`);
  };

  // ---- views -------------------------------------------------------------------------------------------------

  controls() {
    const { row, kind, d, beta, start } = this;
    const one = (part, name, options, value, choose, more) =>
      field({ part: `dims${part}`, name: `vd-dims-${name}`, label: t(`dims.${name}`), options, value, choose, ...more });
    const kinds = this.kinds.map((k) => ({ value: k, label: t(`kind.${k}`), title: t(`kind.${k}.why`) }));
    const plain = (part, key, click, more) =>
      html`<button type="button" class="vd-button ${more.away ? "vd-away" : ""}" data-part=${part} ?disabled=${more.disabled} @click=${click}>${t(key)}</button>`;
    return html`<div class="vd-dims-controls">${one("Kind", "kind", kinds, kind, (v) => this.set({ kind: v }))}
    ${one("D", "d", optionsOf(row.kinds[kind]), d, (v) => this.set({ d: Number(v) }))}
    ${betaField(row, kind, d, { part: "dimsBeta", name: "vd-dims-beta", label: t("dims.beta"), value: beta, choose: (v) => this.set({ beta: v }), away: kind !== "vae" })}
    ${one("Start", "start", optionsOf(STARTS, "dims.start"), start, (v) => this.set({ start: v }))}
    <div class="vd-dims-buttons">
      ${plain("dimsAgain", "dims.again", () => this.set({ start: "random", seed: Math.floor(Math.random() * 1e6) }), { away: start !== "random" })}
      ${plain("dimsUndo", "dims.undo", () => this.set({}), { disabled: this.edits.size === 0 })}
    </div></div>`;
  }

  // What is measured of the factors, or why there is nothing.
  measured() {
    const { domain, key, factors, matrix } = this;
    const known = domain === "shapes" && factors?.[key];
    const why = domain !== "shapes" ? "none" : known || !factors ? "why" : "missing";
    return html`<section class="vd-card vd-factors">
  <header><h2>${t("dims.matrix.title")}</h2><p data-part="dimsFactorsWhy">${t(`dims.matrix.${why}`)}</p></header>
  <div class="vd-factors-body" data-part="dimsFactors" ?hidden=${why !== "why"}>
    <div class="vd-matrix"><div class="vd-matrix-chart" data-part="dimsMatrix"></div>${matrixScale(matrix)}</div>
    ${known ? scores(this.compared, key, ({ kind, d, beta }) => this.set({ kind, d, beta })) : ""}
  </div>
</section>`;
  }

  view() {
    const { note, kind, table } = this;
    const { of, points } = this.betas;
    const beta = kind === "vae" && this.d === of ? this.beta : null;
    return html`<section class="vd-card vd-dims">
  <header><h2>${t("dims.title")}</h2><p>${t("dims.why")}</p></header>
  ${this.controls()}
  <div class="vd-dims-body">
    <aside class="vd-dims-side">
      <figure class="vd-dims-picture"><div class="vd-picture ${this.edits.size ? "vd-edited" : ""}"><canvas class="vd-pixels" data-part="dimsCanvas" width="28"
        height="28" role="img" aria-label="${t("dims.canvas")}: ${t(`kind.${kind}`)} ${this.d}, ${note}"></canvas></div>
        <figcaption><output data-part="dimsNote" aria-live="polite">${note}</output></figcaption></figure>
      <div class="vd-dims-sparse ${points.length < 2 ? "vd-away" : ""}" data-part="dimsSparseField"><b>${t("dims.sparse.title")}</b><div
        data-part="dimsSparse">${sparse(points, of, beta, this.chartWidth, (b, d) => this.set({ kind: "vae", d, beta: b }))}</div></div>
    </aside>
    <div class="vd-dims-main">
      <div class="vd-dims-table ${this.hasPosterior ? "vd-weighs-kl" : ""}" data-part="dimsTable" style=${table.style}>${table.view()}</div>
      <div class="vd-dims-foot"><p class="vd-note" data-part="dimsTableWhy">${t(this.hasPosterior ? "dims.table.vae" : "dims.table.ae")}</p>
        ${button("dimsSave", "save", this.save, { key: "dims.save", text: "dims.save" })}</div>
    </div>
  </div>
</section>
${this.measured()}`;
  }
}
