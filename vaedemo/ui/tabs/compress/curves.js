// Quality against rate: this photograph through every codec, or the published curves of Kodak's pictures.

import { html } from "../../page/vendor/lit-html.js";
import { card, chooser, optionsOf } from "../../page/frame/pieces.js";
import { failure, number, t } from "../../page/frame/text.js";
import { Plot } from "../../page/draw/plot.js";
import { BY, CURVES, NAMES } from "./state.js";
import { Work } from "../../page/picture/work.js";

const WIDEST = 2; // bits a pixel that the axis shows at most, unless the current file has more
// MS-SSIM near one: in decibels the curves lie apart.
const decibels = (value) => -10 * Math.log10(1 - Math.min(value, 0.99999));

export class Curves extends Work {
  constructor(tab) {
    super(tab, "curves");
    this.published = null;
  }

  // The photograph's curves are the same whatever file is shown.
  get old() {
    return false;
  }

  // Points {name, bpp, psnr, ms_ssim} as series of the chart.
  series(points, tones) {
    const { by } = this.tab.state;
    const names = [...new Set(points.map((p) => p.name))];
    const point = (p) => {
      const y = by === "psnr" ? p.psnr : p.ms_ssim && decibels(p.ms_ssim);
      const figure = by === "psnr" ? `${number(p.psnr, 2)} dB` : `MS-SSIM ${number(p.ms_ssim ?? 0, 4)}`;
      return { x: p.bpp, y, text: t("curves.point", { name: p.name, bpp: number(p.bpp, 3), figure }) };
    };
    return names.map((name) => ({
      name,
      tone: tones(name),
      points: points.filter((p) => p.name === name && (by === "psnr" || p.ms_ssim)).map(point),
    }));
  }

  get own() {
    return this.series(this.found, (name) => this.tab.value.names.indexOf(name));
  }

  get kodak() {
    const { shown } = this.tab.state;
    const { curves = {}, ours } = this.published ?? {};
    const [mine] = this.tab.value.names;
    const rows = (name, { bpp, psnr, ms_ssim: ms }) => bpp.map((v, i) => ({ name, bpp: v, psnr: psnr[i], ms_ssim: ms?.[i] ?? null }));
    const points = shown.filter((name) => curves[name]).flatMap((name) => rows(name, curves[name]));
    const all = ours ? [...rows(mine, ours), ...points] : points;
    return this.series(all, (name) => (name === mine ? 0 : 1 + (this.tab.value.published.indexOf(name) % 8)));
  }

  show() {
    const { tab } = this;
    const { state, answer } = tab;
    if (state.curves === "kodak" && !this.published) this.fetch();
    this.plot ??= new Plot(tab.p.curvesPlot, {
      height: 330,
      name: () => t("curves.title"),
      hint: () => (state.curves === "kodak" ? t("curves.kodak.hint") : t("curves.hint")),
    });
    const current = state.curves === "this" && answer && this.found.length;
    const y = state.by === "psnr" ? answer?.figures.psnr : answer?.figures.ms_ssim && decibels(answer.figures.ms_ssim);
    this.plot.show({
      series: state.curves === "this" ? this.own : this.kodak,
      x: { title: t("curves.x"), digits: 2, high: Math.max(WIDEST, answer?.bpp ?? 0) },
      y: { title: state.by === "psnr" ? "PSNR, dB" : "MS-SSIM, dB", digits: 1 },
      here: current && y ? { x: answer.bpp, y } : null,
    });
  }

  fetch() {
    this.published = {};
    this.tab.ask("published", {}).then((answer) => {
      if (answer.error) {
        this.published = null;
        return this.tab.say(failure(answer));
      }
      this.published = answer;
      return this.tab.show();
    });
  }

  toggle(name) {
    const { state } = this.tab;
    const shown = state.shown.includes(name) ? state.shown.filter((n) => n !== name) : [...state.shown, name];
    this.tab.set({ shown });
  }

  view() {
    const { tab } = this;
    const { state, value } = tab;
    const kodak = state.curves === "kodak";
    const one = (name) =>
      html`<label class="vd-cmp-check"><input type="checkbox" ?checked=${state.shown.includes(name)} @change=${() => this.toggle(name)}> <span>${name}</span></label>`;
    return card(
      "vd-cmp-wide",
      "curves",
      kodak ? t("curves.kodak.why") : t("curves.why"),
      html`<div class="vd-cmp-tools">${chooser(tab, "curves", optionsOf(CURVES, "curves"))}${chooser(
        tab,
        "by",
        BY.map((by) => ({ value: by, label: t(`${NAMES[by]}.name`) })),
      )}${this.progress()}</div>
      <div class="vd-cmp-checks" ?hidden=${!kodak} role="group" aria-label=${t("curves.kodak")}>${value.published.map(one)}</div>
      <div class="vd-cmp-plot" data-part="curvesPlot"></div>`,
      kodak ? "" : this.button(),
    );
  }
}
