// "Compress": a photograph at its own size through the codec, as a file; what other codecs make of it; and where its bits go.

import { save, saveRow } from "../../page/frame/download.js";
import { onCompressed, shared } from "../../page/frame/shared.js";
import { Tab, open } from "../../page/frame/shell.js";
import { failure, number, t } from "../../page/frame/text.js";
import { fromUri, heatFromUri } from "../../page/draw/pixels.js";
import { Coding, changesOf, drawingsOf, nothingDrawn, sized } from "../../page/picture/photo.js";
import { askWith } from "../../page/picture/source.js";
import { Views } from "../../page/picture/views.js";
import { Yours } from "../../page/picture/yours.js";
import { Beside } from "./beside.js";
import { Basis } from "./basis.js";
import { Curves } from "./curves.js";
import { Refining } from "./refining.js";
import { WORDS, standard, wishOf, within } from "./state.js";
import { view } from "./view.js";

const EXAMPLES = "objects"; // the domain whose examples are photographs

const bytesOf = async (base64, type) => (await fetch(`data:${type};base64,${base64}`)).blob();

class Compress extends Tab {
  view = () => view(this);

  begin() {
    this.start(WORDS, standard(this.value));
    // opened: what a compressed file held; tried: of the search; reading: what is under the cursor.
    Object.assign(this, { opened: null, tried: [], reading: "", limit: this.value.limit, drawings: nothingDrawn(null) });
    this.views = new Views(this, {
      size: () => this.size,
      sharper: (box) => this.sharper(box),
      drawing: (name, uri) => (name === "error" ? heatFromUri(uri) : fromUri(uri)),
      read: (column, row) => this.read(column, row),
      changed: () => this.write(),
    });
    this.views.place = this.state.place;
    this.coding = new Coding(this, {
      wish: () => wishOf(this.state, this.value.channels),
      source: () => this.yours.source,
      size: () => this.size,
      told: (answer) => this.told(answer),
      finished: () => this.finished(),
    });
    this.beside = new Beside(this);
    this.curves = new Curves(this);
    this.basis = new Basis(this);
    this.refining = new Refining(this);
    this.yours = new Yours(this, {
      asked: () => ["look", {}],
      took: (picture) => this.took(picture),
      shares: () => false,
      domain: () => EXAMPLES,
      received: (picture) => this.received(picture),
    });
    onCompressed((blob) => this.openFile(blob));
    this.draw();
    if (this.opening || this.received(shared(), !this.words.example)) return;
    this.yours.example(EXAMPLES, this.state.example ?? this.row.examples[0], { keep: true });
  }

  // ---- what is at hand ---------------------------------------------------------------------------------------

  get size() {
    const { width, height } = this.opened ?? this.yours?.picture ?? { width: 3, height: 2 };
    return [width, height];
  }

  get answer() {
    return this.coding.answer;
  }

  // A photograph that another tab has read; whether there is one.
  received(picture, wanted = true) {
    if (!picture || !wanted) return false;
    if (picture.source) this.yours.load({ source: picture.source, domain: null });
    else if (picture.domain === EXAMPLES && picture.example) this.yours.example(EXAMPLES, picture.example);
    else return false;
    return true;
  }

  took(picture) {
    Object.assign(this, { opened: null, tried: [], drawings: nothingDrawn(picture.original) });
    this.state.example = picture.example;
    this.coding.answer = null;
    this.forget();
    this.views.renew(!this.fresh);
    this.fresh = false;
    this.show();
    this.coding.code();
  }

  fresh = true; // the place that the address names is that of the first picture

  forget() {
    for (const part of [this.beside, this.curves, this.refining]) part.forget();
  }

  // ---- coding ------------------------------------------------------------------------------------------------

  told(answer) {
    if (answer.tried) this.tried = answer.tried;
    if (answer.refined) this.refining.told(answer.refined);
  }

  finished() {
    const { answer, yours } = this;
    this.drawings = drawingsOf(answer, yours.picture.original, this.size);
    this.views.renew();
    this.refining.finished(answer);
    this.show();
  }

  // Another wish: while a slider moves the picture follows.
  wish(patch) {
    Object.assign(this.state, patch);
    this.show();
    this.coding.slide();
  }

  choose(mode) {
    // From what is shown on: a file of as many bytes, or of the PSNR that it has.
    const { answer, state } = this;
    const value = { bytes: answer?.bytes, bpp: answer?.bpp, psnr: answer?.figures.psnr, quality: answer?.quality }[mode];
    const rounded = {
      bytes: (v) => Math.round(v / 1000) * 1000 || v,
      bpp: (v) => Number(v.toFixed(2)),
      psnr: (v) => Math.round(v * 2) / 2,
      quality: Math.round,
    };
    Object.assign(state, { mode, ...(value ? { [mode]: within(mode, rounded[mode](value)) } : {}) });
    this.tried = [];
    this.show();
    this.coding.code();
  }

  async sharper(box) {
    if (!this.coding.ready) return null;
    const answer = await this.ask("crop", { job: this.answer.job, box });
    return answer.error ? null : { original: answer.original, result: answer.result, error: answer.error_map, box: answer.box };
  }

  read(column, row) {
    this.reading = column === null ? "" : t("photo.readout", { column: column + 1, row: row + 1, ...this.values(column, row) });
    this.draw();
  }

  values(column, row) {
    const [width] = this.size;
    const at = (part) => {
      const canvas = this.p[part];
      if (!canvas || canvas.width !== width) return null;
      return [...canvas.getContext("2d").getImageData(column, row, 1, 1).data].slice(0, 3);
    };
    const [x, made] = [at("madeBefore"), at("made")];
    const text = (values) => (values ? values.join(" ") : "–");
    const error = x && made ? number(x.reduce((sum, v, i) => sum + Math.abs(v - made[i]), 0) / 765, 3) : "–";
    return { x: text(x), made: text(made), error };
  }

  // ---- compressed files --------------------------------------------------------------------------------------

  opening = false;

  async openFile(blob) {
    this.opening = true;
    const source = { kind: "file", blob, path: null };
    const found = await askWith(this.ask, "open", source, this.upload, {});
    this.opening = false;
    if (found.error) {
      if (!this.yours.picture) this.yours.example(EXAMPLES, this.row.examples[0], { keep: true });
      return this.say(failure(found));
    }
    this.coding.drop();
    this.coding.answer = null;
    this.forget();
    Object.assign(this, { opened: found, tried: [], said: "", drawings: { ...nothingDrawn(null), made: fromUri(found.picture) } });
    this.yours.show("picture");
    Object.assign(this.yours, { picture: null, source: null, shown: found.picture });
    this.state.example = null;
    this.views.renew(true);
    return this.show();
  }

  saveFile = async () => {
    const answer = await this.asking("file", { job: this.answer.job, which: "vae" });
    if (!answer.error) save(await bytesOf(answer.data, "application/octet-stream"), `${this.fileName}.vae`);
  };

  savePicture = async () => {
    if (this.opened) return save(await (await fetch(this.opened.picture)).blob(), "vaedemo.webp");
    const answer = await this.asking("file", { job: this.answer.job, which: "png" });
    return answer.error ? null : save(await bytesOf(answer.data, "image/png"), `${this.fileName}.png`);
  };

  get fileName() {
    return (this.state.example ?? "photograph").replace(/\W+/g, "-");
  }

  saveImage = () => {
    const { answer, p, size } = this;
    const { psnr, ssim } = answer.figures;
    const lines = [
      `${size.join(" × ")}: ${sized(answer.bytes)}, ${number(answer.bpp, 3)} bpp, ${number(answer.ratio, 1)} ×`,
      `PSNR ${number(psnr, 2)} dB${ssim === null ? "" : `, SSIM ${number(ssim, 3)}`}; ${t("compress.channels.of", { k: answer.channels, most: this.value.channels.at(-1) })}`,
    ];
    const pictures = ["madeBefore", "made", "third"].map((part, i) => ({
      title: t(["divide.left", "divide.right", `${this.state.third}.title`][i]),
      canvas: p[part],
    }));
    saveRow(pictures, lines, `vaedemo-compress-${this.fileName}.png`);
  };

  // ---- drawing -----------------------------------------------------------------------------------------------

  get changes() {
    return this.opened ? "" : changesOf(this.yours.picture);
  }

  show() {
    super.show();
    this.views.put();
    this.state.place = this.views.place;
    for (const part of [this.beside, this.curves, this.basis, this.refining]) part.show?.();
  }

  write() {
    this.state.place = this.views.place;
    super.write();
  }
}

export const mount = open(Compress, "compress");
