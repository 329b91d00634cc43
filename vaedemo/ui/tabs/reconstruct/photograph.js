// "Reconstruct" of a photograph: at its own size through the codec, at a latent dimension and a quality; and its quality over
// all dimensions.

import { html } from "../../page/vendor/lit-html.js";
import { button, card, sheet } from "../../page/frame/pieces.js";
import { hand } from "../../page/frame/shared.js";
import { openTab } from "../../page/frame/tabs.js";
import { atRest } from "../../page/frame/dom.js";
import { number, t } from "../../page/frame/text.js";
import { Plot } from "../../page/draw/plot.js";
import { Photo, changesOf, photoFigures, sized } from "../../page/picture/photo.js";
import { asked } from "../../page/picture/photostate.js";
import { Work } from "../../page/picture/work.js";

const AT_ONCE = 700_000; // pixels up to which the curve is drawn without being asked for
const REST = 100; // ms

export class Photograph extends Photo {
  constructor(tab) {
    super(tab, {
      wish: () => asked({ quality: tab.state.quality }, tab.state, tab.value.channels),
      finished: () => {
        tab.show();
        this.followed();
      },
    });
    this.ladder = new Work(tab, "ladder");
    // The quality that the curve belongs to, and once the slider rests the curve of another one.
    this.drawn = null;
    this.followed = atRest(REST, () => this.follow());
  }

  follow() {
    const { coding, size, answer, drawn } = this;
    const busy = coding.job && coding.job.job !== answer?.job;
    if (busy || !coding.ready || answer.quality === drawn || size[0] * size[1] > AT_ONCE) return;
    this.climb();
  }

  climb = () => {
    this.drawn = this.answer.quality;
    this.ladder.start();
  };

  took(picture, live) {
    if (!live) this.ladder.forget();
    this.drawn = null;
    super.took(picture, live);
  }

  leave() {
    this.ladder.forget();
    super.leave();
  }

  // What of the view is drawn by a chart.
  show() {
    const { p, state, value } = this.tab;
    this.views.put();
    if (this.place !== p.ladderPlot) {
      this.place = p.ladderPlot;
      const choose = ({ x }) => this.tab.wish({ k: x });
      this.plot = new Plot(p.ladderPlot, { height: 300, name: () => t("ladder.title"), hint: () => t("ladder.hint"), choose });
    }
    const points = this.ladder.found.map((f) => ({
      x: f.channels,
      y: f.psnr,
      text: t("ladder.point", { k: f.channels, psnr: number(f.psnr, 2), size: sized(f.bytes) }),
    }));
    const y = this.answer?.figures.psnr;
    this.plot.show({
      series: [{ name: "", tone: 0, points }],
      x: { title: t("ladder.x"), log: true, digits: 0 },
      y: { title: "PSNR, dB", digits: 1 },
      here: points.length && y && this.answer.quality === this.drawn ? { x: state.k ?? value.channels.at(-1), y } : null,
    });
  }

  // The same photograph in the tab that writes files.
  compress = () => {
    hand("photograph", this.tab.yours.source);
    openTab("compress");
  };

  view(domains) {
    const { tab, answer, coding, ladder, size } = this;
    const [width, height] = size;
    const { ready } = coding;
    const climb = html`<button type="button" class="vd-small" data-part="ladderStart" ?disabled=${ladder.running || !ready} @click=${this.climb}>${t("ladder.start")}</button>`;
    return sheet(tab, {
      kind: "vd-photo",
      style: `--shape: ${width / height}`,
      panels: html`${tab.yours.panel()}${this.panels()}`,
      readout: { id: "vd-readout", part: "readout", text: this.reading || t("photo.hint") },
      mode: this.modes(),
      sources: ["upload", "draw", "camera"],
      tools: "",
      controls: html`${this.channels()}${this.quality(tab.state.quality)}
        <div class="vd-choosers">${domains}</div>
        ${coding.view()}${photoFigures(answer)}<p class="vd-note" data-part="changes">${changesOf(tab.yours.picture)}</p>`,
      cards: card(
        "vd-ladder",
        "ladder",
        t("ladder.why", { most: tab.value.channels.at(-1) }),
        html`${ladder.progress()}<div data-part="ladderPlot"></div>`,
        climb,
      ),
      buttons: html`${button("saveImage", "save", this.saveImage, { disabled: !ready })}${button("savePicture", "save", this.savePicture, { disabled: !ready })}${button("toCompress", "save", this.compress)}`,
      more: "ladder.more",
    });
  }
}
