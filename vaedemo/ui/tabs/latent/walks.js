// "Latent space", below: walks from one picture or point to another, straight and along an arc, through AE and VAE.

import { html } from "../../page/vendor/lit-html.js";
import { newest, onWidth } from "../../page/frame/dom.js";
import { save } from "../../page/frame/download.js";
import { field, optionsOf } from "../../page/frame/pieces.js";
import { Section } from "../../page/frame/shell.js";
import { number, t } from "../../page/frame/text.js";
import { nearestDim } from "../../page/maths/models.js";
import { meanNorm, onPath, swing } from "../../page/maths/paths.js";
import { pixels, unpack } from "../../page/draw/pixels.js";
import { across, stripRow } from "../../page/draw/strips.js";
import { Ends, endFromWord, endToWord } from "./ends.js";

const KINDS = ["ae", "vae"];
const PATHS = ["straight", "spherical"];
const STEPS = { low: 5, high: 15, usual: 9 };
const FAR = 5; // the usual walk goes from the first example to this one
const FINER = 4; // steps of the moving pictures for each of the strip's
const ARC = Array.from({ length: 49 }, (_, k) => k / 48);
const TYPES = { gif: "image/gif", webp: "image/webp" };

export class Walks extends Section {
  constructor(root, tab) {
    super(root);
    // request: what the strips show; fine: the request of the finer steps there are; share: where on the way.
    Object.assign(this, { tab, d: 2, n: STEPS.usual, domain: tab.state.domain, request: null, fine: null, share: 0, playing: 0, made: [] });
    this.ends = new Ends(tab, {
      draw: () => this.draw(),
      changed: () => {
        this.tell();
        this.walk();
      },
      points: () => this.d === 2,
    });
    const { words } = tab;
    const [d, n] = [Number(words.wd), Number(words.steps)];
    if (this.dims.includes(d)) this.d = d;
    if (Number.isInteger(n) && n >= STEPS.low && n <= STEPS.high) this.n = n;
    tab.onChange((what) => this.heard(what));
    this.enter(this.domain, [endFromWord(words.from, this.row), endFromWord(words.to, this.row)]);
  }

  heard(what) {
    const { domain } = this.tab.state;
    if (what === "language") this.draw();
    else if (what === "picture") this.ends.refresh();
    else if (what === "domain" && domain !== this.domain) {
      this.enter(domain);
      this.tell();
    }
  }

  get row() {
    return this.tab.table[this.domain];
  }

  get kinds() {
    return KINDS.filter((k) => this.row.kinds[k]?.length);
  }

  get dims() {
    return [...new Set(this.kinds.flatMap((k) => this.row.kinds[k]))].sort((a, b) => a - b);
  }

  get rows() {
    return this.kinds.filter((k) => this.row.kinds[k].includes(this.d)).flatMap((kind) => PATHS.map((path) => ({ kind, path })));
  }

  // ---- asking ------------------------------------------------------------------------------------------------

  get body() {
    const sent = (end) => end && (end.kind === "point" && this.d === 2 ? { x: end.x, z: end.z, kind: end.model } : { x: end.x });
    return { domain: this.domain, d: this.d, ends: this.ends.ends.map(sent), rows: this.rows.map((r) => [r.kind, r.path]), n: this.n };
  }

  get finer() {
    return FINER * (this.n - 1) + 1;
  }

  read(answer) {
    const each = this.row.channels * this.row.size ** 2;
    return answer.rows.map(({ x_hat, ...r }) => {
      const bytes = unpack(x_hat);
      return { ...r, pictures: r.z.map((_, k) => pixels(bytes.subarray(k * each, (k + 1) * each), this.row.channels)) };
    });
  }

  walk = newest(async () => {
    if (!this.ends.ready || !this.rows.length) return;
    const request = this.body;
    const answer = await this.tab.asking("walk", request);
    if (answer.error || JSON.stringify(request) !== JSON.stringify(this.body)) return;
    Object.assign(this, { request: JSON.stringify(request), fine: null, made: this.read(answer) });
    this.draw();
    this.p.walkStrips.dataset.ends = this.ends.ends.map((end) => endToWord(end) ?? end.kind).join(" ");
    this.p.walkStrips.dataset.drawn = `${this.d} ${this.made[0].z.length}`;
    this.drawPath();
    if (this.playing || this.share > 0) this.refine();
  });

  // The moving pictures, asked for when something first moves.
  refine = newest(async () => {
    const { request } = this;
    if (!request || this.fine === request) return;
    const answer = await this.tab.asking("walk", { ...JSON.parse(request), n: this.finer });
    if (answer.error || request !== this.request) return;
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
    save(new Blob([unpack(answer.data)], { type: TYPES[format] }), `vaedemo-walk-${this.domain}-${kind}-${this.d}-${path}.${format}`);
  };

  // ---- drawing -----------------------------------------------------------------------------------------------

  drawPath() {
    const { made, share, tab } = this;
    if (this.d !== 2 || !made.length) return tab.drawPath(null);
    const of = ({ z, path }) => {
      const at = (s) => onPath(z[0], z.at(-1), path, s);
      return { points: path === "straight" ? [z[0], z.at(-1)] : ARC.map(at), dashed: path === "straight", marks: false, at: at(share) };
    };
    return tab.drawPath(Object.fromEntries(this.kinds.map((kind) => [kind, made.filter((r) => r.kind === kind).map(of)])));
  }

  go(share) {
    this.share = share;
    this.draw();
    this.drawPath();
  }

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

  draw() {
    super.draw();
    if (this.width !== undefined) return;
    this.width = NaN;
    onWidth(this.p.walkStrips, (width) => {
      this.width = width;
      this.draw();
    });
  }

  // ---- changing ----------------------------------------------------------------------------------------------

  tell() {
    const [from, to] = this.ends.ends.map(endToWord);
    const usual = this.usual.map(endToWord);
    const other = from !== usual[0] || to !== usual[1];
    const first = this.dims.includes(2) ? 2 : this.dims[0];
    this.tab.tellWords({
      from: other ? from : null,
      to: other ? to : null,
      wd: this.d === first ? null : this.d,
      steps: this.n === STEPS.usual ? null : this.n,
    });
  }

  get usual() {
    const { examples } = this.row;
    return [0, 1].map((k) => ({ kind: "example", name: examples[Math.min(k * FAR, examples.length - 1)] }));
  }

  set(patch) {
    Object.assign(this, patch, { request: null, made: [] });
    this.draw();
    this.tell();
    this.walk();
  }

  enter(domain, asked = []) {
    Object.assign(this, { domain, request: null, fine: null, made: [] });
    this.root.hidden = !this.kinds.length || !this.row.examples.length;
    if (this.root.hidden) return;
    if (!this.dims.includes(this.d)) this.d = nearestDim(this.dims, this.d);
    this.drawPath();
    this.ends.start(this.usual.map((end, k) => asked[k] ?? end));
    this.draw();
  }

  jump = (share) => {
    this.stop();
    this.go(share);
  };

  moved = (e) => {
    const share = Number(e.target.value);
    this.refine();
    this.jump(share);
  };

  view() {
    const { d, n, share, playing } = this;
    const dims = {
      part: "walkD",
      name: "vd-walk-d",
      label: t("walk.d"),
      options: optionsOf(this.dims),
      value: d,
      choose: (v) => this.set({ d: Number(v) }),
    };
    const strip = { n, size: this.row.size, share, go: this.jump, keep: this.keep };
    return html`<section class="vd-card vd-walks">
  <header><h2>${t("walk.title")}</h2><p>${t("walk.why")}</p></header>
  <div class="vd-walk-controls">
    ${this.ends.view()}
    <div class="vd-walk-settings">
      ${field(dims)}
      <div class="vd-field vd-walk-steps"><label for="vd-walk-steps"><span>${t("walk.steps")}</span> <b data-part="walkStepsValue">${n}</b></label>
        <input type="range" class="vd-lat-slider" id="vd-walk-steps" data-part="walkSteps" min=${STEPS.low} max=${STEPS.high} step="1" data-at=${n}
          @input=${(e) => this.set({ n: Number(e.target.value) })}></div>
    </div>
  </div>
  <div class="vd-walk-player">
    <button type="button" class="vd-button vd-play" data-part="walkPlay" aria-pressed=${playing > 0}
      @click=${() => (this.playing ? this.stop() : this.play())}><svg viewBox="0 0 20 20" aria-hidden="true"><path
      class="vd-when-off" d="M6 3.5v13l10-6.5z"/><path class="vd-when-on" d="M6.5 4v12M13.5 4v12"/></svg><span data-part="walkPlayText">${t(playing ? "walk.pause" : "walk.play")}</span></button>
    <input type="range" class="vd-lat-slider" data-part="walkPosition" min="0" max="1" step="0.001" data-at=${share} aria-label=${t("walk.position")}
      aria-valuetext=${t("walk.position.value", { share: number(100 * share, 0) })} @input=${this.moved}>
  </div>
  <div class="vd-strips ${d === 2 ? "vd-on-map" : ""}" style="--across: ${across(n, this.width)}" data-part="walkStrips">${this.rows.map((r) => stripRow(this.madeOf(r) ?? r, strip))}</div>
  <p class="vd-note vd-walk-foot" data-part="walkFoot">${t("walk.foot", { d, root: number(meanNorm(d), 1) })}</p>
  <details><summary>${t("walk.more")}</summary><p>${t("walk.more.text")}</p></details>
</section>`;
  }
}
