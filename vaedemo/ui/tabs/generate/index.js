// The tab "Generate": samples of an autoencoder and a VAE, each drawn from N(0, I) and from a mixture; arithmetic and
// paths between pictures; and how good the samples are.

import { clamp, newest } from "../../page/frame/dom.js";
import { fileName, save, saveRow } from "../../page/frame/download.js";
import { Tab, open } from "../../page/frame/shell.js";
import { nearestDim } from "../../page/maths/models.js";
import { onShared, share, shared } from "../../page/frame/shared.js";
import { openTab } from "../../page/frame/tabs.js";
import { className, failure, number, t } from "../../page/frame/text.js";
import { toWord } from "../../page/maths/words.js";
import { Grid, enlarged } from "../../page/draw/grids.js";
import { pack, painted, unpack, valueAt } from "../../page/draw/pixels.js";
import { Reading } from "../../page/picture/reading.js";
import { askWith } from "../../page/picture/source.js";
import { Arithmetic } from "./arithmetic.js";
import { Quality } from "./quality.js";
import { WORDS, gridsOf, settled, standard } from "./state.js";
import { named, view } from "./view.js";

class Generate extends Tab {
  prefix = "vd-gen";
  view = () => view(this);

  begin() {
    const near = this.table[shared()?.domain] ? shared().domain : Object.keys(this.table)[0];
    this.start(WORDS, standard(near, this.table));
    // drawn: what the grids show, which was asked for and answered; missing: why one of them could not be.
    Object.assign(this, { drawn: null, components: 0, missing: {}, reading: "", grids: {}, examples: new Map() });
    this.arithmetic = new Arithmetic(this, {
      sample: () => (this.sample ? pack(this.sample) : null),
      page: () => (shared()?.domain === this.state.domain ? shared().x : null),
    });
    this.pixel = new Reading({
      size: () => this.sample && [this.row.size, this.row.size],
      tell: (column, row) => ({ value: valueAt(this.sample, this.row.channels, row * this.row.size + column) }),
      changed: () => this.draw(),
    });
    this.quality = new Quality(this.value.measured, () => this.draw());
    this.draw();
    for (const figure of this.root.querySelectorAll("[data-grid]")) this.grids[figure.dataset.grid] = this.gridIn(figure);
    this.arithmetic.begin();
    onShared(this.name, () => this.draw());
    this.again();
    this.loadExamples();
  }

  gridIn(figure) {
    const { grid: name } = figure.dataset;
    return new Grid(figure.querySelector(".vd-gen-sheet"), {
      told: (i) => this.read(i === null ? "" : t("generate.sample", { source: named(name), i: i + 1, n: this.state.n ** 2 })),
      choose: (at) => {
        Object.assign(this.state, { grid: name, at });
        this.show();
        this.read(t("generate.chosen", { source: named(name), i: at + 1 }));
      },
    });
  }

  linked() {
    return !Object.values(this.state.slots).includes(null);
  }

  read(text) {
    this.reading = text;
    this.draw();
  }

  // ---- asking the server -------------------------------------------------------------------------------------

  samples = newest(async (job) => {
    const answer = await this.request("samples", { ...job, n: job.n ** 2 });
    if (!answer) return;
    this.drawn = job;
    for (const [name, grid] of Object.entries(this.grids)) {
      const given = answer.grids[name];
      if (given?.x) grid.draw(unpack(given.x), this.row, job.n);
      else grid.clear();
      this.missing[name] = given?.error ? failure(given) : null;
    }
    this.components = answer.grids["vae-mixture"]?.components ?? answer.grids["ae-mixture"]?.components ?? 0;
    // Where the chosen grid could not be drawn, another one's sample stands in.
    if (!this.sample) this.state.grid = Object.keys(this.grids).find((name) => this.grids[name].sample(0)) ?? this.state.grid;
    this.show();
    this.p.grids.dataset.shown = [job.domain, job.d, job.temperature, job.seed, job.n, job.label ?? "all", job.pca].join(" ");
  });

  again() {
    this.show();
    const { domain, d, seed, n, label, t: temperature, pca } = this.state;
    this.samples({ domain, d, seed, n, label, temperature, pca: pca && this.row.pca });
  }

  async loadExamples() {
    const { domain } = this.state;
    if (!this.examples.has(domain)) {
      const answer = await this.request("examples", { domain });
      if (!answer) return;
      this.examples.set(domain, answer.examples);
    }
    this.arithmetic.start(this.examples.get(domain));
  }

  // The bytes of a file as a model of this domain sees it, or null and a sentence.
  async readFile(blob) {
    const { domain } = this.state;
    const source = { kind: "file", blob, path: null };
    const answer = await askWith(this.ask, "prepare", source, this.upload, { domain, fit: "crop", polarity: "auto", models: [] });
    this.say(answer.error ? failure(answer) : "");
    return answer.error || this.state.domain !== domain ? null : answer.x;
  }

  // ---- the chosen sample -------------------------------------------------------------------------------------

  // Its bytes, or null.
  get sample() {
    return (this.drawn?.domain === this.state.domain && this.grids[this.state.grid]?.sample(this.state.at)) || null;
  }

  take(tab) {
    const { sample, state, drawn, row } = this;
    if (!sample) return;
    const kind = state.grid.split("-")[0];
    const word = row.strokes ? toWord(sample) : null;
    const shown = painted(sample, row.channels);
    const source = { kind: "data", data: shown, drawn: true };
    share({ x: pack(sample), domain: state.domain, example: null, word, source, shown, model: { kind, d: drawn.d, beta: 1 } }, this.name);
    openTab(tab);
  }

  // ---- changing the state ------------------------------------------------------------------------------------

  set(patch) {
    Object.assign(this.state, patch);
    this.again();
  }

  nearest(d) {
    return nearestDim(this.row.dims, d);
  }

  takeDimension(d) {
    this.chooseDimension(d);
  }

  chooseDimension = (d) => {
    this.choseDimension(d);
    this.set({ d });
    this.arithmetic.again();
  };

  chooseDomain = (domain) => {
    Object.assign(this.state, settled(this.state, domain, this.table));
    this.anew();
  };

  revert(state) {
    Object.assign(this.state, state);
    this.anew();
  }

  // Another domain's samples and examples.
  anew() {
    this.arithmetic.start([]);
    this.again();
    this.loadExamples();
  }

  // ---- drawing and taking away -------------------------------------------------------------------------------

  show() {
    const { state } = this;
    if (!gridsOf(state, this.row).includes(state.grid)) state.grid = "vae-mixture";
    state.at = clamp(state.at, 0, state.n ** 2 - 1);
    super.show();
    for (const [name, grid] of Object.entries(this.grids)) grid.mark(name === state.grid ? state.at : null);
  }

  nameOf(name) {
    const { domain, d, label, t: temperature, seed } = this.state;
    const only = label === null ? null : this.row.classes[label];
    return fileName("generate", domain, name, d, only, temperature !== 1 && `t${temperature}`, `seed${seed}`);
  }

  async saveGrid(name) {
    const grid = this.grids[name];
    if (grid.sample(0)) save(await enlarged(grid.canvas), `${this.nameOf(name)}.png`);
  }

  saveAll = () => {
    const { state, grids, row } = this;
    const shown = gridsOf(state, row).filter((name) => grids[name].sample(0));
    const line = t("generate.caption", { domain: t(`domain.${state.domain}`), d: state.d, t: number(state.t), seed: state.seed });
    const only = state.label === null ? "" : t("generate.caption.class", { name: className(row.classes[state.label]) });
    const pictures = shown.map((name) => ({ title: named(name), canvas: grids[name].canvas }));
    if (shown.length) saveRow(pictures, [line, only], `${this.nameOf("samples")}.png`);
  };
}

export const mount = open(Generate, "generate");
