// The state of "Denoise" and "Inpaint" and its words in the address. Pure functions.

import { between, domain, flag, numberOf, oneOf, whole, word } from "../../page/frame/state.js";
import { maskFromWord } from "../../page/maths/words.js";

const MASK_SIDE = 512; // longest side of a mask over a photograph, in pixels
// [width, height] of the mask over a photograph.
export const maskSize = ({ width, height }) => {
  const scale = Math.min(1, MASK_SIDE / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
};

// Whether a domain's pictures are photographs, of any size.
export const isPhoto = (row) => row.size === null;

const FOURTH = ["error", "spread", "residual"];
// What the fourth picture may show: without a clean picture at hand there is no error, and of a hole nothing is removed.
export const fourthsOf = (task, { given }) => FOURTH.filter((f) => (f === "error" ? !given : f !== "residual" || task === "denoise"));

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

export const standard = (task, table, domain = table.digits ? "digits" : Object.keys(table)[0]) => ({
  domain,
  example: table[domain].examples[0] ?? null,
  noise: task === "denoise" ? "gaussian" : null,
  ...opening(task, table[domain]),
  seed: 1,
  sigma: null, // corrected by hand; null: the usual one, or estimated
  given: false, // the picture comes damaged
  view: "mean", // or "best", or the number of a sample
  fourth: "error",
  amount: 0.8,
  own: null, // the bytes of a painted mask
});

export const levelOf = ({ low, high }, share) => low + (high - low) * share;

const viewIn = (v, { n }) => {
  if (v === "mean" || v === "best") return v;
  return /^\d+$/.test(v) && Number(v) < n ? Number(v) : undefined;
};
const levelIn = (v, s, { table }) => {
  const { low, high } = table[s.domain].noises[s.noise];
  return between(Math.min(low, high), Math.max(low, high))(v);
};
const maskIn = (v, s, { table }) => (table[s.domain].size ? maskFromWord(v, table[s.domain].size ** 2) : null) ?? undefined;

const fourths = (task) => (s) => fourthsOf(task, s);
const noises = (s, { table }) => Object.keys(table[s.domain].noises);
const usualCount = (s, { table }) => table[s.domain].usual;

// The words of a task. about: {name: the task, table, value: {masks, seeds}, maskWord: that of the mask at hand}.
const ONLY = {
  denoise: [
    flag("given"),
    {
      name: "noise",
      parse: oneOf(noises),
      put: (s, noise, { table }) => Object.assign(s, { noise, level: table[s.domain].noises[noise].usual }),
      format: (s) => (s.given ? null : s.noise),
    },
    { ...word("level", levelIn), format: (s) => (s.given ? null : Number(s.level.toPrecision(4))) },
    word("sigma", (v, s, { table }) => between(0, table[s.domain].strongest)(v), null),
  ],
  inpaint: [
    { name: "mask", parse: (v, s, { value }) => oneOf(value.masks)(v), format: (s) => (s.mask === "own" ? null : s.mask) },
    { name: "amount", parse: between(0, 1), format: (s) => (s.mask === "random" ? s.amount : null) },
    {
      name: "m",
      parse: maskIn,
      put: (s, own) => Object.assign(s, { mask: "own", own }),
      format: (s, about) => (s.mask === "own" ? about.maskWord : null),
    },
  ],
};
export const wordsOf = (task) => [
  domain((s, name, { table }) => Object.assign(s, standard(task, table, name))),
  word("example", oneOf("examples"), null),
  ...ONLY[task],
  word("seed", (v, _, { value }) => whole(0, value.seeds)(v), 1),
  word("n", numberOf("samples"), usualCount),
  word("view", viewIn, "mean"),
  word("fourth", oneOf(fourths(task)), "error"),
];
