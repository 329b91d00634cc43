// "Compress": a photograph at its own size through the codec, as a file; what other codecs make of it; and where its bits go.

import { onHanded, shared } from "../../page/frame/shared.js";
import { Tab, open } from "../../page/frame/shell.js";
import { failure } from "../../page/frame/text.js";
import { Photo, changesOf } from "../../page/picture/photo.js";
import { askWith } from "../../page/picture/source.js";
import { Yours } from "../../page/picture/yours.js";
import { Beside } from "./beside.js";
import { Basis } from "./basis.js";
import { Curves } from "./curves.js";
import { Refining } from "./refining.js";
import { Stacking } from "./stacking.js";
import { WORDS, standard, wishOf, within } from "./state.js";
import { view } from "./view.js";

const EXAMPLES = "objects"; // the domain whose examples are photographs
// What is shown, in round numbers, as a wish.
const ROUND = {
  quality: Math.round,
  bytes: (v) => Math.round(v / 1000) * 1000 || v,
  bpp: (v) => Number(v.toFixed(2)),
  psnr: (v) => Math.round(v * 2) / 2,
};

class Compress extends Tab {
  view = () => view(this);

  begin() {
    this.start(WORDS, standard(this.value));
    Object.assign(this, { tried: [], turn: 0 }); // tried: of the search; turn: of pictures and files that came
    this.photo = new Photo(this, {
      wish: () => wishOf(this.state, this.value.channels),
      told: (answer) => this.told(answer),
      finished: (answer) => this.finished(answer),
      other: () => this.refining?.forget(),
      besides: () => [this.beside.job?.job],
    });
    this.beside = new Beside(this);
    this.curves = new Curves(this);
    this.basis = new Basis(this);
    this.refining = new Refining(this);
    this.stacking = new Stacking(this);
    this.yours = new Yours(this, {
      asked: () => ["photo", {}],
      took: (picture, job) => this.took(picture, job),
      shares: () => ({ domain: "photos", x: null }),
      domain: () => EXAMPLES,
      received: (picture) => this.received(picture),
    });
    this.draw();
    onHanded("compressed", (blob) => this.openFile(blob));
    onHanded("photograph", (source) => this.yours.load({ source, domain: null }));
    if (this.turn || this.yours.pending !== null || this.guest()) return;
    this.yours.example(EXAMPLES, this.state.example ?? this.row.examples[0], { keep: true, opening: true });
  }

  get answer() {
    return this.photo.answer;
  }

  // At the start the page's picture, if the address names no example; whether there is one.
  guest() {
    const picture = shared();
    return Boolean(picture && !this.words.example && this.received(picture));
  }

  // Another tab's picture; whether it is one for this tab: an example is where it is a photograph.
  received({ source }) {
    if (source.kind === "example" && source.domain !== EXAMPLES) return false;
    this.yours.show("picture");
    this.yours.load({ source, domain: null, guest: true });
    return true;
  }

  took(picture, { live }) {
    this.turn += 1;
    this.state.example = picture.example;
    if (!live) this.forget();
    this.photo.took(picture, live);
    this.show();
  }

  forget() {
    this.tried = [];
    for (const part of [this.beside, this.curves, this.basis, this.refining]) part.forget();
  }

  // ---- coding ------------------------------------------------------------------------------------------------

  told(answer) {
    if (answer.tried) this.tried = answer.tried;
    if (answer.refined) this.refining.told(answer.refined);
  }

  finished(answer) {
    this.refining.finished(answer);
    this.show();
  }

  // Another wish: while a slider moves the picture follows.
  wish(patch) {
    Object.assign(this.state, patch);
    this.show();
    this.photo.coding.slide();
  }

  // From what is shown on: a file of as many bytes, or of the PSNR that it has.
  choose(mode) {
    const { answer, state } = this;
    const value = answer && { ...answer, psnr: answer.figures.psnr }[mode];
    Object.assign(state, { mode, ...(value ? { [mode]: within(mode, ROUND[mode](value)) } : {}) });
    this.tried = [];
    this.show();
    this.photo.coding.code();
  }

  // ---- compressed files --------------------------------------------------------------------------------------

  async openFile(blob) {
    const { yours, photo } = this;
    this.turn += 1;
    const { turn } = this;
    const found = await askWith(this.ask, "open", { kind: "file", blob, path: null }, this.upload, {});
    if (turn !== this.turn) return null; // another file or picture came
    if (found.error) {
      if (!yours.picture) yours.example(EXAMPLES, this.row.examples[0], { keep: true });
      return this.say(failure(found));
    }
    this.forget();
    yours.show("picture");
    Object.assign(yours, { picture: null, source: null, shown: found.picture });
    Object.assign(this, { said: "" });
    this.state.example = null;
    photo.open(found);
    return this.show();
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  get changes() {
    return this.photo.opened ? "" : changesOf(this.yours.picture);
  }

  show() {
    super.show();
    this.photo.views.put();
    for (const part of [this.curves, this.refining]) part.show();
  }
}

export const mount = open(Compress, "compress");
