// A photograph through the codec, as several tabs show it: asked of the server while a slider moves, and pictures, figures and
// bits of the answer.

import { html } from "../vendor/lit-html.js";
import { atRest, newest } from "../frame/dom.js";
import { figure, panel, progress, scale, small } from "../frame/pieces.js";
import { failure, number, t } from "../frame/text.js";
import { blank, fromUri, gradient, heatFromUri, marked, unpack } from "../draw/pixels.js";
import { Job } from "./job.js";

const NOTHING = { done: 1, total: 1, text: "" };
const LIVE = 1_200_000; // pixels up to which a photograph is coded while a slider moves
const REST = 300; // ms after which it is coded with all its figures

// hooks: wish() -> what is asked of the server; source() -> what of; size() -> pixels; told(answer): a step of a search or of
// refining; finished(answer).
export class Coding extends Job {
  constructor(tab, hooks) {
    super(tab);
    Object.assign(this, { hooks, answer: null, bar: NOTHING });
    this.soon = atRest(REST, () => this.code());
    this.live = newest(() => this.ask({ live: true }));
  }

  // A slider moves.
  slide() {
    const [width, height] = this.hooks.size();
    if (width * height <= LIVE) this.live();
    this.soon();
  }

  code = (more = {}) => this.ask({ live: false, ...more });

  ask(more) {
    const source = this.hooks.source();
    return source ? this.begin({ ...this.hooks.wish(), ...more }, source) : null;
  }

  // Whether what is shown is what the server has at hand.
  get ready() {
    return Boolean(this.job) && this.answer?.job === this.job.job;
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
    this.answer = { ...answer, job: this.job.job };
    return this.hooks.finished(this.answer);
  }

  failed(answer) {
    this.job = null;
    this.tell(NOTHING);
    this.tab.say(failure(answer));
  }

  tell(bar) {
    this.bar = bar;
    this.tab.draw();
  }

  halt = () => {
    this.drop();
    this.tell(NOTHING);
  };

  view() {
    const away = this.bar.done >= this.bar.total;
    return progress("bar", t("photo.coding"), this.bar, small("halt", this.halt, { key: "photo.halt", disabled: away }), {
      away,
      role: "status",
    });
  }
}

// Where the bits go: a colour a block of 16 x 16 pixels, over the photograph in grey.
export const bitsOver =
  ({ width, height, data }, original, size) =>
  async (canvas) => {
    await fromUri(original)(canvas);
    const small = Object.assign(document.createElement("canvas"), { width, height });
    const bytes = unpack(data);
    const rgb = new Uint8ClampedArray(4 * bytes.length);
    bytes.forEach((v, i) => rgb.set([v, v, v, 255], 4 * i));
    small.getContext("2d").putImageData(new ImageData(rgb, width, height), 0, 0);
    await heatFromUri(small.toDataURL())(small);
    const ctx = canvas.getContext("2d");
    ctx.filter = "grayscale(1)";
    ctx.drawImage(canvas, 0, 0);
    Object.assign(ctx, { filter: "none", globalAlpha: 0.72, imageSmoothingEnabled: false });
    const [w, h] = size; // blocks at the edges are cut
    ctx.drawImage(small, 0, 0, (canvas.width * 16 * width) / w, (canvas.height * 16 * height) / h);
    ctx.globalAlpha = 1;
  };

// Drawings of an answer: what it decodes to, its error, and its bits.
export const drawingsOf = (answer, original, size) => ({
  original: fromUri(original),
  made: marked(fromUri(answer.result), answer.job),
  error: heatFromUri(answer.error_map),
  bits: bitsOver(answer.heat, original, size),
});
export const nothingDrawn = (original) => ({ original: original ? fromUri(original) : blank, made: blank, error: blank, bits: blank });

export const THIRDS = ["error", "bits"];

// The two large panels: what is decoded, with the divider, and its error or bits. tab: with views, drawings and state.third.
export const photoPanels = (tab, { note, under }) => {
  const { views, drawings, state, limit } = tab;
  const most = tab.coding.answer?.heat.most;
  const ends = {
    error: ["0", `≥ ${number(limit, 1)}`],
    bits: ["0", most ? t("photo.bits.most", { bits: number(most, 0) }) : ""],
  }[state.third];
  const made = views.frame("result", { draw: drawings.made, label: t("made.label"), before: drawings.original, part: "made" });
  const third = views.frame(state.third, { draw: drawings[state.third], label: t(`${state.third}.title`), part: "third" });
  return html`${panel("decoded", made, { note, under })}
    ${panel("third", third, { title: `${state.third}.title`, note: t(`photo.${state.third}.note`), under: scale(ends[0], gradient("absolute"), ends[1]) })}`;
};

const bytesOf = (count) => (count < 10_000 ? count.toLocaleString() : number(count / 1000, count < 100_000 ? 1 : 0));
export const sized = (count) => (count < 10_000 ? t("photo.bytes", { n: bytesOf(count) }) : t("photo.kilobytes", { n: bytesOf(count) }));

// Its figures. f: those of an answer, or null.
export const photoFigures = (answer) => {
  const f = answer?.figures;
  const one = (part, value, more) => figure({ part, key: `photo.${part}`, value: value ?? "–", ...more });
  const known = (value, digits) => (value === null || value === undefined ? null : number(value, digits));
  const upload = answer?.ratio_to_file ? t("photo.ratio.upload", { ratio: number(answer.ratio_to_file, 1) }) : "\u00a0";
  return html`<dl class="vd-figures vd-photo-figures">
    ${one("size", answer && bytesOf(answer.bytes), { unit: answer?.bytes < 10_000 ? t("photo.unit.bytes") : " kB", aside: answer ? t("photo.bpp", { bpp: number(answer.bpp, 3) }) : "\u00a0" })}
    ${one("ratio", answer && number(answer.ratio, answer.ratio < 100 ? 1 : 0), { unit: " ×", aside: upload })}
    ${one("psnr", known(f?.psnr, 2), { unit: " dB", aside: t("photo.psnr.aside") })}
    ${one("ssim", known(f?.ssim, 3), { aside: t("photo.ssim.aside") })}
    ${one("msssim", known(f?.ms_ssim, 4), { aside: t("photo.msssim.aside") })}
  </dl>`;
};

// What reading did to an uploaded photograph, as one sentence.
export const changesOf = (picture) => (picture?.changes ?? []).map((change) => t(`photo.change.${change}`)).join(" ");
