// A - B + C with pictures, and the way from one picture to another; both through the autoencoder and the VAE.

import { html } from "../../page/vendor/lit-html.js";
import { clamp, newest, onWidth } from "../../page/frame/dom.js";
import { chooser } from "../../page/frame/pieces.js";
import { t } from "../../page/frame/text.js";
import { drawSheet, sampleOf, smooth } from "../../page/draw/grids.js";
import { pixels, unpack } from "../../page/draw/pixels.js";
import { onPointer, shareOf } from "../../page/draw/pointer.js";
import { Slots } from "../../page/picture/slots.js";
import { onFiles } from "../../page/picture/source.js";
import { FRAMES, PATHS } from "./state.js";

const KINDS = ["ae", "vae"];
// Of the pictures of a path, a strip of a width shows one in so many.
const everyOf = (width) => (width < 560 ? 4 : 2);

const sign = (text) => html`<span class="vd-gen-sign" aria-hidden="true">${text}</span>`;

// tab: the tab; sources: of the places for pictures.
export class Arithmetic {
  constructor(tab, sources) {
    Object.assign(this, { tab, sum: {}, sumOf: null, frames: {}, sheets: {}, every: 2 });
    const slots = (names, ask) => {
      const own = new Slots(tab, names, {
        sources,
        read: (blob) => tab.readFile(blob),
        changed: () => {
          this.last = own;
          ask();
          this.changed();
        },
      });
      return own;
    };
    this.sums = slots(["a", "b", "c"], () => this.askSum());
    this.ways = slots(["p", "q"], () => this.askWay());
    this.last = this.sums;
  }

  // After the first drawing.
  begin() {
    const { p } = this.tab;
    onPointer(
      KINDS.map((kind) => p[`strip${kind}`]),
      { press: this.point, drag: (_, e) => this.point(e) },
    );
    onWidth(p.strips, (width) => {
      this.every = everyOf(width);
      this.cut();
      this.tab.draw();
    });
    // A file pasted, or dropped beside the places, goes to the card that was used last.
    onFiles(
      () => p.sumCard.offsetParent !== null,
      (blob) => this.last.take(blob),
    );
  }

  // ---- asking ------------------------------------------------------------------------------------------------

  // took: what is kept of the pictures that a question gives, by kind of model.
  asker = (name, took) =>
    newest(async (job) => {
      const answer = await this.tab.request(name, job);
      if (!answer) return;
      const made = Object.entries(answer.results).map(([kind, x]) => [kind, unpack(x)]);
      Object.assign(this, took(Object.fromEntries(made), job));
      this.cut();
      this.tab.draw();
    });

  add = this.asker("combine", (sum, { domain, d }) => ({ sum, sumOf: `${domain}-${d}` }));
  walk = this.asker("between", (frames) => ({ frames }));

  askSum() {
    const { domain, d } = this.tab.state;
    const xs = this.sums.pictures();
    if (xs.every(Boolean)) this.add({ domain, d, xs });
  }

  askWay() {
    const { domain, d, path } = this.tab.state;
    const [a, b] = this.ways.pictures();
    if (a && b) this.walk({ domain, d, a, b, n: FRAMES, path });
  }

  again() {
    this.askSum();
    this.askWay();
  }

  // Another domain, with its examples.
  start(examples) {
    Object.assign(this, { frames: {}, sheets: {}, sum: {} });
    for (const slots of [this.sums, this.ways]) slots.start(examples, this.tab.state.slots);
    this.tab.draw();
    this.again();
  }

  changed() {
    Object.assign(this.tab.state.slots, this.sums.chosen(), this.ways.chosen());
    this.tab.write();
  }

  // ---- the step on the way -----------------------------------------------------------------------------------

  get shown() {
    return (FRAMES - 1) / this.every + 1;
  }

  setStep(step) {
    this.tab.state.step = clamp(step, 0, FRAMES - 1);
    this.tab.draw();
    this.changed();
  }

  point = (e) => {
    const [share] = shareOf(e.currentTarget, e);
    this.setStep(Math.round(share * this.shown * this.every - this.every / 2));
  };

  choosePath = (path) => {
    this.tab.state.path = path;
    this.tab.draw();
    this.askWay();
    this.changed();
  };

  // ---- views -------------------------------------------------------------------------------------------------

  result(name, kind, bytes, of) {
    const missing = !bytes && Object.keys(name === "sum" ? this.sum : this.frames).length;
    return html`<figure class="vd-gen-result ${missing ? "vd-away" : ""}" data-kind=${kind}><figcaption><b>${t(`kind.${kind}`)}</b></figcaption><span
      class="vd-picture"><canvas class="vd-pixels" data-part="${name}${kind}" width="28" height="28" role="img" data-shown=${of}
      aria-label=${t(`generate.${name}.label`, { kind: t(`kind.${kind}`) })} .draw=${pixels(bytes, this.tab.row.channels)}></canvas></span></figure>`;
  }

  strip(kind) {
    const frames = this.frames[kind];
    const missing = !frames && Object.keys(this.frames).length;
    const name = t(`kind.${kind}`);
    return html`<span class="vd-gen-striphead" data-kind=${kind}>${name}</span><span class="vd-gen-strip ${missing ? "vd-away" : ""}"
      style="--at: ${this.tab.state.step / this.every}"><canvas data-part="strip${kind}" width="280" height="28" role="img"
      aria-label=${t("generate.strip.label", { kind: name, n: this.shown })} .draw=${this.sheets[kind]}></canvas></span>`;
  }

  // Drawings of the strips: of the frames as many as there is room for.
  cut() {
    const { row } = this.tab;
    const each = row.channels * row.size ** 2;
    const { frames, shown: count, every } = this;
    const drawn = (all) => (canvas) => {
      const bytes = new Uint8Array(count * each);
      for (let i = 0; i < count; i += 1) bytes.set(sampleOf(all, i * every, row.channels, row.size), i * each);
      drawSheet(canvas, bytes, row, count);
      smooth(canvas, count, row.size);
    };
    this.sheets = Object.fromEntries(Object.entries(frames).map(([kind, all]) => [kind, drawn(all)]));
  }

  card(name, slots, inside, beside = "") {
    return html`<section class="vd-card" data-part="${name}Card" @dragover=${slots.drag} @dragleave=${slots.leave} @drop=${slots.drop}
      @pointerdown=${() => (this.last = slots)}>
      <header><h2>${t(`generate.${name}.title`)}</h2><p data-part="${name}Why" .innerHTML=${t(`generate.${name}.why`)}></p>${beside}</header>
      ${inside}
    </section>`;
  }

  sumCard() {
    const { sums } = this;
    const inside = html`
      <div class="vd-gen-sum">
        <div class="vd-gen-terms">${sums.place("a")}${sign("−")}${sums.place("b")}${sign("+")}${sums.place("c")}</div>
        ${sign("=")}
        <div class="vd-gen-results">${KINDS.map((kind) => this.result("sum", kind, this.sum[kind], this.sumOf ?? ""))}</div>
      </div>
      ${sums.tray()}
      <p class="vd-gen-line">${t("generate.sum.note")}</p>`;
    return this.card("sum", sums, inside);
  }

  wayCard() {
    const { ways, tab } = this;
    const { state, row } = tab;
    const frame = (kind) => this.frames[kind] && sampleOf(this.frames[kind], state.step, row.channels, row.size);
    const of = `${state.domain}-${state.d}-${state.step}`;
    const share = Math.round((100 * state.step) / (FRAMES - 1));
    const options = PATHS.map((v) => ({ value: v, label: t(`generate.path.${v}`), title: t(`generate.path.${v}.why`) }));
    const paths = chooser(tab, "path", options, { bare: true, label: t("generate.path.label"), choose: this.choosePath });
    const inside = html`
      <div class="vd-gen-way">${ways.place("p")}
        <div class="vd-gen-results">${KINDS.map((kind) => this.result("way", kind, frame(kind), of))}</div>${ways.place("q")}</div>
      <div class="vd-gen-strips" data-part="strips" style="--shown: ${this.shown}">
        <div class="vd-slider vd-gen-step"><input type="range" data-part="step" min="0" max=${FRAMES - 1} step="1" data-at=${state.step}
          aria-label=${t("generate.step.label")} aria-valuetext=${t("generate.step.value", { share })} @input=${(e) => this.setStep(Number(e.target.value))}></div>
        ${KINDS.map((kind) => this.strip(kind))}
      </div>
      ${ways.tray()}`;
    return this.card("way", ways, inside, paths);
  }
}
