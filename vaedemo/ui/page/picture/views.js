// Pictures of one photograph side by side that are zoomed and moved together: by dragging, two fingers, the wheel with Ctrl, a
// double click, keys and buttons. One of them has a divider, left of which is what it is to be compared with.

import { html, nothing } from "../vendor/lit-html.js";
import { atRest, clamp } from "../frame/dom.js";
import { small } from "../frame/pieces.js";
import { number, t } from "../frame/text.js";
import { ARROWS, shareOf } from "../draw/pointer.js";
import { WHOLE, bounded, closer, moved, pixelAt, seenBox, transform } from "../maths/zoom.js";

const REST = 250; // ms
const CLOSEST = 24; // pixels of the screen that a picture's pixel may take

// tab: the tab. hooks: size() -> [width, height] of the picture; sharper(box) -> {box, parts: {name: data URI}} or null: a part at its own size,
// asked for where a picture came scaled down; drawing(name, uri): what draws it; read(column, row) or read(null): what is under the cursor; changed(): another place.
export class Views {
  constructor(tab, hooks) {
    Object.assign(this, { tab, hooks, place: WHOLE, at: 50, fingers: new Map(), detail: null, turn: 0 });
    this.rest = atRest(REST, () => this.rested());
  }

  // ---- where it is looked at ----------------------------------------------------------------------------------

  get frames() {
    return [...this.tab.root.querySelectorAll(".vd-view")];
  }

  // How many times larger than the frame the picture may be.
  get most() {
    const [width] = this.hooks.size();
    const [frame] = this.frames;
    return frame?.clientWidth ? Math.max(2, (CLOSEST * width) / frame.clientWidth) : 100;
  }

  go(place) {
    const turned = place.zoom > 1 !== this.place.zoom > 1;
    this.place = place;
    this.put();
    if (turned) this.tab.draw(); // its buttons
    this.rest();
  }

  // The place in force, put onto the page without drawing it anew.
  put() {
    const { root } = this.tab;
    const [frame] = this.frames;
    const [width] = this.hooks.size();
    root.style.setProperty("--view", transform(this.place));
    root.classList.toggle("vd-zoomed", this.place.zoom > 1);
    root.classList.toggle("vd-close", Boolean(frame) && (this.place.zoom * frame.clientWidth) / width > 1.6);
  }

  async rested() {
    this.hooks.changed();
    const [width, height] = this.hooks.size();
    const canvas = this.tab.root.querySelector(".vd-stage canvas");
    if (!canvas || this.place.zoom === 1 || canvas.width >= width) return;
    this.turn += 1;
    const { turn } = this;
    const found = await this.hooks.sharper(seenBox(this.place, width, height));
    if (!found || turn !== this.turn) return;
    const draws = Object.fromEntries(Object.entries(found.parts).map(([name, uri]) => [name, this.hooks.drawing(name, uri)]));
    this.detail = { ...draws, box: found.box };
    this.tab.draw();
  }

  // Another picture, or another version of it: what was seen closely is of no use any more.
  renew(whole = false) {
    this.turn += 1;
    this.detail = null;
    if (whole) this.place = WHOLE;
    this.rest();
  }

  zoomBy(factor, at = [0.5, 0.5]) {
    this.go(closer(this.place, factor, at, this.most));
  }

  fit = () => this.go(WHOLE);

  // A pixel of the picture for one of the screen.
  exact = () => {
    const [frame] = this.frames;
    const [width] = this.hooks.size();
    this.go(bounded({ ...this.place, zoom: Math.max(1, width / (frame.clientWidth * window.devicePixelRatio)) }, this.most));
  };

  // ---- hand and keys ------------------------------------------------------------------------------------------

  press = (e) => {
    if (e.button || e.target.closest(".vd-divide")) return;
    this.fingers.set(e.pointerId, shareOf(e.currentTarget, e));
    e.currentTarget.setPointerCapture?.(e.pointerId);
  };

  move = (e) => {
    const at = shareOf(e.currentTarget, e);
    const before = this.fingers.get(e.pointerId);
    if (!before) return e.pointerType === "touch" ? null : this.hooks.read(...pixelAt(this.place, at, ...this.hooks.size()));
    const others = [...this.fingers].filter(([id]) => id !== e.pointerId).map(([, place]) => place);
    this.fingers.set(e.pointerId, at);
    const [right, down] = [at[0] - before[0], at[1] - before[1]];
    if (!others.length) return this.go(moved(this.place, [right, down], this.most));
    const [other] = others;
    const far = ([x, y]) => Math.hypot(x - other[0], y - other[1]);
    const middle = [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2];
    const factor = far(at) / Math.max(1e-3, far(before));
    return this.go(moved(closer(this.place, factor, middle, this.most), [right / 2, down / 2], this.most));
  };

  lift = (e) => this.fingers.delete(e.pointerId);

  leave = () => this.hooks.read(null);

  // Without Ctrl the wheel scrolls the page, as everywhere.
  wheel = (e) => {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    this.zoomBy(Math.exp(-clamp(e.deltaY, -60, 60) / 120), shareOf(e.currentTarget, e));
  };

  twice = (e) => {
    if (!e.target.closest(".vd-divide")) this.zoomBy(2, shareOf(e.currentTarget, e));
  };

  keys = (e) => {
    const step = ARROWS[e.key];
    if (e.target !== e.currentTarget || e.ctrlKey || e.metaKey) return;
    if (step && this.place.zoom > 1) this.go(moved(this.place, [-step[0] / 8, -step[1] / 8], this.most));
    else if (e.key === "+" || e.key === "=") this.zoomBy(1.5);
    else if (e.key === "-") this.zoomBy(1 / 1.5);
    else if (e.key === "0") this.fit();
    else return;
    e.preventDefault();
  };

  // ---- the divider --------------------------------------------------------------------------------------------

  divide(at) {
    this.at = clamp(at, 0, 100);
    this.tab.draw();
  }

  divideTo = (e) => {
    if (e.type === "pointerdown") e.currentTarget.setPointerCapture?.(e.pointerId);
    if (e.type === "pointerdown" || e.buttons & 1) this.divide(100 * shareOf(e.currentTarget.parentElement, e)[0]);
  };

  divideKeys = (e) => {
    const step = ARROWS[e.key]?.[0];
    if (step) this.divide(this.at + 5 * step);
    else if (e.key === "Home" || e.key === "End") this.divide(e.key === "Home" ? 0 : 100);
    else return;
    e.preventDefault();
  };

  handle() {
    const value = number(this.at, 0);
    return html`<div class="vd-divide" data-part="divide" role="slider" tabindex="0" aria-label=${t("divide.label")} aria-valuemin="0" aria-valuemax="100"
      aria-valuenow=${value} aria-valuetext=${t("divide.value", { share: value })} @pointerdown=${this.divideTo} @pointermove=${this.divideTo}
      @keydown=${this.divideKeys}><i></i></div>`;
  }

  // ---- views --------------------------------------------------------------------------------------------------

  stage(name, draw, part) {
    const { detail } = this;
    const [width, height] = this.hooks.size();
    const share = (value, side) => `${(100 * value) / side}%`;
    const [left, top, w, h] = detail?.box ?? [0, 0, 0, 0];
    const place = `left: ${share(left, width)}; top: ${share(top, height)}; width: ${share(w, width)}; height: ${share(h, height)}`;
    return html`<div class="vd-stage"><canvas data-part=${part} width="3" height="2" aria-hidden="true" .draw=${draw}></canvas><canvas class="vd-detail" width="3" height="2" aria-hidden="true"
      style=${place} ?hidden=${!detail?.[name]} .draw=${detail?.[name]}></canvas></div>`;
  }

  // A frame of a picture: name, its label; draw; before: what is left of the divider.
  frame(name, { draw, label, before, part = name }) {
    return html`<div class="vd-view" data-view=${part} role="application" tabindex="0" aria-label=${label} style=${before ? `--at: ${this.at}%` : nothing}
      @pointerdown=${this.press} @pointermove=${this.move} @pointerup=${this.lift} @pointercancel=${this.lift} @pointerleave=${this.leave}
      @wheel=${this.wheel} @dblclick=${this.twice} @keydown=${this.keys}>${this.stage(name, draw, part)}${
        before
          ? html`<div class="vd-beforeside">${this.stage("original", before, `${part}Before`)}</div><b class="vd-side vd-side-left">${t("divide.left")}</b><b
              class="vd-side vd-side-right">${t("divide.right")}</b>${this.handle()}`
          : ""
      }</div>`;
  }

  tools() {
    const { zoom } = this.place;
    const out = zoom <= 1;
    return html`<div class="vd-zoom" role="group" aria-label=${t("zoom.label")}>
      <button type="button" class="vd-small" data-part="zoomOut" aria-label=${t("zoom.out")} title=${t("zoom.out")} ?disabled=${out} @click=${() => this.zoomBy(1 / 1.5)}>−</button>
      <button type="button" class="vd-small" data-part="zoomIn" aria-label=${t("zoom.in")} title=${t("zoom.in")} @click=${() => this.zoomBy(1.5)}>+</button>
      ${small("zoomExact", this.exact, { key: "zoom.exact" })}
      ${small("zoomFit", this.fit, { key: "zoom.fit", disabled: out })}
    </div>`;
  }
}
