// The state of "Denoise" and "Inpaint" and its words in the address. Pure functions.

import { maskFromWord } from "../../page/maths/words.js";

const MASK_SIDE = 512; // longest side of a mask over a photograph, in pixels
// [width, height] of the mask over a photograph.
export const maskSize = ({ width, height }) => {
  const scale = Math.min(1, MASK_SIDE / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
};
const FOURTH = ["error", "spread", "residual"];
// What the fourth picture may show: without a clean picture at hand there is no error, and of a hole nothing is removed.
export const fourthsOf = (task, { domain, given }) =>
  FOURTH.filter((f) => (f === "error" ? domain !== "photos" && !given : f !== "residual" || task === "denoise"));

// What a picture of a domain opens with: what its model was trained for.
export const opening = (task, row) => ({
  level: task === "denoise" ? row.noises.gaussian.usual : 0,
  mask: task === "inpaint" ? row.mask : null, // a preset, or "own"
  n: row.usual,
});

// Numbers of samples to choose from: those of the domain, and none of a photograph too large for them.
export const countsOf = (row, picture) => (row.sampled && picture?.width * picture?.height > row.sampled ? [0] : row.samples);
export const countOf = ({ n }, row, picture) => {
  const counts = countsOf(row, picture);
  return counts.includes(n) ? n : counts.at(-1);
};

export const standard = (task, { table }, domain = table.digits ? "digits" : Object.keys(table)[0]) => {
  const noise = task === "denoise" ? "gaussian" : null;
  return {
    domain,
    example: table[domain].examples[0] ?? null,
    noise,
    ...opening(task, table[domain]),
    seed: 1,
    sigma: null, // corrected by hand; null: the usual one, or estimated
    given: false, // the picture comes damaged
    view: "mean", // or "best", or the number of a sample
    fourth: "error",
    amount: 0.8,
    own: null, // the bytes of a painted mask
  };
};

export const levelOf = ({ low, high }, share) => low + (high - low) * share;

export const fromAddress = (words, task, value) => {
  const { table, masks } = value;
  const named = Object.hasOwn(table, words.domain ?? "") ? words.domain : undefined;
  const state = standard(task, value, named);
  let wrong = false;
  const take = (word, good, read = (v) => v, keep = (v) => (state[word] = v)) => {
    if (!(word in words)) return;
    const v = words[word].trim() === "" ? NaN : read(words[word]);
    if (good(v)) keep(v);
    else wrong = true;
  };
  take("domain", (v) => Object.hasOwn(table, v));
  const { noises, strongest } = table[state.domain];
  take("example", (v) => table[state.domain].examples.includes(v));
  if (task === "denoise") {
    take("given", (v) => v === "1", undefined, () => (state.given = true));
    take("noise", (v) => Object.hasOwn(noises, v), undefined, (v) => Object.assign(state, { noise: v, level: noises[v].usual }));
    const { low, high } = noises[state.noise];
    take("level", (v) => v >= Math.min(low, high) && v <= Math.max(low, high), Number);
    take("sigma", (v) => v >= 0 && v <= strongest, Number);
  } else {
    take("mask", (v) => masks.includes(v));
    take("amount", (v) => v >= 0 && v <= 1, Number);
    const { size } = table[state.domain];
    take("m", (v) => v !== null, (v) => (size ? maskFromWord(v, size * size) : null), (v) => Object.assign(state, { mask: "own", own: v }));
  }
  take("seed", (v) => Number.isInteger(v) && v >= 0 && v <= value.seeds, Number);
  take("n", (v) => table[state.domain].samples.includes(v), Number);
  take("view", (v) => v === "mean" || v === "best" || (/^\d+$/.test(v) && Number(v) < state.n), undefined, (v) => (state.view = /^\d+$/.test(v) ? Number(v) : v));
  take("fourth", (v) => fourthsOf(task, state).includes(v));
  return { state, wrong };
};

// row: that of its domain; word: that of a painted mask, or null.
export const toAddress = (state, task, row, word) => ({
  domain: state.domain,
  example: state.example,
  given: state.given ? 1 : null,
  noise: task === "denoise" && !state.given ? state.noise : null,
  level: task === "denoise" && !state.given ? Number(state.level.toPrecision(4)) : null,
  sigma: state.sigma,
  mask: task === "inpaint" && state.mask !== "own" ? state.mask : null,
  amount: state.mask === "random" ? state.amount : null,
  m: state.mask === "own" ? word : null,
  seed: state.seed === 1 ? null : state.seed,
  n: state.n === row.usual ? null : state.n,
  view: state.view === "mean" ? null : state.view,
  fourth: state.fourth === "error" ? null : state.fourth,
});
