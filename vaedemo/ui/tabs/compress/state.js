// The state of "Compress" and its words in the address. Pure functions.

import { between, example, oneOf, whole, word } from "../../page/frame/state.js";
import { PHOTO_WORDS, USUAL, asked, photoState } from "../../page/picture/photostate.js";

const NONE = "none"; // of the published curves
export const MEASURES = ["size", "psnr", "ms_ssim"];
export const NAMES = { size: "photo.size", psnr: "psnr", ms_ssim: "msssim" }; // keys of their names
export const CURVES = ["this", "kodak"];
export const BY = ["psnr", "ms_ssim"];

// What can be wished for: limits, and what a picture opens with.
export const WISHES = {
  quality: { low: 0, high: 100, usual: USUAL, parse: between(0, 100) },
  bytes: { low: 30, high: 1e8, usual: 20_000, parse: whole(30, 1e8) },
  bpp: { low: 0.01, high: 24, usual: 0.5, parse: between(0.01, 24) },
  psnr: { low: 10, high: 60, usual: 35, parse: between(10, 60) },
};
export const MODES = Object.keys(WISHES);

export const standard = ({ table, ...about }) => ({
  ...photoState(about),
  domain: "photos",
  example: table.photos.examples[0] ?? null,
  mode: "quality",
  ...Object.fromEntries(MODES.map((mode) => [mode, WISHES[mode].usual])),
  measure: "size",
  curves: "kodak",
  by: "psnr",
  shown: ["bmshj2018-factorized-8bit", "bmshj2018-hyperprior-8bit", "mbt2018-mean-8bit"],
});

// What the server is asked.
export const wishOf = (state, channels) => asked({ [state.mode]: state[state.mode] }, state, channels);

// A value as it was typed or slid, within the limits of what is wished for.
export const within = (mode, value) => {
  const { low, high, usual } = WISHES[mode];
  if (!Number.isFinite(value)) return usual;
  const inside = Math.min(high, Math.max(low, value));
  return mode === "bytes" ? Math.round(inside) : inside;
};

const wish = (mode) => ({
  name: mode,
  parse: WISHES[mode].parse,
  put: (state, value) => Object.assign(state, { mode, [mode]: value }),
  format: (state) => (state.mode !== mode || (mode === "quality" && state.quality === WISHES.quality.usual) ? null : state[mode]),
});

const curvesIn = (text, _, { value }) => {
  const names = text === NONE ? [] : text.split(",");
  return names.every((name) => value.published.includes(name)) ? names : undefined;
};

// about: {value: what the server told at first}.
export const WORDS = [
  example(),
  ...MODES.map(wish),
  ...PHOTO_WORDS,
  word("measure", oneOf(MEASURES), "size"),
  word("curves", oneOf(CURVES), "kodak"),
  word("by", oneOf(BY), "psnr"),
  {
    name: "shown",
    parse: curvesIn,
    format: (state, { value }) => (state.shown.join() === standard(value).shown.join() ? null : state.shown.join(",") || NONE),
  },
];
