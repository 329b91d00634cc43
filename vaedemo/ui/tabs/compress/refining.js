// "Think longer": the numbers of this photograph improved by gradient descent; bits and PSNR while that goes on.

import { html } from "../../page/vendor/lit-html.js";
import { card, choices, optionsOf, progress, small } from "../../page/frame/pieces.js";
import { number, t } from "../../page/frame/text.js";
import { Plot } from "../../page/draw/plot.js";
import { sized } from "../../page/picture/photo.js";

const SECONDS = [10, 30, 60];

export class Refining {
  constructor(tab) {
    Object.assign(this, { tab, seconds: 10, steps: [], before: null, after: null });
  }

  forget() {
    Object.assign(this, { steps: [], before: null, after: null });
  }

  start = () => {
    const { tab } = this;
    if (!tab.photo.coding.ready) return;
    Object.assign(this, { steps: [], before: tab.answer, after: null });
    tab.photo.coding.code({ refine: this.seconds });
  };

  // A step {step, seconds, bits, psnr}.
  told(step) {
    if (!this.before) return;
    this.steps.push(step);
    this.show();
  }

  // The coding has an answer.
  finished(answer) {
    if (this.before && !this.after) this.after = answer;
  }

  get running() {
    return Boolean(this.before) && !this.after;
  }

  // What is gained so far is kept.
  halt = () => {
    const { job } = this.tab.photo.coding;
    if (job) this.tab.ask("finish", { job: job.job });
  };

  show() {
    const { tab, steps } = this;
    const pixels = tab.photo.size[0] * tab.photo.size[1];
    const plot = (part, title, y, text) => {
      this[part] ??= new Plot(tab.p[part], { height: 190, name: title, hint: title });
      const points = steps.map((s) => ({ x: s.seconds, y: y(s), text: text(s) }));
      const series = [{ name: "", tone: 0, dots: false, points }];
      this[part].show({
        series,
        x: { title: t("refine.x"), digits: 0 },
        y: { title: part === "refineBits" ? t("refine.bits") : "PSNR, dB", digits: part === "refineBits" ? 3 : 1 },
      });
    };
    plot("refineBits", () => t("refine.bits"), (s) => s.bits / pixels, (s) => `${number(s.bits / pixels, 4)} bpp`); // prettier-ignore
    plot("refinePsnr", () => t("psnr.name"), (s) => s.psnr, (s) => `${number(s.psnr, 2)} dB`); // prettier-ignore
  }

  gained() {
    const { before, after } = this;
    if (!before || !after) return "";
    const change = (100 * (after.bytes - before.bytes)) / before.bytes;
    const figures = {
      from: sized(before.bytes),
      to: sized(after.bytes),
      change: `${change > 0 ? "+" : ""}${number(change, 1)}`,
      dB: `${after.figures.psnr >= before.figures.psnr ? "+" : ""}${number(after.figures.psnr - before.figures.psnr, 2)}`,
    };
    return t("refine.gained", figures);
  }

  view() {
    const { tab, running, steps } = this;
    const last = steps.at(-1);
    const bar = {
      done: running ? Math.min(last?.seconds ?? 0, this.seconds) : 1,
      total: running ? this.seconds : 1,
      text: running ? t("refine.at", { step: last?.step ?? 0, s: number(last?.seconds ?? 0, 0) }) : "",
    };
    return card(
      "vd-cmp-wide",
      "refine",
      t("refine.why"),
      html`<div class="vd-cmp-tools"><div class="vd-field"><span>${t("refine.seconds")}</span>${choices({
        part: "seconds",
        name: `${tab.prefix}-seconds`,
        label: t("refine.seconds"),
        options: optionsOf(SECONDS),
        value: this.seconds,
        choose: (seconds) => {
          this.seconds = seconds;
          tab.draw();
        },
      })}</div>${progress("refineBar", t("refine.title"), bar, small("refineHalt", this.halt, { key: "photo.halt" }), { away: !running })}</div>
      <p class="vd-cmp-said" data-part="refineSaid" role="status">${this.gained()}</p>
      <div class="vd-cmp-plots" ?hidden=${!steps.length}><div data-part="refineBits"></div><div data-part="refinePsnr"></div></div>`,
      small("refineStart", this.start, { key: "refine.start", disabled: running || !tab.photo.coding.ready }),
    );
  }
}
