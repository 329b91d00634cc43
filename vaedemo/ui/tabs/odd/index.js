// "Odd one out": how strange a picture is to a model, held against known and foreign pictures. The scores of those are here, so
// that a threshold is dragged without asking the server.

import { newest } from "../../page/frame/dom.js";
import { fileName, saveJson, saveRow } from "../../page/frame/download.js";
import { domainFor, shared } from "../../page/frame/shared.js";
import { Tab, open } from "../../page/frame/shell.js";
import { className, failure, t } from "../../page/frame/text.js";
import { ascending, away, strangerShare, threshold } from "../../page/maths/detection.js";
import { nearestDim } from "../../page/maths/models.js";
import { errorMap, errors, marked, pixels, unpack, valueAt } from "../../page/draw/pixels.js";
import { Reading } from "../../page/picture/reading.js";
import { Yours } from "../../page/picture/yours.js";
import { Batch } from "./batch.js";
import { Curves } from "./curves.js";
import { Each } from "./each.js";
import { Line, known, scoreText } from "./line.js";
import { Own, floats } from "./own.js";
import { Painted } from "./painted.js";
import { SHARES, WORDS, settled, standard } from "./state.js";
import { view } from "./view.js";

class Odd extends Tab {
  view = () => view(this);

  begin() {
    const guest = shared();
    const near = this.table[guest?.domain] ? guest.domain : Object.keys(this.table)[0];
    this.start(WORDS, standard(near, this.table));
    // references: of known and foreign pictures by model; answer: of the picture at hand; made: sorted scores, kept by what they are of.
    Object.assign(this, { references: new Map(), answer: null, made: {}, drawings: {} });
    for (const [name, Part] of Object.entries({ line: Line, curves: Curves, each: Each, painted: Painted, batch: Batch, own: Own }))
      this[name] = new Part(this);
    this.reading = new Reading({
      size: () => this.drawings.error && [this.row.size, this.row.size],
      tell: (column, row) => this.pixel(row * this.row.size + column),
      changed: () => this.draw(),
    });
    this.yours = new Yours(this, {
      asked: () => ["picture", { domain: this.state.domain }],
      took: (picture, { source }) => this.took(picture, source),
      shares: () => (this.state.of === this.state.domain ? {} : null),
      domain: () => this.state.domain,
      received: (picture) => this.received(picture),
    });
    this.draw();
    for (const name of ["batch", "own"]) this[name].many.follow(this.root.querySelector(`.vd-odd-${name}`));
    this.refer();
    if (this.words.domain || this.words.example || !guest || !this.received(guest))
      this.showExample(this.state.of, this.state.example, { keep: true, opening: true });
  }

  // ---- what is at hand ---------------------------------------------------------------------------------------

  get modelKey() {
    return `${this.state.domain}-${this.state.d}`;
  }

  get reference() {
    return this.references.get(this.modelKey) ?? null;
  }

  // What a key names, made once for it: of the latest key only.
  kept(name, key, make) {
    if (this.made[name]?.key !== key) this.made[name] = { key, value: make() };
    return this.made[name].value;
  }

  get pairsKey() {
    const { normal, label, other } = this.state;
    return [this.modelKey, normal, { all: other, class: label, own: "" }[normal]].join(" ");
  }

  // [[score, known, foreign]] of every score there is, unsorted.
  get pairs() {
    const { reference, state } = this;
    if (state.normal === "own" || !reference) return [];
    return this.kept("pairs", this.pairsKey, () => {
      if (state.normal === "all") {
        const [own, other] = [reference.scores[state.domain], reference.scores[state.other] ?? {}];
        return Object.keys(own).map((name) => [name, own[name], other[name] ?? new Float32Array()]);
      }
      const { labels, classes } = reference;
      return Object.entries(classes).map(([name, all]) => {
        const values = all.subarray(state.label * labels.length, (state.label + 1) * labels.length);
        return [name, values.filter((_, i) => labels[i] === state.label), values.filter((_, i) => labels[i] !== state.label)];
      });
    });
  }

  get setsKey() {
    return `${this.pairsKey} ${this.state.score}`;
  }

  // {known, foreign: ascending scores, knownName, foreignName}, or null until they are there.
  get sets() {
    const { state } = this;
    const own = state.normal === "own" ? this.own.of(state) : null;
    const there = state.normal === "own" ? own : this.reference;
    if (!there) return null;
    const found = this.kept("sets", this.setsKey, () => {
      if (own) return { known: own.known, foreign: [] };
      const [, one, other] = this.pairs.find(([name]) => name === state.score) ?? [];
      return { known: one && ascending(one), foreign: other && ascending(other) };
    });
    if (!found.known?.length) return null;
    const others = {
      all: () => t(`domain.${state.other}`),
      class: () => t("odd.others", { name: className(this.row.classes[state.label]) }),
      own: () => "",
    };
    return { ...found, knownName: known(this), foreignName: others[state.normal]() };
  }

  // Where the line stands: where it was put, or where a share of known pictures is above it.
  get limit() {
    return this.sets && (this.state.at ?? threshold(this.sets.known, SHARES[this.state.normal]));
  }

  get unit() {
    return this.state.normal === "own" ? "standard deviations" : this.value.units[this.state.score];
  }

  // A picture's score of a name, of what the server found; null where there is none.
  valueOf(found, name) {
    const { normal, label } = this.state;
    if (normal === "own") return name === "own" ? away(this.own.of(this.state), found.seen) : null;
    return (normal === "class" ? found.classes[name]?.[label] : found.scores[name]) ?? null;
  }

  scored(found) {
    return this.valueOf(found, this.state.score);
  }

  scoreOf(name) {
    return this.answer && this.answer.key === this.modelKey && this.sets ? this.valueOf(this.answer, name) : null;
  }

  get mine() {
    return this.scoreOf(this.state.score);
  }

  // ---- asking the server -------------------------------------------------------------------------------------

  async refer() {
    const { domain, d } = this.state;
    const key = this.modelKey;
    if (this.references.has(key)) return;
    this.references.set(key, null);
    const answer = await this.ask("reference", { domain, d });
    if (answer.error) {
      this.references.delete(key);
      return void this.say(failure(answer));
    }
    const all = (table) => Object.fromEntries(Object.entries(table).map(([name, text]) => [name, floats(text)]));
    const scores = Object.fromEntries(Object.entries(answer.scores).map(([set, table]) => [set, all(table)]));
    this.references.set(key, { scores, labels: unpack(answer.labels), classes: all(answer.classes) });
    this.show();
  }

  judge = newest(async () => {
    const { picture } = this.yours;
    const { domain, d } = this.state;
    const key = this.modelKey;
    if (picture?.domain !== domain) return;
    const answer = await this.request("judge", { domain, d, x: picture.x });
    if (!answer) return;
    const { channels } = this.row;
    this.answer = { ...answer, key, bytes: unpack(answer.x_hat), near: answer.nearest.map((x) => pixels(unpack(x), channels)) };
    this.show();
  });

  took(picture, source) {
    const { domain } = this.state;
    // Another domain was chosen meanwhile.
    if (picture.domain !== domain) return void (["file", "data"].includes(source.kind) && this.yours.load({ source, domain }));
    Object.assign(this.state, { of: source.kind === "example" ? source.domain : domain, example: picture.example });
    this.drawings.seen = pixels(picture.bytes, this.row.channels);
    this.show();
    this.judge();
  }

  // Another tab's picture; whether there is a domain for it here. The dimension of a sample's model is kept where it is there.
  received({ model, ...picture }) {
    const domain = domainFor(picture, Object.keys(this.table), this.state.domain);
    if (!domain) return false;
    this.enter({ domain, of: domain });
    if (model) this.enter({ d: nearestDim(this.row.dims, model.d) });
    this.yours.follow(picture, domain);
    return true;
  }

  // Whether a link shows the picture and what it is held against.
  linked() {
    return Boolean(this.state.example) && this.state.normal !== "own";
  }

  // ---- changing the state ------------------------------------------------------------------------------------

  // Another state, without another picture; whether the domain is another one.
  enter(patch) {
    const { state: before, table, own } = this;
    const { units } = this.value;
    this.state = settled(before, patch, table, units);
    const { domain, normal } = this.state;
    if (normal === "own" && !own.there(domain)) this.state = settled(this.state, { normal: "all" }, table, units);
    if (domain !== before.domain) this.batch.forget();
    this.refer();
    return domain !== before.domain;
  }

  nearest(d) {
    return nearestDim(this.row.dims, d);
  }

  takeDimension(d) {
    this.choose({ d });
  }

  choose(patch) {
    if ("d" in patch) this.choseDimension(patch.d);
    if (this.enter(patch)) return this.anew();
    this.show();
    if (this.answer?.key !== this.modelKey) this.judge();
    this.batch.again();
    return null;
  }

  chooseDomain = (domain) => this.choose({ domain });

  revert(state) {
    this.enter({ domain: state.domain });
    this.enter(this.yours.own ? { ...state, of: state.domain, example: null } : state);
    this.anew();
  }

  // The picture at hand, as another domain sees it.
  anew() {
    const { source } = this.yours;
    this.answer = null;
    this.drawings = {};
    if (this.yours.own) return this.yours.load({ source, domain: this.state.domain });
    return this.showExample(this.state.of, this.yours.namesake(this.state.of, this.state.example));
  }

  showExample(of, name, job = {}) {
    this.state.of = of;
    this.yours.example(of, name, job);
  }

  // The threshold to a score: four digits are enough, and fit into an address.
  move(limit) {
    this.set({ at: Number(limit.toPrecision(4)) });
  }

  // ---- drawing and taking away -------------------------------------------------------------------------------

  show() {
    const { answer, yours, row } = this;
    if (answer?.key.startsWith(`${this.state.domain}-`) && yours.picture?.domain === this.state.domain) {
      this.drawings.made = marked(pixels(answer.bytes, row.channels), answer.key);
      this.drawings.error = errorMap(yours.picture.bytes, answer.bytes, row.channels, "absolute");
    }
    super.show();
    for (const part of [this.line, this.curves, this.painted]) part.show();
  }

  // What a pixel of the pictures holds.
  pixel(at) {
    const { channels } = this.row;
    const [x, made] = [this.yours.picture.bytes, this.answer.bytes];
    const error = errors(x, made, channels, "absolute")[at].toFixed(2);
    return { x: valueAt(x, channels, at), x_hat: valueAt(made, channels, at), error };
  }

  get fileName() {
    const { domain, of, example, d, score } = this.state;
    return fileName("odd", domain, of !== domain && of, example ?? "own", "vae", d, score);
  }

  saveImage = () => {
    const { p, mine, state, unit } = this;
    if (mine === null) return;
    const lines = [
      `${t(`domain.${state.domain}`)}, VAE, ${t("made.note", { d: state.d })}`,
      `${t(`score.${state.score}`)}: ${scoreText(mine)} (${t(`unit.${unit}`)}); ${t("odd.threshold", { limit: scoreText(this.limit) })}`,
    ];
    saveRow(
      ["seen", "made", "error"].map((name) => ({ title: t(`${name}.title`), canvas: p[name] })),
      lines,
      `${this.fileName}.png`,
    );
  };

  saveFigures = () => {
    const { answer, state, sets, mine, row, unit } = this;
    if (mine === null) return;
    const { domain, d: latent_dim, normal, score, base, other } = state;
    const against = { all: { other }, class: { class: row.classes[state.label] }, own: {} }[normal];
    const about = { address: this.linked() ? location.href : null, domain, latent_dim, normal, ...against, score, unit, value: mine };
    const { scores } =
      normal === "all" ? answer : { scores: Object.fromEntries(this.pairs.map(([name]) => [name, this.valueOf(answer, name)])) };
    const measured = {
      share: strangerShare(sets.known, mine),
      threshold: this.limit,
      base,
      area: this.curves.area,
      rates: this.line.rates,
    };
    saveJson({ ...about, ...measured, known: sets.known.length, foreign: sets.foreign.length, scores }, `${this.fileName}.json`);
  };
}

export const mount = open(Odd, "odd");
