// "Latent space", below: walks from one picture or point to another, straight and along an arc, through AE and VAE.

import { html } from "../../page/vendor/lit-html.js";
import { newest, onWidth } from "../../page/frame/dom.js";
import { fileName, save } from "../../page/frame/download.js";
import { field, optionsOf } from "../../page/frame/pieces.js";
import { numberOf, whole, word } from "../../page/frame/state.js";
import { number, t } from "../../page/frame/text.js";
import { nearestDim } from "../../page/maths/models.js";
import { meanNorm, onPath, swing } from "../../page/maths/paths.js";
import { sampleOf } from "../../page/draw/grids.js";
import { pixels, unpack } from "../../page/draw/pixels.js";
import { across, stripRow } from "../../page/draw/strips.js";
import { Below } from "./below.js";
import { Ends, endFromWord, endToWord } from "./ends.js";

const PATHS = ["straight", "spherical"];
const STEPS = { low: 5, high: 15, usual: 9 };
const FAR = 5; // the usual walk goes from the first example to this one
const FINER = 4; // steps of the moving pictures for each of the strip's
const ARC = Array.from({ length: 49 }, (_, k) => k / 48);
const TYPES = { gif: "image/gif", webp: "image/webp" };

// Both ends are in the address where one of them is not the usual one.
const end = (name, k) => ({
  name,
  parse: (text, _, { row }) => endFromWord(text, row),
  put: (s, v) => (s.asked[k] = v),
  format: (_, { ends, usual }) => (String(ends.ends.map(endToWord)) === String(usual.map(endToWord)) ? null : endToWord(ends.ends[k])),
});
const WORDS = [
  end("from", 0),
  end("to", 1),
  word("wd", numberOf((_, { dims }) => dims), (_, { dims }) => (dims.includes(2) ? 2 : dims[0]), "d"),
  word("steps", whole(STEPS.low, STEPS.high), STEPS.usual, "n"),
]; // prettier-ignore

export class Walks extends Below {
  constructor(root, tab) {
    super(root, tab, WORDS, () => ({ d: 2, n: STEPS.usual, asked: [] }));
    // request: what the strips show; fine: the request of the finer steps there are; share: where on the way.
    Object.assign(this, { request: null, fine: null, share: 0, playing: 0, made: [] });
    this.ends = new Ends(this, () => {
      this.tell();
      this.walk();
    });
    this.enter(this.asked);
  }

  hears = {
    language: () => this.draw(),
    picture: () => this.ends.refresh(),
    domain: () => {
      this.enter();
      this.tell();
    },
  };

  get dims() {
    return [...new Set(this.kinds.flatMap((k) => this.row.kinds[k]))].sort((a, b) => a - b);
  }

  get rows() {
    return this.kinds.filter((k) => this.row.kinds[k].includes(this.d)).flatMap((kind) => PATHS.map((path) => ({ kind, path })));
  }

  get usual() {
    const { examples } = this.row;
    return [0, 1].map((k) => ({ kind: "example", name: examples[Math.min(k * FAR, examples.length - 1)] }));
  }

  // ---- asking ------------------------------------------------------------------------------------------------

  get body() {
    const sent = (one) => one && (one.kind === "point" && this.d === 2 ? { x: one.x, z: one.z, kind: one.model } : { x: one.x });
    return { domain: this.domain, d: this.d, ends: this.ends.ends.map(sent), rows: this.rows.map((r) => [r.kind, r.path]), n: this.n };
  }

  // The wanted walk as text, by which answers are known; null while there is none.
  get wanted() {
    return this.ends.ready && this.rows.length ? JSON.stringify(this.body) : null;
  }

  get finer() {
    return FINER * (this.n - 1) + 1;
  }

  read(answer) {
    const { channels, size } = this.row;
    return answer.rows.map(({ x_hat, ...r }) => {
      const bytes = unpack(x_hat);
      return { ...r, pictures: r.z.map((_, k) => pixels(sampleOf(bytes, k, channels, size), channels)) };
    });
  }

  walk = newest(async () => {
    const request = this.wanted;
    const answer = request && (await this.tab.newer("walk", this.body, () => this.wanted));
    if (!answer) return;
    Object.assign(this, { request, fine: null, made: this.read(answer) });
    this.draw();
    this.p.walkStrips.dataset.ends = this.ends.ends.map((one) => endToWord(one) ?? one.kind).join(" ");
    this.p.walkStrips.dataset.drawn = `${this.d} ${this.made[0].z.length}`;
    this.drawPath();
    if (this.playing || this.share > 0) this.refine();
  });

  // The moving pictures, asked for when something first moves.
  refine = newest(async () => {
    const { request } = this;
    if (!request || request !== this.wanted || this.fine === request) return;
    const answer = await this.tab.newer("walk", { ...JSON.parse(request), n: this.finer }, () => this.wanted);
    if (!answer) return;
    this.fine = request;
    const finer = this.read(answer);
    for (const r of this.made) r.fine = finer.find((f) => f.kind === r.kind && f.path === r.path)?.pictures;
    this.draw();
  });

  // A row as it came, unless it is of other steps.
  madeOf({ kind, path }) {
    return this.made.find((r) => r.kind === kind && r.path === path && r.z.length === this.n);
  }

  keep = async ({ kind, path }, format, button) => {
    button.disabled = true;
    const answer = await this.tab.asking("animation", { ...this.body, rows: [[kind, path]], n: this.finer, format });
    button.disabled = false;
    if (answer.error) return;
    save(
      new Blob([unpack(answer.data)], { type: TYPES[format] }),
      `${fileName("latent", "walk", this.domain, kind, this.d, path)}.${format}`,
    );
  };

  // ---- drawing -----------------------------------------------------------------------------------------------

  drawPath() {
    const { made, share, tab } = this;
    if (this.d !== 2 || !made.length) return tab.drawPath(null);
    const of = ({ z, path }) => {
      const at = (s) => onPath(z[0], z.at(-1), path, s);
      return { points: path === "straight" ? [z[0], z.at(-1)] : ARC.map(at), dashed: path === "straight", at: at(share) };
    };
    return tab.drawPath(Object.fromEntries(this.kinds.map((kind) => [kind, made.filter((r) => r.kind === kind).map(of)])));
  }

  go(share) {
    this.share = share;
    this.draw();
    this.drawPath();
  }

  jump = (share) => {
    this.stop();
    this.go(share);
  };

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.draw();
  }

  play() {
    this.refine();
    let before = 0;
    // The time on the way there that belongs to where it stands.
    let time = this.share * 2.4;
    const step = (moment) => {
      const { walkPlay } = this.p;
      if (!walkPlay.isConnected) return;
      if (before && walkPlay.offsetParent) this.go(swing((time += Math.min(0.1, (moment - before) / 1000))));
      before = moment;
      this.playing = requestAnimationFrame(step);
    };
    this.playing = requestAnimationFrame(step);
    this.draw();
  }

  begin() {
    onWidth(this.p.walkStrips, (width) => {
      this.width = width;
      this.draw();
    });
  }

  // ---- changing ----------------------------------------------------------------------------------------------

  set(patch) {
    Object.assign(this, patch, { request: null, made: [] });
    this.draw();
    this.tell();
    this.walk();
  }

  enter(asked = []) {
    Object.assign(this, { request: null, fine: null, made: [] });
    this.root.hidden = !this.kinds.length || !this.row.examples.length;
    if (this.root.hidden) return;
    if (!this.dims.includes(this.d)) this.d = nearestDim(this.dims, this.d);
    this.drawPath();
    this.ends.start(this.usual.map((usual, k) => asked[k] ?? usual));
    this.draw();
  }

  // ---- views -------------------------------------------------------------------------------------------------

  settings() {
    const { d, n } = this;
    const choose = (v) => this.set({ d: Number(v) });
    return html`<div class="vd-walk-settings">
      ${field({ part: "walkD", name: "vd-walk-d", label: t("walk.d"), options: optionsOf(this.dims), value: d, choose })}
      <div class="vd-field vd-walk-steps"><label for="vd-walk-steps"><span>${t("walk.steps")}</span> <b data-part="walkStepsValue">${n}</b></label>
        <input type="range" class="vd-lat-slider" id="vd-walk-steps" data-part="walkSteps" min=${STEPS.low} max=${STEPS.high} step="1" data-at=${n}
          @input=${(e) => this.set({ n: Number(e.target.value) })}></div>
    </div>`;
  }

  player() {
    const { playing, share } = this;
    const moved = (e) => {
      const place = Number(e.target.value);
      this.refine();
      this.jump(place);
    };
    return html`<div class="vd-walk-player">
    <button type="button" class="vd-button vd-play" data-part="walkPlay" aria-pressed=${playing > 0}
      @click=${() => (playing ? this.stop() : this.play())}><svg viewBox="0 0 20 20" aria-hidden="true"><path
      class="vd-when-off" d="M6 3.5v13l10-6.5z"/><path class="vd-when-on" d="M6.5 4v12M13.5 4v12"/></svg><span data-part="walkPlayText">${t(playing ? "walk.pause" : "walk.play")}</span></button>
    <input type="range" class="vd-lat-slider" data-part="walkPosition" min="0" max="1" step="0.001" data-at=${share} aria-label=${t("walk.position")}
      aria-valuetext=${t("walk.position.value", { share: number(100 * share, 0) })} @input=${moved}>
  </div>`;
  }

  view() {
    const { d, n, share } = this;
    const strip = { n, size: this.row.size, share, go: this.jump, keep: this.keep };
    return html`<section class="vd-card vd-walks">
  <header><h2>${t("walk.title")}</h2><p>${t("walk.why")}</p></header>
  <div class="vd-walk-controls">${this.ends.view()}${this.settings()}</div>
  ${this.player()}
  <div class="vd-strips ${d === 2 ? "vd-on-map" : ""}" style="--across: ${across(n, this.width)}" data-part="walkStrips">${this.rows.map((r) => stripRow(this.madeOf(r) ?? r, strip))}</div>
  <p class="vd-note vd-walk-foot" data-part="walkFoot">${t("walk.foot", { d, root: number(meanNorm(d), 1) })}</p>
  <details><summary>${t("walk.more")}</summary><p>${t("walk.more.text")}</p></details>
</section>`;
  }
}
