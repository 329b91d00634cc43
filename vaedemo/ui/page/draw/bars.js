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

export const createBars = (root, changed) => {
  const first = html(`<div class="vd-zs"></div>`);
  const rest = html(`<details class="vd-rest"><summary></summary><div class="vd-zs"></div></details>`);
  root.append(first, rest);
  const now = { z: [], own: [], sigma: null, ranges: [], bars: [], width: 600 };

  const place = (i) => {
    const [bar, { low, high }, z] = [now.bars[i], now.ranges[i], now.z[i]];
    const share = (v) => clamp((v - low) / (high - low), 0, 1);
    const at = share(z);
    bar.style.setProperty("--low", Math.min(at, 0.5));
    bar.style.setProperty("--high", Math.max(at, 0.5));
    bar.style.setProperty("--at", at);
    if (now.sigma) {
      bar.style.setProperty("--s0", share(z - now.sigma[i]));
      bar.style.setProperty("--s1", share(z + now.sigma[i]));
    }
    bar.classList.toggle("vd-edited", z !== now.own[i]);
    bar.setAttribute("aria-valuenow", z.toFixed(3));
    bar.setAttribute("aria-valuetext", number(z, 2));
    bar.lastElementChild.textContent = number(z, Math.abs(z) >= 9.95 ? 1 : 2);
  };
  const set = (i, value) => {
    now.z[i] = clamp(value, now.ranges[i].low, now.ranges[i].high);
    place(i);
    changed(now.z.slice());
  };
  const create = (i) => {
    const bar = html(`<div class="vd-z" role="slider" tabindex="0" aria-orientation="vertical">
      <b>${i + 1}</b><span class="vd-track"><i class="vd-bar"></i><i class="vd-sigma"></i><i class="vd-knob"></i></span><output></output></div>`);
    const track = bar.querySelector(".vd-track");
    const drag = (e) => {
      const box = track.getBoundingClientRect();
      const { low, high } = now.ranges[i];
      set(i, low + clamp(1 - (e.clientY - box.top) / box.height, 0, 1) * (high - low));
    };
    onPointer(track, {
      press: (e) => {
        e.preventDefault();
        bar.focus();
        drag(e);
      },
      drag: (_, e) => drag(e),
    });
    bar.addEventListener("dblclick", () => set(i, now.own[i]));
    bar.addEventListener("keydown", (e) => {
      const { low, high } = now.ranges[i];
      const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 6, PageDown: -6 }[e.key];
      const end = { Home: low, End: high }[e.key];
      if (step) set(i, now.z[i] + (step * (high - low)) / STEPS);
      else if (end !== undefined) set(i, end);
      else return;
      e.preventDefault();
    });
    return bar;
  };

  const arrange = () => {
    const shown = Math.min(now.z.length, SHOWN);
    const across = columns(shown, now.width);
    root.style.setProperty("--columns", across);
    root.style.setProperty("--track", `${[13.75, 13.75, 5.75][Math.ceil(shown / across)] ?? 5.25}rem`);
  };
  onWidth(root, (width) => {
    now.width = width;
    arrange();
  });

  return (z, sigma, figures) => {
    const [mean, std] = [figures?.mean, figures?.std];
    const size = Math.max(...z.map(Math.abs), 1e-3);
    const same = now.bars.length === z.length;
    Object.assign(now, { z: z.slice(), own: z.slice(), sigma });
    now.ranges = z.map((v, i) => range(v, mean?.[i] ?? 0, std?.[i] ?? (sigma ? 1 : size / 2.5)));
    if (!same) now.bars = z.map((_, i) => create(i));
    const sorted = order(z.length, std);
    const wanted = sorted.join();
    if (!same || root.dataset.order !== wanted) {
      root.dataset.order = wanted;
      first.replaceChildren(...sorted.slice(0, SHOWN).map((i) => now.bars[i]));
      rest.lastElementChild.replaceChildren(...sorted.slice(SHOWN).map((i) => now.bars[i]));
    }
    arrange();
    rest.hidden = z.length <= SHOWN;
    rest.firstElementChild.textContent = t("numbers.rest", { n: z.length - SHOWN });
    root.classList.toggle("vd-has-sigma", Boolean(sigma));
    now.bars.forEach((bar, i) => {
      bar.setAttribute("aria-label", t("numbers.one", { i: i + 1 }));
      bar.setAttribute("aria-valuemin", now.ranges[i].low.toFixed(3));
      bar.setAttribute("aria-valuemax", now.ranges[i].high.toFixed(3));
      place(i);
    });
  };
};
