// The code z as bars that can be dragged: mean of the test set in the middle, three standard deviations either way.

import { html } from "../vendor/lit-html.js";
import { clamp, onWidth } from "../frame/dom.js";
import { Section } from "../frame/shell.js";
import { number, t } from "../frame/text.js";
import { onPointer, shareOf } from "./pointer.js";

const SHOWN = 32; // the others lie behind a fold
const STEPS = 60;
const THUMB = 36;

// Bars in a row: all if they fit at a thumb's width, else as even as rows of at most 16 can be.
const columns = (count, width) => {
  const most = clamp(Math.floor(width / THUMB), 4, 16);
  return count <= most ? count : Math.ceil(count / Math.ceil(count / most));
};

// Range of one bar: mean +- 3 std over the test set, widened to hold the value itself.
const range = (value, mean, std) => {
  const reach = Math.max(3 * std, Math.abs(value - mean) * 1.02, 1e-3);
  return { low: mean - reach, high: mean + reach };
};

// changed(z) after each move of a bar.
export class Bars extends Section {
  constructor(root, changed) {
    super(root);
    Object.assign(this, { changed, z: [], own: [], sigma: null, active: null, ranges: [], order: [], width: 600, followed: new WeakSet() });
    onWidth(root, (width) => {
      this.width = width;
      this.draw();
    });
  }

  // sigma: of a variational posterior, or null; figures: the test set's {mean, std, active}, once they are known. The bar of a number
  // that is switched off spans the prior's three standard deviations: over the test set it does not vary.
  show(z, sigma, figures) {
    const [mean, active] = [figures?.mean, figures?.active];
    const std = figures?.std?.map((v, i) => (active?.[i] === false ? 1 : v));
    const size = Math.max(...z.map(Math.abs), 1e-3);
    Object.assign(this, { z: z.slice(), own: z.slice(), sigma, active });
    this.ranges = z.map((v, i) => range(v, mean?.[i] ?? 0, std?.[i] ?? (sigma ? 1 : size / 2.5)));
    this.order = z.map((_, i) => i);
    if (z.length > SHOWN && std) this.order.sort((a, b) => figures.std[b] - figures.std[a]); // first those that vary most over the test set
    this.draw();
  }

  // The code moved, sigma too, without being told of as a visitor's move is.
  move(z, sigma) {
    Object.assign(this, { z: z.slice(), sigma });
    this.ranges = this.ranges.map(({ low, high }, i) => ({ low: Math.min(low, z[i]), high: Math.max(high, z[i]) }));
    this.draw();
  }

  draw() {
    super.draw();
    for (const track of this.root.querySelectorAll(".vd-track")) {
      if (this.followed.has(track)) continue;
      this.followed.add(track);
      const bar = track.parentElement;
      const drag = (e) => {
        const { low, high } = this.ranges[bar.dataset.i];
        this.set(Number(bar.dataset.i), low + clamp(1 - shareOf(track, e)[1], 0, 1) * (high - low));
      };
      const press = (e) => {
        e.preventDefault();
        bar.focus();
        drag(e);
      };
      onPointer(track, { press, drag: (_, e) => drag(e) });
    }
  }

  set(i, value) {
    this.z[i] = clamp(value, this.ranges[i].low, this.ranges[i].high);
    this.draw();
    this.changed(this.z.slice());
  }

  keyed(i, e) {
    const { low, high } = this.ranges[i];
    const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 6, PageDown: -6 }[e.key];
    const end = { Home: low, End: high }[e.key];
    if (!step && end === undefined) return;
    this.set(i, end ?? this.z[i] + (step * (high - low)) / STEPS);
    e.preventDefault();
  }

  bar(i) {
    const { low, high } = this.ranges[i];
    const [z, own, sigma] = [this.z[i], this.own[i], this.sigma?.[i]];
    const share = (v) => clamp((v - low) / (high - low), 0, 1);
    const at = share(z);
    const spread = this.sigma ? `--s0: ${share(z - sigma)}; --s1: ${share(z + sigma)}` : "";
    const off = this.active?.[i] === false;
    return html`<div class="vd-z ${off ? "vd-off" : ""} ${z === own ? "" : "vd-edited"}" role="slider" tabindex="0" aria-orientation="vertical" data-i=${i}
      aria-label=${t(off ? "numbers.off" : "numbers.one", { i: i + 1 })} aria-valuemin=${low.toFixed(3)} aria-valuemax=${high.toFixed(3)}
      aria-valuenow=${z.toFixed(3)} aria-valuetext=${number(z, 2)} @dblclick=${() => this.set(i, own)} @keydown=${(e) => this.keyed(i, e)}
      style="--low: ${Math.min(at, 0.5)}; --high: ${Math.max(at, 0.5)}; --at: ${at}; ${spread}"><b>${i + 1}</b><span class="vd-track"><i
      class="vd-bar"></i><i class="vd-sigma"></i><i class="vd-knob"></i></span><output>${number(z, Math.abs(z) >= 9.95 ? 1 : 2)}</output></div>`;
  }

  view() {
    const { order, sigma, width } = this;
    const shown = Math.min(order.length, SHOWN);
    const across = columns(shown, width);
    const track = [13.75, 13.75, 5.75][Math.ceil(shown / across)] ?? 5.25;
    const rest = order.slice(SHOWN);
    return html`<div class=${sigma ? "vd-has-sigma" : ""} style="--columns: ${across}; --track: ${track}rem">
      <div class="vd-zs">${order.slice(0, SHOWN).map((i) => this.bar(i))}</div>
      <details ?hidden=${!rest.length}><summary>${t("numbers.rest", { n: rest.length })}</summary><div
        class="vd-zs">${rest.map((i) => this.bar(i))}</div></details></div>`;
  }
}
