// The two ends of a walk. An end is {kind: "example", name}, {kind: "yours"}, {kind: "file"} or {kind: "point", model, z};
// each with the picture x (base64) that stands for it.

import { html } from "../../page/vendor/lit-html.js";
import { icon } from "../../page/frame/pieces.js";
import { failure, number, t } from "../../page/frame/text.js";
import { pixels, unpack } from "../../page/draw/pixels.js";
import { askWith } from "../../page/picture/source.js";
import { exampleRow } from "../../page/picture/yours.js";

// An end as a word of the address, and back: an example's name, or "vae:-0.52,1.25"; what has no word is null.
export const endToWord = (end) => {
  if (end?.kind === "example") return end.name;
  return end?.kind === "point" ? `${end.model}:${end.z.map((v) => Number(v.toFixed(3))).join()}` : null;
};
export const endFromWord = (word, row) => {
  if (row.examples.includes(word)) return { kind: "example", name: word };
  const found = /^(ae|vae):(-?[\d.]+),(-?[\d.]+)$/.exec(word ?? "");
  const z = found?.slice(2).map(Number);
  return z?.every((v) => Number.isFinite(v) && Math.abs(v) < 1000) ? { kind: "point", model: found[1], z } : null;
};

const label = (end) => {
  if (!end) return "";
  if (end.kind === "point") return `${t(`kind.${end.model}`)} (${end.z.map((v) => number(v, 1)).join(", ")})`;
  return end.kind === "example" ? end.name : t(`walk.end.${end.kind}`);
};

// tab: "Latent space"; hooks: draw(): its view is another one; changed(): both ends have their pictures, or one has another;
// points(): whether points of the map may be ends.
export class Ends {
  constructor(tab, hooks) {
    Object.assign(this, { tab, hooks, ends: [null, null], active: 0, examples: [], turns: [0, 0], picking: false });
  }

  get ready() {
    return this.ends.every(Boolean);
  }

  // The picture of an end, from the server where it has none yet; null after a failure, which is said.
  async pictured(end) {
    const { tab } = this;
    const { domain } = tab.state;
    if (end.kind === "yours") {
      const picture = tab.picture();
      return picture ? { ...end, x: picture.x } : null;
    }
    const source = end.kind === "file" ? end.source : { kind: "example", name: end.name, domain };
    const answer =
      end.kind === "point"
        ? await tab.ask("decode", { domain, kind: end.model, d: 2, beta: 1, z: end.z })
        : await askWith(tab.ask, "prepare", source, tab.upload, { domain, models: [] });
    if (answer.error) tab.say(failure(answer));
    return answer.error ? null : { ...end, x: answer.x ?? answer.x_hat };
  }

  async put(k, end, forth = false) {
    this.turns[k] += 1;
    const turn = this.turns[k];
    if (forth) this.active = 1 - k;
    this.hooks.draw();
    const made = await this.pictured(end);
    if (!made || turn !== this.turns[k]) return;
    this.tab.say("");
    this.ends[k] = made;
    this.hooks.draw();
    if (this.ready) this.hooks.changed();
  }

  // Another domain, with these ends, which have no pictures yet.
  async start(ends) {
    this.stop();
    const { domain } = this.tab.state;
    this.turns = this.turns.map((turn) => turn + 1);
    const turns = String(this.turns);
    Object.assign(this, { active: 0, ends: [null, null], examples: [] });
    const [about, ...made] = await Promise.all([this.tab.aboutOf(domain), ...ends.map((end) => (end ? this.pictured(end) : null))]);
    if (turns !== String(this.turns) || domain !== this.tab.state.domain) return;
    Object.assign(this, { examples: about.examples ?? [], ends: made });
    this.hooks.draw();
    if (this.ready) this.hooks.changed();
  }

  // The picture at hand is another one.
  refresh() {
    this.hooks.draw();
    this.ends.forEach((end, k) => end?.kind === "yours" && end.x !== this.tab.picture()?.x && this.put(k, { kind: "yours" }));
  }

  // ---- points on the map -------------------------------------------------------------------------------------

  stop() {
    if (this.picking) this.tab.cancelPick();
    this.picking = false;
  }

  // Two points, one after the other, as long as the map is asked.
  async pick() {
    this.stop();
    this.picking = true;
    this.hooks.draw();
    for (const k of [this.active, 1 - this.active]) {
      const point = await this.tab.pick(null);
      if (!point) break;
      this.put(k, { kind: "point", model: point.kind, z: point.z }, true);
    }
    this.picking = false;
    this.hooks.draw();
  }

  togglePick = () => {
    if (!this.picking) return this.pick();
    this.stop();
    return this.hooks.draw();
  };

  // ---- choosing ----------------------------------------------------------------------------------------------

  choose(k) {
    this.active = k;
    this.hooks.draw();
  }

  turn = () => {
    this.ends.reverse();
    this.hooks.draw();
    this.hooks.changed();
  };

  keys = (e) => {
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(e.key)) return;
    e.preventDefault();
    this.choose(1 - this.active);
    e.currentTarget.parentElement.querySelector("[aria-checked=true]").focus();
  };

  takeFile = ({ target }) => {
    const [blob] = target.files;
    target.value = "";
    if (blob) this.put(this.active, { kind: "file", source: { kind: "file", blob, path: null } }, true);
  };

  // ---- views -------------------------------------------------------------------------------------------------

  slot(k) {
    const [end, on, name] = [this.ends[k], k === this.active, t(k ? "walk.to" : "walk.from")];
    return html`<button type="button" class="vd-end" role="radio" data-part="end${k}" aria-checked=${on} tabindex=${on ? 0 : -1} aria-label="${name}: ${label(end)}"
      @click=${() => this.choose(k)} @keydown=${this.keys}><span class="vd-picture"><canvas class="vd-pixels" width="28" height="28"
      .draw=${pixels(end?.x && unpack(end.x), this.tab.row.channels)}></canvas></span><b>${name}</b><small>${label(end)}</small></button>`;
  }

  view() {
    const into = t(this.active ? "walk.into.to" : "walk.into.from");
    const example = (name) => this.put(this.active, { kind: "example", name }, true);
    return html`<div class="vd-ends">
  <div class="vd-ends-slots" role="radiogroup" aria-label=${t("walk.ends")}>
    ${this.slot(0)}
    <button type="button" class="vd-icon" data-part="endTurn" aria-label=${t("walk.turn")} title=${t("walk.turn")} @click=${this.turn}>${icon("turn")}</button>
    ${this.slot(1)}
  </div>
  <div class="vd-ends-tray" data-part="endTray" role="group" aria-label=${into}>
    <span class="vd-note" data-part="endInto">${this.picking ? t("walk.picking") : into}</span>
    <div class="vd-ends-examples" data-part="endExamples">${exampleRow(this.examples, this.ends[this.active]?.name, example)}</div>
    <div class="vd-ends-others">
      <button type="button" class="vd-button" data-part="endYours" ?disabled=${!this.tab.picture()}
        @click=${() => this.put(this.active, { kind: "yours" }, true)}>${t("walk.yours")}</button>
      <button type="button" class="vd-button" data-part="endUpload"
        @click=${(e) => e.currentTarget.closest("[role=group]").querySelector("input").click()}>${icon("upload")}<span>${t("upload.button")}</span></button>
      <button type="button" class="vd-button ${this.hooks.points() ? "" : "vd-away"}" data-part="endPoint" aria-pressed=${this.picking}
        @click=${this.togglePick}>${icon("point")}<span>${t("walk.onmap")}</span></button>
    </div>
    <input type="file" data-part="endFile" accept="image/*,.tif,.tiff" hidden @change=${this.takeFile}>
  </div>
</div>`;
  }
}
