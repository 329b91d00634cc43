// "Latent space", below: one dimension at a time. A code z, started from a picture, from zero or at random, is changed by
// its sliders; the traversal table shows what each of them would do from there.

import { html } from "../../page/vendor/lit-html.js";
import { asset, newest } from "../../page/frame/dom.js";
import { button, field, optionsOf } from "../../page/frame/pieces.js";
import { Section } from "../../page/frame/shell.js";
import { number, t } from "../../page/frame/text.js";
import { noise } from "../../page/maths/geometry.js";
import { betasOf, kindsOf, modelKey, nearestDim, parseKey } from "../../page/maths/models.js";
import { paint, rgba, unpack } from "../../page/draw/pixels.js";
import { Matrix, matrixScale, scores } from "./factors.js";
import { Sparse } from "./sparse.js";
import { MOST_EDITS, SPAN, editsFromWord, editsToWord, spreads, usualModel } from "./codes.js";
import { FIRST, createTraversal, ordered, savePictures, worthOf } from "./traversal.js";

const KINDS = ["ae", "vae"];
const STARTS = ["picture", "zero", "random"];
const SETTLE = 140; // milliseconds without a change after which the table follows

export class Dims extends Section {
  constructor(root, tab) {
    super(root);
    this.tab = tab;
    Object.assign(this, { kind: "vae", d: 0, beta: 1, start: "picture", seed: 1, edits: new Map() });
    // about: what the server told of the domain; own: the picture's code {key, x, z}; moved: the slider moved last, or -1.
    Object.assign(this, { domain: tab.state.domain, about: null, own: null, factors: null, timer: 0, moved: -1 });
    this.restore(tab.words);
    tab.onChange((what) => this.heard(what));
    this.enter(this.domain).then(() => this.encode());
  }

  heard(what) {
    const { domain } = this.tab.state;
    if (what === "language") this.refresh();
    else if (what === "picture") this.encode();
    else if (what === "domain" && domain !== this.domain) {
      this.domain = domain;
      Object.assign(this, usualModel(this.row), { edits: new Map() });
      this.tell();
      this.enter(domain).then(() => this.encode());
    }
  }

  // ---- what is chosen ----------------------------------------------------------------------------------------

  get row() {
    return this.tab.table[this.domain];
  }

  get kinds() {
    return kindsOf(this.row).filter((k) => KINDS.includes(k));
  }

  get key() {
    return modelKey(this.kind, this.d, this.beta);
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
    const scale = spreads(this.kind, this.figures, this.d);
    const from = {
      zero: () => scale.map(() => 0),
      random: () => scale.map((_, i) => noise(this.seed, this.d)[i]),
      picture: () => (this.own?.key === this.whole ? scale.map(({ mean, std }, i) => (this.own.z[i] - mean) / std) : null),
    };
    const own = from[this.start]();
    if (!own) return null;
    const s = own.map((v, i) => this.edits.get(i) ?? v);
    return { s, own, z: s.map((v, i) => scale[i].mean + scale[i].std * v) };
  }

  // How much each dimension weighs: the VAE's by KL, the AE's by variance.
  get weights() {
    const f = this.figures;
    if (this.kind === "vae" && f?.kl) return f.kl;
    return f?.std ? f.std.map((v) => v * v) : Array(this.d).fill(0);
  }

  // ---- asking ------------------------------------------------------------------------------------------------

  encode = newest(async () => {
    const picture = this.tab.picture();
    if (this.start !== "picture" || !picture) return;
    const [wanted, known] = [this.whole, this.own];
    if (known?.key === wanted && known.x === picture.x) return;
    const answer = await this.tab.asking("look", { x: picture.x, domain: this.domain, models: [[this.kind, this.d, this.beta]] });
    if (answer.error || wanted !== this.whole) return;
    if (known && known.x !== picture.x) this.edits = new Map();
    this.own = { key: wanted, x: picture.x, z: answer.results[0].z };
    this.refresh();
  });

  decode = newest(async () => {
    const [code, wanted] = [this.code, this.whole];
    if (!code) return;
    const answer = await this.tab.asking("decode", { ...this.model, z: code.z });
    if (answer.error || wanted !== this.whole) return;
    paint(this.p.dimsCanvas, rgba(unpack(answer.x_hat), this.row.channels));
    this.p.dimsCanvas.dataset.shown = `${wanted}: ${code.z.map((v) => v.toFixed(3)).join()}`;
  });

  // The rows in sight, some at a time, until none is out of date; a code that changes meanwhile makes them old again.
  follow = newest(async (_, more) => {
    while (!more()) {
      const [code, wanted, n] = [this.code, this.whole, this.table.count()];
      const dims = code ? this.table.wanted(FIRST) : [];
      if (!dims.length) return;
      const answer = await this.tab.asking("traverse", { ...this.model, z: code.z, dims, n });
      if (answer.error || wanted !== this.whole) return;
      const { channels, size } = this.row;
      const each = channels * size ** 2;
      answer.rows.forEach((packed, k) => {
        const bytes = unpack(packed);
        this.table.paint(
          dims[k],
          Array.from({ length: n }, (_, c) => rgba(bytes.subarray(c * each, (c + 1) * each), channels)),
        );
      });
      this.p.dimsTable.dataset.drawn = wanted;
    }
  });

  changed(but = -1) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.table.age(but);
      this.follow();
    }, SETTLE);
    this.decode();
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  charts() {
    const { p } = this;
    this.table = createTraversal(p.dimsTable, {
      moved: (i, s) => {
        this.edits.delete(i);
        this.edits.set(i, s);
        this.moved = i;
        this.place();
        this.tell();
        this.changed(i);
      },
      seen: () => this.follow(),
    });
    this.sparse = new Sparse(p.dimsSparse, (beta, d) => this.set({ kind: "vae", d, beta }));
    this.matrix = new Matrix(p.dimsMatrix, (i) => this.table.focus(i));
  }

  place() {
    this.draw();
    const { code } = this;
    if (code) this.table.place(code.s, code.own, code.z);
  }

  get note() {
    const from = t(`dims.from.${this.start}`, { seed: this.seed });
    if (this.moved >= 0 && this.figures?.active?.[this.moved] === false) return t("dims.note.off", { i: this.moved + 1 });
    return this.edits.size ? t("dims.note.edited", { from, n: this.edits.size }) : from;
  }

  // The betas of one dimension, with what each of them does.
  get betas() {
    const [d] = Object.keys(this.row.betas).map(Number);
    const of = betasOf(this.row, "vae", this.d).length > 1 ? this.d : d;
    const points = (of ? betasOf(this.row, "vae", of) : [])
      .map((beta) => ({ beta, of: this.about?.figures[modelKey("vae", of, beta)] }))
      .filter((b) => b.of?.kl)
      .map(({ beta, of: f }) => ({ beta, active: f.active.filter(Boolean).length, kl: f.kl.reduce((a, b) => a + b, 0) }));
    return { of, points };
  }

  // Everything but the pictures, which come later.
  refresh() {
    if (this.root.hidden) return;
    this.moved = -1;
    this.draw();
    if (!this.table) this.charts();
    const f = this.figures;
    const { size, channels } = this.row;
    const unit = this.kind === "vae" ? "dims.kl" : "dims.variance";
    this.table.show({
      key: `${this.whole} ${Boolean(f)}`,
      weights: this.weights,
      off: f?.active?.map((a) => !a) ?? [],
      size,
      channels,
      unit,
    });
    this.place();
    const { of, points } = this.betas;
    if (points.length > 1) this.sparse.show(points, this.kind === "vae" && this.d === of ? this.beta : null, of);
    this.showFactors();
    this.changed();
  }

  async showFactors() {
    if (this.domain !== "shapes") return;
    this.factors ??= fetch(asset("maps/shapes-factors.json"))
      .then((a) => (a.ok ? a.json() : null))
      .catch(() => null);
    this.models = (await this.factors) ?? {};
    if (this.domain === "shapes" && this.models[this.key]) this.matrix.show(this.models, this.compared, this.key, ordered(this.weights));
    this.draw();
  }

  // The models of this dimension, which can be compared.
  get compared() {
    const name = (kind, beta) => (kind === "vae" ? `VAE, β ${beta}` : t(`kind.${kind}`));
    const row = (kind) => (beta) => ({ kind, d: this.d, beta, key: modelKey(kind, this.d, beta), label: name(kind, beta) });
    return this.kinds
      .filter((kind) => this.row.kinds[kind].includes(this.d))
      .flatMap((kind) => betasOf(this.row, kind, this.d).map(row(kind)));
  }

  // ---- changing ----------------------------------------------------------------------------------------------

  tell() {
    const usual = usualModel(this.row);
    const other = this.kind !== usual.kind || this.d !== usual.d || this.beta !== 1;
    this.tab.tellWords({
      zm: other ? this.key : null,
      zfrom: { picture: null, zero: "zero", random: this.seed }[this.start],
      z: this.edits.size <= MOST_EDITS ? editsToWord(this.edits) : null,
    });
  }

  set(patch) {
    Object.assign(this, patch, { edits: new Map() });
    if (!this.kinds.includes(this.kind)) [this.kind] = this.kinds;
    this.d = nearestDim(this.row.kinds[this.kind], this.d);
    if (!betasOf(this.row, this.kind, this.d).includes(this.beta)) this.beta = 1;
    this.tell();
    this.refresh();
    this.encode();
  }

  async enter(domain) {
    Object.assign(this, { domain, about: null, own: null });
    this.root.hidden = !this.kinds.length;
    if (this.root.hidden) return;
    const about = await this.tab.aboutOf(domain);
    if (about.error || this.domain !== domain) return;
    this.about = about;
    this.refresh();
  }

  restore(words) {
    const { kind, d, beta } = parseKey(words.zm ?? "") ?? {};
    const { row } = this;
    Object.assign(this, usualModel(row));
    if (this.kinds.includes(kind) && row.kinds[kind].includes(d) && betasOf(row, kind, d).includes(beta))
      Object.assign(this, { kind, d, beta });
    if (words.zfrom === "zero") this.start = "zero";
    else if (/^\d{1,9}$/.test(words.zfrom ?? "")) Object.assign(this, { start: "random", seed: Number(words.zfrom) });
    this.edits = editsFromWord(words.z, this.d) ?? new Map();
  }

  save = () => {
    const beta = this.beta === 1 ? "" : `, β = ${this.beta}`;
    const model = `${t(`domain.${this.domain}`)}, ${t(`kind.${this.kind}`)}, d = ${this.d}${beta}`;
    const unit = this.kind === "vae" ? "dims.kl" : "dims.variance";
    const rows = this.table
      .sheets()
      .map(({ i, canvas }) => ({ canvas, name: `z${i + 1}`, worth: t(unit, { value: worthOf(this.weights[i]) }) }));
    const title = `${model}: ${t(this.kind === "vae" ? "dims.save.title" : "dims.save.spread", { span: SPAN })}, ${this.note}`;
    savePictures(rows, this.table.count(), this.row.size, title, `vaedemo-traversal-${this.domain}-${this.key}.png`);
  };

  // ---- views -------------------------------------------------------------------------------------------------

  controls() {
    const { row, kind, d, beta, start } = this;
    const betas = betasOf(row, kind, d);
    const one = (part, name, options, value, choose, more) =>
      field({ part: `dims${part}`, name: `vd-dims-${name}`, label: t(`dims.${name}`), options, value, choose, ...more });
    const kinds = this.kinds.map((k) => ({ value: k, label: t(`kind.${k}`), title: t(`kind.${k}.why`) }));
    const plain = (part, key, click, more) =>
      html`<button type="button" class="vd-button ${more.away ? "vd-away" : ""}" data-part=${part} ?disabled=${more.disabled} @click=${click}>${t(key)}</button>`;
    return html`<div class="vd-dims-controls">${one("Kind", "kind", kinds, kind, (v) => this.set({ kind: v }))}
    ${one("D", "d", optionsOf(row.kinds[kind]), d, (v) => this.set({ d: Number(v) }))}
    ${one("Beta", "beta", optionsOf(betas), beta, (v) => this.set({ beta: Number(v) }), { hidden: !Object.keys(row.betas).length, away: betas.length < 2 })}
    ${one("Start", "start", optionsOf(STARTS, "dims.start"), start, (v) => this.set({ start: v }))}
    <div class="vd-dims-buttons">
      ${plain("dimsAgain", "dims.again", () => this.set({ start: "random", seed: Math.floor(Math.random() * 1e6) }), { away: start !== "random" })}
      ${plain("dimsUndo", "dims.undo", () => this.set({}), { disabled: this.edits.size === 0 })}
    </div></div>`;
  }

  factorsWhy() {
    if (this.domain !== "shapes") return "dims.matrix.none";
    return !this.models || this.models[this.key] ? "dims.matrix.why" : "dims.matrix.missing";
  }

  view() {
    const { note, kind } = this;
    const why = this.factorsWhy();
    return html`<section class="vd-card vd-dims">
  <header><h2>${t("dims.title")}</h2><p>${t("dims.why")}</p></header>
  ${this.controls()}
  <div class="vd-dims-body">
    <aside class="vd-dims-side">
      <figure class="vd-dims-picture"><div class="vd-picture ${this.edits.size ? "vd-edited" : ""}"><canvas class="vd-pixels" data-part="dimsCanvas" width="28"
        height="28" role="img" aria-label="${t("dims.canvas")}: ${t(`kind.${kind}`)} ${this.d}, ${note}"></canvas></div>
        <figcaption><output data-part="dimsNote" aria-live="polite">${note}</output></figcaption></figure>
      <div class="vd-dims-sparse ${this.betas.points.length < 2 ? "vd-away" : ""}" data-part="dimsSparseField"><b>${t("dims.sparse.title")}</b><div data-part="dimsSparse"></div></div>
    </aside>
    <div class="vd-dims-main">
      <div class="vd-dims-table ${kind === "vae" ? "vd-weighs-kl" : ""}" data-part="dimsTable"></div>
      <div class="vd-dims-foot"><p class="vd-note" data-part="dimsTableWhy">${t(kind === "vae" ? "dims.table.vae" : "dims.table.ae")}</p>
        ${button("dimsSave", "save", this.save, { key: "dims.save", text: "dims.save" })}</div>
    </div>
  </div>
</section>
<section class="vd-card vd-factors">
  <header><h2>${t("dims.matrix.title")}</h2><p data-part="dimsFactorsWhy">${t(why)}</p></header>
  <div class="vd-factors-body" data-part="dimsFactors" ?hidden=${why !== "dims.matrix.why"}>
    <div class="vd-matrix"><div class="vd-matrix-chart" data-part="dimsMatrix"></div>${matrixScale(this.matrix)}</div>
    ${this.models?.[this.key] && this.domain === "shapes" ? scores(this.models, this.compared, this.key, ({ kind: k, d, beta }) => this.set({ kind: k, d, beta })) : ""}
  </div>
</section>`;
  }
}
