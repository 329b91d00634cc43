// The photograph's file beside those of other codecs, as large or as good: figures, pictures and errors at the same place.

import { html } from "../../page/vendor/lit-html.js";
import { card, chooser } from "../../page/frame/pieces.js";
import { number, t } from "../../page/frame/text.js";
import { fromUri, heatFromUri } from "../../page/draw/pixels.js";
import { decibels, sized } from "../../page/picture/photo.js";
import { MEASURES, NAMES } from "./state.js";
import { Work } from "../../page/picture/work.js";

const known = (value, digits) => (value === null ? "–" : number(value, digits));
const seconds = (value) => (value < 1 ? t("beside.ms", { ms: number(1000 * value, 0) }) : t("beside.s", { s: number(value, 1) }));

// A column: the keys of its name and of why, and what it says of a row.
const COLUMNS = [
  ["beside.quality", (r) => number(r.quality, 0)],
  ["photo.size", (r) => sized(r.bytes)],
  ["beside.bpp", (r) => number(r.bpp, 3)],
  ["photo.ratio", (r) => `${number(r.ratio, 1)} ×`],
  ["psnr", (r) => decibels(r.psnr)],
  ["ssim", (r) => known(r.ssim, 3)],
  ["msssim", (r) => known(r.ms_ssim, 4)],
  ["beside.encode", (r) => seconds(r.encode)],
  ["beside.decode", (r) => seconds(r.decode)],
];

export class Beside extends Work {
  constructor(tab) {
    super(tab, "beside");
  }

  body() {
    return { measure: this.tab.state.measure };
  }

  stepped(answer) {
    if (answer.row) Object.assign(answer.row, { draw: fromUri(answer.row.picture), drawError: heatFromUri(answer.row.error_map) });
    super.stepped(answer);
  }

  choose = (measure) => {
    Object.assign(this.tab.state, { measure });
    this.tab.show();
    if (this.found.length || this.running) this.start();
  };

  table() {
    const head = COLUMNS.map(([key]) => html`<th scope="col" title=${t(`${key}.why`)}>${t(`${key}.name`)}</th>`);
    const tone = (r) => this.tab.value.names.indexOf(r.name);
    const line = (r) =>
      html`<tr><th scope="row"><i data-tone=${tone(r)}></i>${r.name}</th>${COLUMNS.map(([, say]) => html`<td>${say(r)}</td>`)}</tr>`;
    return html`<div class="vd-cmp-scroll"><table class="vd-cmp-table" data-part="besideTable"><thead><tr><td></td>${head}</tr></thead><tbody>${this.found.map(line)}</tbody></table></div>`;
  }

  pictures() {
    const { views } = this.tab.photo;
    const one = (r, i) => {
      const frame = (what, draw) =>
        html`<div class="vd-picture">${views.frame(`${what}${i}`, { draw, label: `${r.name}: ${t(`${what}.title`)}`, part: `${what}${i}` })}</div>`;
      return html`<figure class="vd-cmp-one" data-codec=${r.name}><figcaption><b>${r.name}</b> <span class="vd-note">${sized(r.bytes)} · ${decibels(r.psnr)} dB</span></figcaption>
        ${frame("made", r.draw)}${frame("error", r.drawError)}</figure>`;
    };
    return html`<div class="vd-cmp-row">${this.found.map(one)}</div>`;
  }

  view() {
    const { tab, found } = this;
    const measures = MEASURES.map((m) => ({ value: m, label: t(`${NAMES[m]}.name`), title: t(`measure.${m}.why`) }));
    const why = this.old ? t("beside.old") : t("beside.why");
    return card(
      "vd-cmp-wide",
      "beside",
      why,
      html`<div class="vd-cmp-tools">${chooser(tab, "measure", measures, { choose: this.choose })}${this.progress()}</div>
      <div class="vd-cmp-found ${this.old ? "vd-cmp-old" : ""}" ?hidden=${!found.length}>${this.table()}${this.pictures()}</div>`,
      this.button(),
    );
  }
}
