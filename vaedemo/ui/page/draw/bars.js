// The code z as bars that can be dragged: mean of the test set in the middle, three standard deviations either way.

import { clamp, html, onWidth } from "../frame/dom.js";
import { onPointer } from "./pointer.js";
import { number, t } from "../frame/text.js";

const SHOWN = 32;
const STEPS = 60;

// Bars in a row: all if they fit at a thumb's width, else as even as rows of at most 16 can be.
export const columns = (count, width, least = 36) => {
  const most = Math.max(4, Math.min(16, Math.floor(width / least)));
  return count <= most ? count : Math.ceil(count / Math.ceil(count / most));
};

// Range of one bar: mean +- 3 std over the test set, widened to hold the value itself.
export const range = (value, mean, std) => {
  const reach = Math.max(3 * std, Math.abs(value - mean) * 1.02, 1e-3);
  return { low: mean - reach, high: mean + reach };
};

// Which numbers come first: all in order where they fit, else those that vary most over the test set.
export const order = (count, weight) => {
  const all = Array.from({ length: count }, (_, i) => i);
  if (count <= SHOWN || !weight) return all;
  return all.sort((a, b) => weight[b] - weight[a]);
};

// changed(z) after each move of a bar.
export class Bars {
  constructor(root, changed) {
    this.first = html(`<div class="vd-zs"></div>`);
    this.rest = html(`<details class="vd-rest"><summary></summary><div class="vd-zs"></div></details>`);
    root.append(this.first, this.rest);
    Object.assign(this, { root, changed, z: [], own: [], sigma: null, ranges: [], bars: [], width: 600 });
    onWidth(root, (width) => {
      this.width = width;
      this.arrange();
    });
  }

  place(i) {
    const [bar, { low, high }, z] = [this.bars[i], this.ranges[i], this.z[i]];
    const share = (v) => clamp((v - low) / (high - low), 0, 1);
    const at = share(z);
    const sigma = this.sigma?.[i];
    const places = {
      low: Math.min(at, 0.5),
      high: Math.max(at, 0.5),
      at,
      ...(this.sigma && { s0: share(z - sigma), s1: share(z + sigma) }),
    };
    for (const [name, value] of Object.entries(places)) bar.style.setProperty(`--${name}`, value);
    bar.classList.toggle("vd-edited", z !== this.own[i]);
    bar.setAttribute("aria-valuenow", z.toFixed(3));
    bar.setAttribute("aria-valuetext", number(z, 2));
    bar.lastElementChild.textContent = number(z, Math.abs(z) >= 9.95 ? 1 : 2);
  }

  set(i, value) {
    this.z[i] = clamp(value, this.ranges[i].low, this.ranges[i].high);
    this.place(i);
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

  create(i) {
    const bar = html(`<div class="vd-z" role="slider" tabindex="0" aria-orientation="vertical">
      <b>${i + 1}</b><span class="vd-track"><i class="vd-bar"></i><i class="vd-sigma"></i><i class="vd-knob"></i></span><output></output></div>`);
    const track = bar.querySelector(".vd-track");
    const drag = (e) => {
      const box = track.getBoundingClientRect();
      const { low, high } = this.ranges[i];
      this.set(i, low + clamp(1 - (e.clientY - box.top) / box.height, 0, 1) * (high - low));
    };
    onPointer(track, {
      press: (e) => {
        e.preventDefault();
        bar.focus();
        drag(e);
      },
      drag: (_, e) => drag(e),
    });
    bar.addEventListener("dblclick", () => this.set(i, this.own[i]));
    bar.addEventListener("keydown", (e) => this.keyed(i, e));
    return bar;
  }

  arrange() {
    const shown = Math.min(this.z.length, SHOWN);
    const across = columns(shown, this.width);
    this.root.style.setProperty("--columns", across);
    this.root.style.setProperty("--track", `${[13.75, 13.75, 5.75][Math.ceil(shown / across)] ?? 5.25}rem`);
  }

  // Those that are first seen and those behind the fold, in this order.
  sort(order) {
    this.root.dataset.order = order.join();
    this.first.replaceChildren(...order.slice(0, SHOWN).map((i) => this.bars[i]));
    this.rest.lastElementChild.replaceChildren(...order.slice(SHOWN).map((i) => this.bars[i]));
  }

  // sigma: of a variational posterior, or null; figures: the test set's {mean, std}, once they are known.
  show(z, sigma, figures) {
    const { root, rest } = this;
    const [mean, std] = [figures?.mean, figures?.std];
    const size = Math.max(...z.map(Math.abs), 1e-3);
    const same = this.bars.length === z.length;
    Object.assign(this, { z: z.slice(), own: z.slice(), sigma });
    this.ranges = z.map((v, i) => range(v, mean?.[i] ?? 0, std?.[i] ?? (sigma ? 1 : size / 2.5)));
    if (!same) this.bars = z.map((_, i) => this.create(i));
    const sorted = order(z.length, std);
    if (!same || root.dataset.order !== sorted.join()) this.sort(sorted);
    this.arrange();
    rest.hidden = z.length <= SHOWN;
    rest.firstElementChild.textContent = t("numbers.rest", { n: z.length - SHOWN });
    root.classList.toggle("vd-has-sigma", Boolean(sigma));
    this.bars.forEach((bar, i) => {
      bar.setAttribute("aria-label", t("numbers.one", { i: i + 1 }));
      bar.setAttribute("aria-valuemin", this.ranges[i].low.toFixed(3));
      bar.setAttribute("aria-valuemax", this.ranges[i].high.toFixed(3));
      this.place(i);
    });
  }
}
