// "Denoise" and "Inpaint": a picture is damaged, or comes damaged, and what restores it is shown beside it. Small pictures
// are answered at once; photographs are worked off tile by tile, so that they can be stopped.

import { newest } from "../../page/frame/dom.js";
import { fileName, save, saveRow } from "../../page/frame/download.js";
import { Tab, open } from "../../page/frame/shell.js";
import { domainFor, shared } from "../../page/frame/shared.js";
import { t } from "../../page/frame/text.js";
import { maskToWord } from "../../page/maths/words.js";
import { blank, errorMap, fromUri, heatFromUri, heatMap, imageOf, marked, pixels, underWay, unpack } from "../../page/draw/pixels.js";
import { Reading } from "../../page/picture/reading.js";
import { Yours } from "../../page/picture/yours.js";
import { answerCells, methodCells, photoCells } from "./cells.js";
import { PhotoJob } from "./job.js";
import { Mask } from "./mask.js";
import { pixelOf } from "./pixel.js";
import { countOf, fourthsOf, isPhoto, levelOf, maskSize, opening, standard, wordsOf } from "./state.js";
import { restoredName, view } from "./view.js";

const EXAMPLES = "objects"; // the domain whose examples stand in for photographs
const PHOTOS = "photos";

class Restore extends Tab {
  view = () => view(this);

  begin() {
    this.denoising = this.name === "denoise";
    // answer: of the last restore(); made: the other methods' by name; cells of both; drawings of the panels by their parts; size
    // of the mask that was preset.
    Object.assign(this, { answer: null, made: {}, answers: [], others: [], drawings: {}, size: null, idle: 0, later: 0 });
    this.start(wordsOf(this.name), standard(this.name, this.table));
    this.job = new PhotoJob(this, {
      began: (job) => this.began(job),
      tiled: (tile) => this.tiled(tile),
      finished: (answer) => this.answered({ ...answer, job: this.job.job }), // its own: another one may begin while this is shown
      compared: (made) => this.compared(made),
    });
    this.reading = new Reading({
      size: () => this.pixelsAt,
      tell: (column, row) => pixelOf(this, column, row),
      changed: () => this.draw(),
    });
    this.yours = new Yours(this, {
      asked: () => ["source", { domain: this.examplesOf, given: this.denoising && this.state.given }],
      took: (picture, { source }) => this.took(picture, source),
      shares: () => (this.photo ? { domain: PHOTOS, x: null } : this.state.given ? { x: null } : {}),
      domain: () => this.examplesOf,
      received: (picture) => this.received(picture),
    });
    this.draw();
    this.mask = new Mask(this, (done) => this.painted(done));
    if (this.state.own) this.mask.pad.set({ width: this.row.size, height: this.row.size, data: this.state.own }, false);
    const guest = shared();
    if (this.words.domain || this.words.example || !guest || !this.received(guest))
      this.yours.example(this.examplesOf, this.state.example ?? this.row.examples[0], { keep: true, opening: true });
  }

  // ---- what is at hand ---------------------------------------------------------------------------------------

  get photo() {
    return isPhoto(this.row);
  }

  get examplesOf() {
    return this.photo ? EXAMPLES : this.state.domain;
  }

  get fourth() {
    const there = fourthsOf(this.name, this.state);
    return there.includes(this.state.fourth) ? this.state.fourth : there[0];
  }

  get maskWord() {
    return this.photo ? null : maskToWord(this.mask.pad.mask().data);
  }

  // What the server says of the noise: {sigma, estimated, measured, lost, guessed}.
  get told() {
    return (this.photo ? this.job.job : this.answer) ?? {};
  }

  get figures() {
    const f = this.answer?.figures;
    const { view } = this.state;
    if (!f || view === "mean") return f?.mean;
    return f.samples[view === "best" ? this.answer.best : view];
  }

  // A drawing has none here: a link shows examples.
  get word() {
    return null;
  }

  // ---- asking ------------------------------------------------------------------------------------------------

  get body() {
    const { domain, given, noise, level, seed, sigma } = this.state;
    const { denoising } = this;
    return {
      domain,
      given: denoising && given,
      noise: denoising && !given ? noise : null,
      level,
      seed,
      n: countOf(this.state, this.row, this.yours.picture),
      sigma: denoising ? sigma : null,
      mask: denoising ? null : this.mask.sent(this.photo),
    };
  }

  restore = newest(async (_, more) => {
    clearTimeout(this.idle);
    const { picture, source } = this.yours;
    if (!picture) return;
    if (this.photo) {
      const methods = this.value.methods.filter((m) => m !== "vae" && m !== "plain");
      this.job.begin({ ...this.body, methods }, source); // not awaited: a newer one takes its place
      return;
    }
    const sent = { ...this.body, x: picture.x };
    const answer = await this.request("restore", sent);
    if (!answer) return;
    this.answered(answer);
    if (!more()) this.idle = setTimeout(() => this.compare(sent, answer), 250);
  });

  answered(answer) {
    const { state } = this;
    if (!this.photo) this.made = {};
    const drawn = this.photo ? (answer.samples?.length ?? 0) : state.n;
    if ((typeof state.view === "number" && state.view >= drawn) || (state.view === "best" && (answer.best ?? null) === null))
      state.view = "mean";
    this.answer = answer;
    this.look(state.view);
  }

  // The mean or a sample in large; one of a photograph's is fetched at its own size, with its maps, when it is first looked at.
  look = async (view) => {
    this.set({ view }, false);
    const { answer, photo } = this;
    if (!photo || view === "mean" || answer.large?.[view]) return;
    const found = await this.asking("file", { job: answer.job.job, which: "sample", index: view });
    if (found.error || this.answer !== answer) return;
    answer.large = { ...answer.large, [view]: found };
    this.show();
  };

  async compare(sent, answer) {
    for (const method of this.value.methods.filter((m) => m !== "vae")) {
      const made = await this.ask("compare", { ...sent, methods: [method] });
      if (this.answer !== answer) return;
      if (!made.error) this.compared(made.methods); // one that cannot, such as biharmonic where nothing is known
    }
  }

  compared(made) {
    Object.assign(this.made, made);
    this.show();
  }

  began({ damaged }) {
    this.dim(damaged);
    this.show();
  }

  // Nothing is restored yet: what is to be stands darkened in the result's place, and no other picture's result.
  dim(damaged) {
    const under = { base: imageOf(damaged), tiles: [] };
    const drawings = { damaged: fromUri(damaged), restored: underWay(under.base, []), fourth: blank };
    Object.assign(this, { answer: null, made: {}, under, drawings });
  }

  tiled({ box, data }) {
    const { base, tiles } = this.under;
    tiles.push({ box, image: imageOf(data) });
    this.drawings.restored = underWay(base, [...tiles]);
  }

  took(picture, source) {
    const { photo, denoising, mask, state, p } = this;
    if (source !== this.source) mask.file = null;
    Object.assign(this, { answer: null, made: {}, source });
    state.example = picture.example;
    const [width, height] = photo ? maskSize(picture) : [this.row.size, this.row.size];
    mask.pad.resize(width, height);
    if (!denoising) mask.pad.radius(p.size.value / 100);
    if (photo) this.dim(picture.original);
    this.show();
    const other = this.size !== `${width}x${height}`;
    if (denoising || !state.mask || state.mask === "own" || !other) return void this.restore();
    this.size = `${width}x${height}`;
    this.preset();
  }

  received(picture) {
    const domain = domainFor(picture, Object.keys(this.table), this.state.domain);
    if (!domain) return false;
    if (domain !== this.state.domain) this.enter(domain);
    this.yours.follow(picture, this.examplesOf);
    return true;
  }

  // ---- changing the state ------------------------------------------------------------------------------------

  set(patch, again = true) {
    Object.assign(this.state, patch);
    this.show();
    if (again) this.restore();
  }

  // As set(), after a moment's rest where an answer takes long.
  soon(patch, rest) {
    Object.assign(this.state, patch);
    this.draw();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.set({}), this.photo ? rest : 0);
  }

  // Another mask of those that the server draws.
  preset(patch = {}) {
    Object.assign(this.state, patch);
    this.mask.preset(() => {
      this.restore();
      this.show();
    });
  }

  // A stroke is answered while it is painted; a photograph is when the brush has rested.
  painted(done) {
    this.state.mask = "own";
    if (!this.photo || done) this.soon({}, 600);
  }

  chooseLevel(share) {
    const { state, row } = this;
    this.soon(
      state.given ? { sigma: Number((share * row.strongest).toFixed(3)) } : { level: levelOf(row.noises[state.noise], share) },
      500,
    );
  }

  chooseGiven(given) {
    Object.assign(this.state, { given, sigma: null });
    this.yours.load({ source: this.yours.source });
  }

  chooseSeed = (seed) => {
    this.state.seed = seed;
    if (!this.denoising && !["own", null].includes(this.state.mask)) return this.preset();
    return this.set({});
  };

  chooseDomain = (domain) => {
    this.enter(domain);
    return this.yours.elsewhere(this.examplesOf);
  };

  revert(state) {
    this.enter(state.domain);
    Object.assign(this.state, state, this.yours.own && { example: null });
    this.yours.elsewhere(this.examplesOf, { name: state.example, keep: true });
  }

  // Another domain, whose picture is still to come.
  enter(domain) {
    this.job.drop();
    const { state, yours } = this;
    const row = this.table[domain];
    const { level, mask, n } = opening(this.name, row);
    const kept = state.n !== this.row.usual && row.samples.includes(state.n);
    Object.assign(state, { domain, sigma: null, level, mask: state.mask === "own" ? "own" : mask, n: kept ? state.n : n });
    if (this.denoising) state.noise = "gaussian";
    const nothing = { damaged: blank, restored: blank, fourth: blank };
    Object.assign(this, { answer: null, made: {}, size: null, drawings: { ...this.drawings, ...nothing } });
    yours.picture = null;
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  cells() {
    const { answer, photo, row, state, yours, value } = this;
    if (!answer) return [[], []];
    const about = { size: yours.picture.bytes.length, channels: row.channels, view: state.view };
    const answers = photo ? photoCells(answer, state.view, this.look) : answerCells(answer, about, this.look);
    const { figures } = answer;
    const given = photo ? { damaged: answer.job.damaged, mean: answer.result } : { damaged: answer.y, mean: answer.mean };
    return [answers, methodCells({ ...given, figures }, value.methods, this.made, row.channels)];
  }

  show() {
    if (!this.yours.picture && !this.p) return;
    [this.answers, this.others] = this.cells();
    if (this.answer) Object.assign(this.drawings, this.photo ? this.ofPhoto() : this.ofSmall());
    super.show();
  }

  // The bytes of a small picture that came damaged and of the answer that is looked at.
  get small() {
    const { answer, state } = this;
    const y = unpack(answer.y);
    const all = unpack(state.view === "mean" ? answer.mean : answer.samples);
    const at = { mean: 0, best: answer.best }[state.view] ?? state.view;
    return { y, made: all.subarray(at * y.length, (at + 1) * y.length) };
  }

  ofSmall() {
    const { answer, row, state, fourth, yours } = this;
    const { channels } = row;
    const { y, made } = this.small;
    const maps = {
      error: () => errorMap(yours.picture.bytes, made, channels, "absolute"),
      spread: () => heatMap(unpack(answer.spread)),
      residual: () => errorMap(made, y, channels, "signed"),
    };
    const restored = marked(pixels(made, channels), `${state.domain}-${state.view}`);
    return { damaged: pixels(y, channels), restored, fourth: maps[fourth]() };
  }

  ofPhoto() {
    const { answer, fourth, state } = this;
    const of = state.view === "mean" ? { ...answer, data: answer.result } : answer.large?.[state.view];
    const uri = fourth === "spread" ? answer.spread : of?.[fourth === "error" ? "error_map" : fourth];
    const map = fourth === "residual" ? fromUri : heatFromUri;
    const key = `photos-${answer.job.job}-${state.view}`;
    return {
      restored: marked(fromUri(of?.data ?? answer.samples[state.view]), key),
      fourth: uri ? marked(map(uri), `${key}-${fourth}`) : blank,
    };
  }

  // [columns, rows] of the pictures, which read alike, or null.
  get pixelsAt() {
    const { width, height, drawn } = this.p?.damaged ?? {};
    return drawn && this.answer ? [width, height] : null;
  }

  saveImage = async () => {
    if (!this.answer) return;
    const { p, state } = this;
    if (this.photo) {
      const made = await this.asking("file", {
        job: this.answer.job.job,
        ...(state.view === "mean" ? { which: "mean" } : { which: "sample", index: state.view }),
      });
      const ending = made.data?.startsWith("data:image/png") ? "png" : "jpg";
      if (!made.error) save(await (await fetch(made.data)).blob(), `${this.fileName}.${ending}`);
      return;
    }
    const lines = [
      `${t(`domain.${state.domain}`)}: ${restoredName(this)}`,
      this.figures ? `PSNR ${p.psnr.textContent} dB, SSIM ${p.ssim.textContent}` : "",
    ];
    const titles = { damaged: "damaged.title", restored: "restored.title", fourth: `fourth.${this.fourth}.title` };
    const pictures = Object.entries(titles).map(([n, title]) => ({ title: t(title), canvas: p[n] }));
    saveRow(pictures, lines, `${this.fileName}.png`);
  };

  // What was done to which picture, and which answer it is: vaedemo-denoise-digits-zero-gaussian-0.25-mean.
  get fileName() {
    const { domain, example, given, noise, level, mask, view } = this.state;
    const damage = this.denoising ? (given ? ["given"] : [noise, Number(level.toPrecision(3))]) : [mask];
    return fileName(this.name, domain, example ?? "own", ...damage, typeof view === "number" ? `sample${view + 1}` : view);
  }
}

export const mount = open(Restore, "restore");
