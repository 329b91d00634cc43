// The two ends of a walk. An end is {kind: "example", name}, {kind: "yours"}, {kind: "file"} or {kind: "point", model, z};
// each with the picture x (base64) that stands for it.

import { html } from "../../page/vendor/lit-html.js";
import { icon } from "../../page/frame/pieces.js";
import { className, failure, number, t } from "../../page/frame/text.js";
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
  const found = /^(ae|vae):(-?[\d.]+),(-?[\d.]+)$/.exec(word);
  const z = found?.slice(2).map(Number);
  return z?.every((v) => Number.isFinite(v) && Math.abs(v) < 1000) ? { kind: "point", model: found[1], z } : undefined;
};

const label = (end) => {
  if (!end) return "";
  if (end.kind === "point") return `${t(`kind.${end.model}`)} (${end.z.map((v) => number(v, 1)).join(", ")})`;
  return end.kind === "example" ? className(end.name) : t(`walk.end.${end.kind}`);
};

// walks: the section they belong to; changed(): both have their pictures, and one has another.
export class Ends {
  constructor(walks, changed) {
    Object.assign(this, { walks, tab: walks.tab, changed, ends: [null, null], active: 0, examples: [], turns: [0, 0], picking: false });
  }

  get ready() {
    return this.ends.every(Boolean);
  }

  draw() {
    this.walks.draw();
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

  async put(k, end) {
    this.turns[k] += 1;
    const turn = this.turns[k];
    const made = await this.pictured(end);
    if (!made || turn !== this.turns[k]) return;
    this.ends[k] = made;
    this.draw();
    if (this.ready) this.changed();
  }

  // A visitor's choice; the other end is the next to be chosen.
  take(k, end) {
    this.active = 1 - k;
    this.tab.say("");
    this.draw();
    this.put(k, end);
  }

  // Another domain, with these ends, which have no pictures yet.
  async start(ends) {
    const { domain } = this.tab.state;
    if (this.picking) this.tab.endPick();
    Object.assign(this, { active: 0, ends: [null, null], examples: [] });
    ends.forEach((end, k) => this.put(k, end));
    const { examples = [] } = await this.tab.aboutOf(domain);
    if (domain !== this.tab.state.domain) return;
    this.examples = examples;
    this.draw();
  }

  // The picture at hand is another one.
  refresh() {
    this.draw();
    this.ends.forEach((end, k) => end?.kind === "yours" && end.x !== this.tab.picture()?.x && this.put(k, { kind: "yours" }));
  }

  // ---- choosing ----------------------------------------------------------------------------------------------

  // Two points of the map, one after the other, as long as it is asked; pressed once more, none.
  pick = async () => {
    if (this.picking) return this.tab.endPick();
    this.picking = true;
    this.draw();
    for (const k of [this.active, 1 - this.active]) {
      const point = await this.tab.pick();
      if (!point) break;
      this.take(k, { kind: "point", model: point.kind, z: point.z });
    }
    this.picking = false;
    return this.draw();
  };

  choose(k) {
    this.active = k;
    this.draw();
  }

  turn = () => {
    this.ends.reverse();
    this.draw();
    this.changed();
  };

  keys = (e) => {
    if (!e.key.startsWith("Arrow")) return;
    e.preventDefault();
    this.choose(1 - this.active);
    e.currentTarget.parentElement.querySelector("[aria-checked=true]").focus();
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
    const take = (end) => this.take(this.active, end);
    const takeFile = ({ target }) => {
      const [blob] = target.files;
      target.value = "";
      if (blob) take({ kind: "file", source: { kind: "file", blob, path: null } });
    };
    return html`<div class="vd-ends">
  <div class="vd-ends-slots" role="radiogroup" aria-label=${t("walk.ends")}>
    ${this.slot(0)}
    <button type="button" class="vd-icon" data-part="endTurn" aria-label=${t("walk.turn")} title=${t("walk.turn")} @click=${this.turn}>${icon("turn")}</button>
    ${this.slot(1)}
  </div>
  <div class="vd-ends-tray" data-part="endTray" role="group" aria-label=${into}>
    <span class="vd-note" data-part="endInto">${this.picking ? t("walk.picking") : into}</span>
    <div class="vd-ends-examples" data-part="endExamples">${exampleRow(this.examples, this.ends[this.active]?.name, (name) => take({ kind: "example", name }))}</div>
    <div class="vd-ends-others">
      <button type="button" class="vd-button" data-part="endYours" ?disabled=${!this.tab.picture()} @click=${() => take({ kind: "yours" })}>${t("walk.yours")}</button>
      <button type="button" class="vd-button" data-part="endUpload"
        @click=${(e) => e.currentTarget.closest("[role=group]").querySelector("input").click()}>${icon("upload")}<span>${t("upload.button")}</span></button>
      <button type="button" class="vd-button ${this.walks.d === 2 ? "" : "vd-away"}" data-part="endPoint" aria-pressed=${this.picking}
        @click=${this.pick}>${icon("point")}<span>${t("walk.onmap")}</span></button>
    </div>
    <input type="file" data-part="endFile" accept="image/*,.tif,.tiff" hidden @change=${takeFile}>
  </div>
</div>`;
  }
}
