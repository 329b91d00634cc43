// A code whose numbers are changed one at a time: where it starts, and its words in the address. Pure functions.

import { modelKey, nearestDim, parseKey } from "../../page/maths/models.js";

export const SPAN = 3; // steps of a dimension's own spread, either way
const MOST_EDITS = 40;

// Where a value s of dimension i lies in the latent space, and back: the VAE's in steps of the prior, the AE's of its own spread.
export const spreads = (kind, figures, d) => {
  const own = kind === "ae" && figures?.std;
  return Array.from({ length: d }, (_, i) => (own ? { mean: figures.mean[i], std: Math.max(figures.std[i], 1e-6) } : { mean: 0, std: 1 }));
};

// Edits as a word of the address, "7:1.25_12:-0.5", and back; null is not such a word.
export const editsToWord = (edits) => [...edits].map(([i, s]) => `${i + 1}:${Number(s.toFixed(2))}`).join("_") || null;
export const editsFromWord = (word, d) => {
  const pairs = (word ?? "")
    .split("_")
    .filter(Boolean)
    .map((p) => p.split(":").map(Number));
  const good = pairs.length <= MOST_EDITS && pairs.every(([i, s]) => Number.isInteger(i) && i >= 1 && i <= d && Math.abs(s) <= SPAN);
  return good ? new Map(pairs.map(([i, s]) => [i - 1, s])) : null;
};

// The model that shows most: that which has betas, else some eight numbers.
export const usualModel = (row) => {
  const kind = row.kinds.vae?.length ? "vae" : "ae";
  const dims = row.kinds[kind] ?? [];
  return { kind, d: dims.find((d) => row.betas[d]) ?? nearestDim(dims, 8), beta: 1 };
};

// A model {kind, d, beta} by its name; null for none.
export const keyOf = (model) => model && modelKey(model.kind, model.d, model.beta);

// The address: the model that is no usual one, where the code starts from, and the numbers that were changed.
export const WORDS = [
  {
    name: "zm",
    parse: (text, _, { models }) => models.find((m) => keyOf(m) === keyOf(parseKey(text))),
    put: Object.assign,
    format: ({ key }, { row }) => (key === keyOf(usualModel(row)) ? null : key),
  },
  {
    name: "zfrom",
    parse: (text) => {
      if (text === "zero") return { start: "zero" };
      return /^\d{1,9}$/.test(text) ? { start: "random", seed: Number(text) } : undefined;
    },
    put: Object.assign,
    format: ({ start, seed }) => ({ picture: null, zero: "zero", random: seed })[start],
  },
  {
    name: "z",
    parse: (text, { d }) => editsFromWord(text, d) ?? undefined,
    put: (s, v) => (s.edits = v),
    format: ({ edits }) => (edits.size <= MOST_EDITS ? editsToWord(edits) : null),
  },
];
