// Damage: the visitor paints on a known picture, and a map says where.

import { html } from "../../page/vendor/lit-html.js";
import { newest } from "../../page/frame/dom.js";
import { card, chooser, optionsOf, scale, small } from "../../page/frame/pieces.js";
import { failure, number, t } from "../../page/frame/text.js";
import { LIMIT, errorMap, errors, gradient, heatMap, pack, unpack } from "../../page/draw/pixels.js";
import { ascending, auroc } from "../../page/maths/detection.js";
import { PaintPad } from "../../page/picture/paintpad.js";
import { BRUSHES, LEVELS } from "./state.js";

// The area under the ROC curve of a map's pixels, painted ones against the others; null where there are not two of each.
const areaOf = (map, painted) => {
  const of = (value) => ascending(Array.from(map).filter((_, i) => painted[i] === value));
  const [known, foreign] = [of(0), of(1)];
  return known.length > 1 && foreign.length > 1 ? auroc(known, foreign).value : null;
};

export class Painted {
  // answer: {plainMap, damageMap: {draw, area}} of the latest picture that was answered, or null.
  constructor(tab) {
    Object.assign(this, { tab, pad: null, of: null, answer: null, size: 8 });
  }

  // The picture at hand, as the model sees it.
  show() {
    const { tab } = this;
    const { picture } = tab.yours;
    if (!picture?.bytes || !tab.row.finds || picture.domain !== tab.state.domain) return;
    this.pad ??= new PaintPad(tab.p.paint, () => this.ask());
    this.tools();
    const other = this.of !== picture.bytes;
    if (!other && this.model === tab.modelKey) return;
    Object.assign(this, { of: picture.bytes, model: tab.modelKey });
    if (other) {
      this.answer = null;
      this.pad.picture(picture.bytes, tab.row.channels, tab.row.size);
      this.tools();
    }
    this.ask();
  }

  tools() {
    const { pad, tab } = this;
    const { brush, level } = tab.state;
    Object.assign(pad, { soft: brush === "stain", level: LEVELS[level] });
    pad.radius(this.size / 100);
  }

  ask = newest(async () => {
    const { tab, pad } = this;
    const [bytes, painted] = [pad.bytes(), pad.changedPixels()];
    const { domain, d } = tab.state;
    const { of } = this;
    const found = await tab.ask("damage", { domain, d, x: pack(bytes) });
    if (this.of !== of || tab.state.domain !== domain) return;
    if (found.error) return void tab.say(failure(found));
    const { channels } = pad;
    const [map, made] = [unpack(found.map), unpack(found.x_hat)];
    const plain = errors(bytes, made, channels, "absolute");
    this.answer = {
      plainMap: { draw: errorMap(bytes, made, channels, "absolute"), area: areaOf(plain, painted) },
      damageMap: { draw: heatMap(map), area: areaOf(map, painted) },
    };
    tab.draw();
  });

  figure(name, { draw, area = null }, under) {
    return html`<figure class="vd-odd-map"><figcaption><b>${t(`odd.painted.${name}`)}</b></figcaption><div class="vd-picture"><canvas data-part=${name}
      class="vd-pixels" width="28" height="28" role="img" aria-label=${t(`odd.painted.${name}`)} .draw=${draw}></canvas></div>
      <div class="vd-under"><span data-part="${name}Area" role="status">${area === null ? t("odd.painted.none") : t("odd.painted.area", { value: number(100 * area, 1) })}</span>${under}</div></figure>`;
  }

  maps() {
    const { plainMap = {}, damageMap = {} } = this.answer ?? {};
    return html`${this.figure("plainMap", plainMap, scale("0", gradient("absolute"), `≥ ${LIMIT}`))}
      ${this.figure("damageMap", damageMap, scale("0", gradient("absolute"), "1"))}`;
  }

  view() {
    const { tab } = this;
    const tool = (word, values, key) => chooser(tab, word, optionsOf(values, key), { label: t(`${key}.label`), little: true });
    return card(
      `vd-odd-painted ${tab.row.finds ? "" : "vd-odd-away"}`,
      "odd.painted",
      t("odd.painted.why"),
      html`<div class="vd-odd-three">
        <figure class="vd-odd-map"><figcaption><b>${t("odd.painted.pad")}</b></figcaption><div class="vd-picture"><canvas data-part="paint" class="vd-odd-pad"
          width="28" height="28" role="application" tabindex="0" aria-label=${t("odd.painted.label")}></canvas></div>
          <div class="vd-padtools">${small("paintUndo", () => this.pad.undo(), { key: "undo.button" })}${small("paintClear", () => this.pad.clear(), { key: "clear.button" })}</div></figure>
        ${this.maps()}
      </div>
      ${tab.state.domain === "objects" ? html`<p class="vd-note">${t("odd.painted.objects")}</p>` : ""}
      <div class="vd-choosers">${tool("brush", BRUSHES, "odd.brush")}${tool("level", Object.keys(LEVELS), "odd.level")}
        <label class="vd-odd-size"><span>${t("restore.size.label")}</span><input type="range" min="3" max="30" value="8" data-part="paintSize"
          @input=${(e) => {
            this.size = Number(e.target.value);
            this.tools();
          }}></label></div>`,
    );
  }
}
