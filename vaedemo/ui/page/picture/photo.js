// A photograph through the codec, as several tabs show it: asked of the server while a slider moves, and pictures, figures and
// bits of the answer.

import { html } from "../vendor/lit-html.js";
import { newest } from "../frame/dom.js";
import { fileName, save, saveRow } from "../frame/download.js";
import { chooser, figure, optionsOf, panel, progress, scale, slider, small } from "../frame/pieces.js";
import { language, number, t } from "../frame/text.js";
import { blank, fromUri, gradient, heatFromUri, marked, unpack } from "../draw/pixels.js";
import { Job, NOTHING } from "./job.js";
import { THIRDS } from "./photostate.js";
import { Views } from "./views.js";

const EXACT = 99; // dB: no pixel differs
const LIVE = 1_200_000; // pixels up to which a photograph is coded while a slider moves
const REST = 300; // ms after which it is coded with all its figures

// hooks: wish() -> what is asked of the server; source() -> what of; size() -> pixels; told(answer): a step of a search or of
// refining; finished(answer); other(): something else than refining begins, or what went on has ended without an answer.
class Coding extends Job {
  constructor(tab, hooks) {
    super(tab);
    Object.assign(this, { hooks, answer: null, timer: 0 });
    this.live = newest(() => this.ask({ live: true }));
  }

  // A slider moves.
  slide() {
    const [width, height] = this.hooks.size();
    if (width * height <= LIVE) this.live();
    this.soon();
  }

  // With all figures, once nothing has moved for a moment.
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.code(), REST);
  }

  code = (more = {}) => this.ask({ live: false, ...more });

  ask(more) {
    if (!more.refine) this.hooks.other?.();
    const source = this.hooks.source();
    return source ? this.begin({ ...this.hooks.wish(), ...more }, source) : null;
  }

  // Whether the server has at hand what is shown, which it keeps until there is another answer.
  get ready() {
    return Boolean(this.answer);
  }

  drop() {
    this.turn += 1;
    if (this.job && this.job.job !== this.answer?.job) this.tab.ask("stop", { job: this.job.job });
    this.job = null;
  }

  forget() {
    clearTimeout(this.timer);
    this.drop();
    this.release(null);
  }

  // Another answer in place of the one that is shown.
  release(answer) {
    const old = this.answer?.job;
    this.answer = answer;
    if (old && old !== answer?.job) this.tab.ask("stop", { job: old });
  }

  waiting() {
    this.tell(NOTHING);
  }

  began(job) {
    this.tell({ done: 0, total: job.total, text: t("photo.coding") });
  }

  stepped(answer) {
    const { done, total } = answer;
    this.hooks.told?.(answer);
    const text = answer.refined ? t("photo.refining") : t("photo.coding");
    this.bar = done < total ? { done, total, text } : NOTHING;
    if (done < total || !answer.result) return this.tab.draw();
    this.release({ ...answer, job: this.job.job });
    return this.hooks.finished(this.answer);
  }

  ended() {
    this.hooks.other?.();
  }

  view() {
    const away = !this.running;
    return progress("bar", t("photo.coding"), this.bar, small("halt", this.halt, { key: "photo.halt", disabled: away }), {
      away,
      role: "status",
    });
  }
}

// Where the bits go: a colour a block of 16 x 16 pixels, over the photograph in grey.
const bitsOver =
  ({ width, height, data }, original, size) =>
  async (canvas) => {
    const { turn } = canvas;
    if (!(await fromUri(original)(canvas))) return false;
    const small = Object.assign(document.createElement("canvas"), { width, height });
    const bytes = unpack(data);
    const rgb = new Uint8ClampedArray(4 * bytes.length);
    bytes.forEach((v, i) => rgb.set([v, v, v, 255], 4 * i));
    small.getContext("2d").putImageData(new ImageData(rgb, width, height), 0, 0);
    await heatFromUri(small.toDataURL())(small);
    if (canvas.turn !== turn) return false;
    const ctx = canvas.getContext("2d");
    ctx.filter = "grayscale(1)";
    ctx.drawImage(canvas, 0, 0);
    Object.assign(ctx, { filter: "none", globalAlpha: 0.72, imageSmoothingEnabled: false });
    const [w, h] = size; // blocks at the edges are cut
    ctx.drawImage(small, 0, 0, (canvas.width * 16 * width) / w, (canvas.height * 16 * height) / h);
    ctx.globalAlpha = 1;
    return true;
  };

const drawingsOf = (answer, original, size) => ({
  original: fromUri(original),
  made: marked(fromUri(answer.result), answer.job),
  error: heatFromUri(answer.error_map),
  bits: bitsOver(answer.heat, original, size),
});
const nothingDrawn = (original) => ({ original: original ? fromUri(original) : blank, made: blank, error: blank, bits: blank });

const blobOf = async (base64, type) => (await fetch(`data:${type};base64,${base64}`)).blob();

// A photograph at hand: coded, drawn, looked at closely, taken away. tab: with state {third, place, example}, value {limit, channels},
// yours. hooks: wish() -> what the coding asks for; told(answer), finished(answer): of the coding.
export class Photo {
  constructor(tab, hooks) {
    Object.assign(this, { tab, hooks, opened: null, reading: "", fresh: true, drawings: nothingDrawn(null) });
    this.views = new Views(tab, {
      size: () => this.size,
      sharper: (box) => this.sharper(box),
      drawing: (name, uri) => (name.startsWith("error") ? heatFromUri(uri) : fromUri(uri)),
      read: (column, row) => this.read(column, row),
      changed: () => {
        tab.state.place = this.views.place;
        tab.write();
      },
    });
    this.views.place = tab.state.place;
    this.coding = new Coding(tab, {
      wish: hooks.wish,
      source: () => tab.yours.source,
      size: () => this.size,
      told: hooks.told,
      finished: (answer) => this.finished(answer),
      other: hooks.other,
    });
  }

  get size() {
    const { width, height } = this.opened ?? this.tab.yours?.picture ?? {};
    return width ? [width, height] : [3, 2];
  }

  get answer() {
    return this.coding.answer;
  }

  // Another photograph; the place that an address names is that of the first. live: a frame of the webcam, coded when there is time.
  took(picture, live = false) {
    this.close();
    if (live && this.answer) this.drawings.original = fromUri(picture.original);
    else {
      this.drawings = nothingDrawn(picture.original);
      this.coding.forget();
    }
    this.renew(!this.fresh && !live);
    this.fresh = false;
    if (live) this.coding.slide();
    else this.coding.code();
  }

  // What was opened is looked at no more.
  close() {
    if (this.opened) this.tab.ask("stop", { job: this.opened.job });
    this.opened = null;
  }

  // Something else than a photograph is at hand.
  leave() {
    this.close();
    this.coding.forget();
  }

  // What a compressed file held, which has no original.
  open(found) {
    this.leave();
    Object.assign(this, { opened: found, drawings: { ...nothingDrawn(null), made: fromUri(found.picture) } });
    this.renew(true);
  }

  renew(whole) {
    this.views.renew(whole);
    this.tab.state.place = this.views.place;
  }

  finished(answer) {
    this.drawings = drawingsOf(answer, this.tab.yours.picture.original, this.size);
    this.views.renew();
    this.hooks.finished(answer);
  }

  // ---- looking closely ----------------------------------------------------------------------------------------

  async sharper(box) {
    const jobs = [this.answer?.job ?? this.opened?.job, ...(this.hooks.besides?.() ?? [])].filter(Boolean);
    const found = await Promise.all(jobs.map((job) => this.tab.ask("crop", { job, box })));
    const good = found.filter((answer) => !answer.error);
    return good.length ? { box: good[0].box, parts: Object.assign({}, ...good.map((answer) => answer.parts)) } : null;
  }

  read(column, row) {
    this.reading = column === null ? "" : t("photo.readout", { column: column + 1, row: row + 1, ...this.values(column, row) });
    this.tab.draw();
  }

  values(column, row) {
    const [width] = this.size;
    const at = (part) => {
      const canvas = this.tab.root.querySelector(`[data-part=${part}]`);
      if (canvas?.width !== width) return null; // scaled down
      return [...canvas.getContext("2d", { willReadFrequently: true }).getImageData(column, row, 1, 1).data].slice(0, 3);
    };
    const x = this.opened ? null : at("madeBefore");
    const made = this.answer || this.opened ? at("made") : null;
    const text = (values) => (values ? values.join(" ") : "–");
    const error = x && made ? number(x.reduce((sum, v, i) => sum + Math.abs(v - made[i]), 0) / 765, 3) : "–";
    return { x: text(x), made: text(made), error };
  }

  // ---- taking away --------------------------------------------------------------------------------------------

  get fileName() {
    const { name, state } = this.tab;
    if (this.opened) return fileName(name, "photos", "opened");
    const { example, k, mode = "quality" } = state;
    return fileName(name, "photos", example ?? "own", `${mode}${Number(state[mode].toPrecision(4))}`, `${k}channels`);
  }

  saveFile = async () => {
    const found = await this.tab.asking("file", { job: this.answer.job, which: "vae" });
    if (!found.error) save(await blobOf(found.data, "application/octet-stream"), `${this.fileName}.vae`);
  };

  savePicture = async () => {
    const { job } = this.opened ?? this.answer;
    const found = await this.tab.asking("file", { job, which: "png" });
    return found.error ? null : save(await blobOf(found.data, "image/png"), `${this.fileName}.png`);
  };

  saveImage = () => {
    const { answer, size, tab } = this;
    const { psnr, ssim } = answer.figures;
    const lines = [
      `${size.join(" × ")}: ${sized(answer.bytes)}, ${number(answer.bpp, 3)} bpp, ${number(answer.ratio, 1)} ×`,
      `PSNR ${number(psnr, 2)} dB${ssim === null ? "" : `, SSIM ${number(ssim, 3)}`}; ${t("photo.channels.of", { k: answer.channels, most: tab.value.channels.at(-1) })}`,
    ];
    const parts = [
      ["madeBefore", "divide.left"],
      ["made", "divide.right"],
      ["third", `${tab.state.third}.title`],
    ];
    const pictures = parts.map(([part, title]) => ({ title: t(title), canvas: tab.root.querySelector(`[data-part=${part}]`) }));
    saveRow(pictures, lines, `${this.fileName}-row.png`);
  };

  // ---- views --------------------------------------------------------------------------------------------------

  // The two large panels: what is decoded, with the divider, and its error or bits.
  panels() {
    const { views, drawings, answer, tab, opened } = this;
    const { third } = tab.state;
    const ends = {
      error: `≥ ${number(tab.value.limit, 1)}`,
      bits: answer ? t("photo.bits.most", { bits: number(answer.heat.most, 0) }) : "",
    }[third];
    const made = views.frame("result", { draw: drawings.made, label: t("decoded.label"), before: drawings.original, part: "made" });
    const other = views.frame(third, { draw: drawings[third], label: t(`${third}.title`), part: "third" });
    const note = opened ? t("opened.note") : t("decoded.note", { k: answer?.channels ?? tab.state.k });
    return html`${panel("decoded", made, { note })}
    ${panel("third", other, { title: `${third}.title`, note: t(`photo.${third}.note`), under: scale("0", gradient("absolute"), ends) })}`;
  }

  // The buttons of the zoom, and what the second panel shows.
  modes() {
    const { tab } = this;
    return html`${this.views.tools()}${chooser(tab, "third", optionsOf(THIRDS, "third"), { bare: true, choose: (third) => tab.set({ third }) })}`;
  }

  quality(value, fixed = false) {
    return slider({
      part: "quality",
      id: `${this.tab.prefix}-quality`,
      label: t("quality.label"),
      value: number(value, 0),
      why: t(fixed ? "quality.found" : "quality.why"),
      max: 100,
      at: Math.round(value),
      disabled: fixed,
      input: (quality) => this.tab.wish({ quality }),
    });
  }

  channels() {
    const { tab } = this;
    const all = tab.value.channels;
    const { k } = tab.state;
    return slider({
      part: "channels",
      id: `${tab.prefix}-channels`,
      label: t("channels.label"),
      value: k,
      why: t("channels.why", { most: all.at(-1) }),
      max: all.length - 1,
      at: all.indexOf(k),
      text: t("channels.value", { k }),
      input: (i) => tab.wish({ k: all[i] }),
      below: html`<div class="vd-ticks" aria-hidden="true">${all.map((v) => html`<span class=${v === k ? "vd-on" : ""}>${v}</span>`)}</div>`,
    });
  }
}

const bytesOf = (count) => (count < 10_000 ? count.toLocaleString(language()) : number(count / 1000, count < 100_000 ? 1 : 0));
export const sized = (count) => (count < 10_000 ? t("photo.bytes", { n: bytesOf(count) }) : t("photo.kilobytes", { n: bytesOf(count) }));

// A PSNR; of pictures without a difference it has no number.
export const decibels = (psnr) => (psnr >= EXACT ? "∞" : number(psnr, 2));

// Its figures. f: those of an answer, or null.
export const photoFigures = (answer) => {
  const f = answer?.figures;
  const one = (part, value, more) => figure({ part, value: value ?? "–", ...more });
  const known = (value, digits) => (value === null || value === undefined ? null : number(value, digits));
  const psnr = f && decibels(f.psnr);
  const upload = answer?.ratio_to_file ? t("photo.ratio.upload", { ratio: number(answer.ratio_to_file, 1) }) : "\u00a0";
  return html`<dl class="vd-figures vd-photo-figures">
    ${one("size", answer && bytesOf(answer.bytes), { key: "photo.size", unit: answer?.bytes < 10_000 ? t("photo.unit.bytes") : " kB", aside: answer ? t("photo.bpp", { bpp: number(answer.bpp, 3) }) : "\u00a0" })}
    ${one("ratio", answer && number(answer.ratio, answer.ratio < 100 ? 1 : 0), { key: "photo.ratio", unit: " ×", aside: upload })}
    ${one("psnr", psnr, { unit: " dB", aside: t("photo.values") })}
    ${one("ssim", known(f?.ssim, 3), { aside: t("ssim.note") })}
    ${one("msssim", known(f?.ms_ssim, 4), { aside: t("msssim.note") })}
  </dl>`;
};

// What reading did to an uploaded photograph, as one sentence.
export const changesOf = (picture) => (picture?.changes ?? []).map((change) => t(`photo.change.${change}`)).join(" ");
