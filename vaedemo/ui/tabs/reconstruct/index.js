// The tab "Reconstruct": state in, pictures out. The results of every model for the picture at hand are kept here, so
// that the slider answers without asking the server.

import { newest } from "../../page/frame/dom.js";
import { fileName, saveJson, saveRow } from "../../page/frame/download.js";
import { domainFor } from "../../page/frame/shared.js";
import { Tab, open } from "../../page/frame/shell.js";
import { number, significant, t } from "../../page/frame/text.js";
import { everyModel, kindsOf, modelKey, nearestDim } from "../../page/maths/models.js";
import { Bars } from "../../page/draw/bars.js";
import { Bits } from "../../page/draw/bits.js";
import { Curve } from "../../page/draw/curve.js";
import { errorMap, errors, marked, pack, pixels, unpack, valueAt } from "../../page/draw/pixels.js";
import { Reading } from "../../page/picture/reading.js";
import { Yours } from "../../page/picture/yours.js";
import { Improve } from "./improve.js";
import { sizePlain } from "./size.js";
import { photoState } from "../../page/picture/photostate.js";
import { Photograph } from "./photograph.js";
import { PHOTOS, WORDS, domainsOf, settled } from "./state.js";
import { view } from "./view.js";

const measured = ({ mse, psnr, ssim, size }) => ({ mse, psnr, ssim, size });

class Reconstruct extends Tab {
  prefix = "vd";
  view = () => view(this);

  begin() {
    const { first, about } = this.value;
    const { domain, kind, d, example } = first;
    this.abouts.set(about.domain, about);
    const photo = this.value.channels ? photoState(this.value) : {};
    this.start(WORDS, { domain, kind, d, beta: 1, example, fit: "crop", polarity: "auto", error: "absolute", ...photo });
    this.state = settled(this.state, this.table);
    // The results of models for the picture by key; what its numbers were changed to; drawings of the panels by their parts.
    Object.assign(this, { results: new Map(), files: null, edited: null, drawings: {}, idle: 0, story: null });
    this.reading = new Reading({
      size: () => this.shown && [this.row.size, this.row.size],
      tell: (column, row) => this.pixel(column, row),
      changed: () => this.draw(),
    });
    if (this.value.channels) this.photo = new Photograph(this);
    this.improve = new Improve(this, (result) => this.improved(result));
    this.yours = new Yours(this, {
      asked: (job) => (job.domain === PHOTOS ? ["photo", {}] : ["prepare", this.asked(job)]),
      shares: () => (this.photographed ? { domain: PHOTOS, x: null } : {}),
      domain: () => (this.photographed ? this.row.like : this.state.domain),
      took: (picture, job) => this.took(picture, job),
      received: (picture) => this.received(picture),
    });
    this.firstPicture({ ...this.state });
  }

  firstPicture(wanted) {
    const { first } = this.value;
    if (wanted.drawn) return this.yours.ready({ x: pack(wanted.drawn), domain: wanted.domain }, { drawn: true });
    if (wanted.domain === PHOTOS) {
      this.state = wanted;
      return this.yours.load({ source: this.exampleOf(PHOTOS, wanted.example), domain: PHOTOS, keep: true, wanted });
    }
    const source = { kind: "example", domain: first.domain, name: first.example };
    this.yours.take(first.picture, { source }, true);
    const usual = wanted.domain === first.domain && wanted.example === first.example && wanted.fit === "crop" && wanted.polarity === "auto";
    return usual ? this.choose(wanted) : this.yours.example(wanted.domain, wanted.example, { keep: true, wanted });
  }

  // A photograph has none.
  nearest(d) {
    return this.photographed ? d : nearestDim(this.row.kinds[this.state.kind], d);
  }

  takeDimension(d) {
    if (this.photographed) this.state.d = d;
    else this.choose({ d });
  }

  revert(wanted) {
    const { own, source } = this.yours;
    if (own) return this.yours.load({ source, domain: wanted.domain, keep: true, wanted });
    return this.firstPicture(wanted);
  }

  // Another tab's picture; of a sample, by the model that it comes from.
  received({ model, ...picture }) {
    const domain = domainFor(picture, domainsOf(this.table), this.state.domain);
    if (domain) this.yours.follow(picture, domain, { wanted: { ...this.state, ...model, domain } });
  }

  // ---- what is at hand ---------------------------------------------------------------------------------------

  // Whether a photograph at its own size is at hand, which goes through the codec.
  get photographed() {
    return this.state.domain === PHOTOS;
  }

  exampleOf(domain, name) {
    return { kind: "example", domain: this.table[domain].like ?? domain, name };
  }

  get model() {
    return [this.state.kind, this.state.d, this.state.beta];
  }

  get key() {
    return modelKey(...this.model);
  }

  get result() {
    return this.results.get(this.key);
  }

  get shownFigures() {
    return this.edited?.x_hat ? this.edited : this.result;
  }

  // The mean over the test set, once it is known.
  get test() {
    return this.about(this.state.domain)?.figures[this.key];
  }

  get x() {
    return this.yours.picture.bytes;
  }

  // ---- asking the server -------------------------------------------------------------------------------------

  asked({ domain, wanted = this.state }) {
    clearTimeout(this.idle);
    const { fit, polarity, kind, d, beta } = wanted;
    return { domain, fit, polarity, models: domain === wanted.domain ? [[kind, d, beta]] : [], photos: Boolean(this.photo) };
  }

  // story: what is told of it (lead.js), which another picture ends.
  took(picture, { live, more, story = null, wanted = this.state }) {
    this.asEncoded();
    if (!live) this.story = story;
    Object.assign(this, { results: new Map(), files: null });
    clearTimeout(this.idle);
    if (picture.domain === PHOTOS) {
      this.state = { ...wanted, domain: PHOTOS, example: picture.example };
      this.photo.took(picture, live);
      return this.show();
    }
    this.photo?.leave();
    this.state = settled({ ...wanted, domain: picture.domain, example: picture.example }, this.table);
    this.keep(picture);
    if (!this.result) this.look(this.model);
    if (!more) this.idle = setTimeout(() => this.lookAtAll(), live ? 250 : 0);
  }

  // results and files of an answer for the picture at hand.
  keep({ results = [], files }) {
    this.files = files ?? this.files;
    for (const r of results) this.results.set(r.key, { ...r, draw: pixels(unpack(r.x_hat), this.row.channels) });
    this.show();
  }

  // One request a kind of model, the chosen kind first, so that no visitor makes the others wait for long.
  async lookAtAll() {
    const { x, domain } = this.yours.picture;
    const kinds = [this.state.kind, ...kindsOf(this.row).filter((k) => k !== this.state.kind)];
    for (const kind of kinds) {
      const models = everyModel(this.row).filter((m) => m[0] === kind && !this.results.has(modelKey(...m)));
      if (!models.length) continue;
      const answer = await this.ask("look", { x, domain, models });
      if (answer.error || !this.current({ x, domain })) return;
      this.keep(answer);
    }
  }

  look = newest(async (model) => {
    const { x, domain } = this.yours.picture;
    const answer = await this.request("look", { x, domain, models: [model] });
    if (answer) this.keep(answer);
  });

  decode = newest(async (z) => {
    const { key, state, yours } = this;
    const { domain, kind, d, beta } = state;
    const answer = await this.request("decode", { domain, kind, d, beta, z, x: yours.picture.x });
    if (!answer || this.key !== key || !this.edited) return;
    this.edited = { ...answer, z };
    this.show();
  });

  // ---- changing the state ------------------------------------------------------------------------------------

  // Another model.
  choose = (patch) => {
    this.story = null;
    if ("d" in patch && patch.d !== this.state.d) this.choseDimension(patch.d);
    this.state = settled({ ...this.state, ...patch }, this.table);
    this.asEncoded();
    if (!this.result) this.look(this.model);
    this.show();
  };

  chooseDomain = (domain) => {
    const { own, source } = this.yours;
    if (own) return this.yours.load({ source, domain });
    return this.yours.load({ source: this.exampleOf(domain, this.yours.namesake(domain, this.state.example)), domain });
  };

  // Of a photograph: another dimension or quality.
  wish(patch) {
    Object.assign(this.state, patch);
    this.show();
    this.photo.coding.slide();
  }

  again(patch) {
    Object.assign(this.state, patch);
    this.yours.load({ source: this.yours.source, domain: this.state.domain });
  }

  edit = (z) => {
    this.improve.drop();
    this.edited = { ...this.edited, z, improved: null };
    this.draw();
    this.decode(z);
  };

  // The encoder's code again: of another picture or model too.
  asEncoded() {
    this.improve.drop();
    this.edited = null;
  }

  reset = () => {
    this.asEncoded();
    this.show();
  };

  improved(result) {
    this.edited = result;
    this.show();
    this.bars.move(result.z, result.sigma);
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  charts() {
    const { p } = this;
    this.curve = new Curve(p.curve, (kind, d) => this.choose({ kind, d, beta: 1 }));
    this.bits = new Bits(p.bits);
    this.bars = new Bars(p.numbers, this.edit);
    this.charted = true;
  }

  pixel(column, row) {
    const { channels, size } = this.row;
    const i = row * size + column;
    const e = errors(this.x, this.shown, channels, this.state.error)[i];
    const error = (e > 0 && this.state.error === "signed" ? "+" : "") + e.toFixed(2).replace("-", "−");
    const [x, x_hat] = [this.x, this.shown].map((bytes) => valueAt(bytes, channels, i));
    return { x, x_hat, error };
  }

  show() {
    if (!this.yours.picture) return;
    if (this.photographed !== this.was) this.turned();
    if (this.photographed) {
      super.show();
      return this.photo.show();
    }
    this.paint();
    super.show();
    if (!this.charted) this.charts();
    this.showBelow();
  }

  // From a small picture to a photograph or back: other panels and charts.
  turned() {
    Object.assign(this, { was: this.photographed, p: null, charted: false });
    this.yours.renewed();
  }

  // Of a model whose result is not there yet, the pictures of the one before stay.
  paint() {
    const { x, result, edited, state } = this;
    const { channels } = this.row;
    this.drawings.seen = pixels(x, channels);
    if (!result) return;
    this.shown = unpack(edited?.x_hat ?? result.x_hat);
    const made = marked(pixels(this.shown, channels), edited?.x_hat ? `${this.key}-edited` : this.key);
    Object.assign(this.drawings, { made, error: errorMap(x, this.shown, channels, state.error) });
  }

  showBelow() {
    const { state, row, results, result, test } = this;
    const figures = this.about(state.domain)?.figures;
    const point = (kind) => (d) => ({ d, psnr: results.get(modelKey(kind, d, 1))?.psnr, mean: figures?.[modelKey(kind, d, 1)]?.psnr });
    this.curve.show(
      kindsOf(row).map((kind) => ({ kind, points: row.kinds[kind].map(point(kind)) })),
      state.kind,
      state.d,
    );
    if (result && !this.edited) this.bars.show(result.z, result.sigma, test);
    if (result?.kl) this.bits.show(result, test);
  }

  // ---- taking away -------------------------------------------------------------------------------------------

  get fileName() {
    const { domain, example, kind, d, beta } = this.state;
    return fileName("reconstruct", domain, example ?? "own", kind, d, beta !== 1 && `beta${beta}`, Boolean(this.edited) && "edited");
  }

  saveImage = () => {
    if (!this.shown) return;
    const { state, p, shownFigures: f } = this;
    const model = `${t(`domain.${state.domain}`)}, ${t(`kind.${state.kind}`)}${state.beta === 1 ? "" : `, beta ${state.beta}`}`;
    const lines = [
      `${model}, ${t("made.note", { d: state.d })}${this.edited ? ` (${t("made.edited")})` : ""}`,
      `PSNR ${number(f.psnr, 1)} dB, SSIM ${number(f.ssim, 2)}, MSE ${significant(f.mse, 3)}; ${sizePlain(this)}`,
    ];
    const scale = { error: ` (${p.scaleLow.textContent} … ${p.scaleHigh.textContent})` };
    const pictures = ["seen", "made", "error"].map((n) => ({ title: t(`${n}.title`) + (scale[n] ?? ""), canvas: p[n] }));
    saveRow(pictures, lines, `${this.fileName}.png`);
  };

  saveFigures = () => {
    if (!this.result) return;
    const { x_hat, key, draw, ...figures } = this.result;
    const {
      files,
      state: { domain, d: latent_dim },
    } = this;
    const edited = this.edited && { z: this.edited.z, ...measured(this.edited), improved: this.edited.improved };
    const [x, made] = [this.x, unpack(x_hat)].map((bytes) => Array.from(bytes));
    const others = [...this.results.values()].map(({ kind, d, beta, ...r }) => ({ kind, latent_dim: d, beta, ...measured(r) }));
    saveJson({ address: location.href, domain, latent_dim, ...figures, files, edited, x, x_hat: made, others }, `${this.fileName}.json`);
  };
}

export const mount = open(Reconstruct, "reconstruct", ({ first }) => (first ? null : "nomodels"));
