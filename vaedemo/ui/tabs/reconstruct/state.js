// The state of "Reconstruct" and its words in the address. Pure functions.

import { betasOf, kindsOf, nearestDim } from "../../page/maths/models.js";
import { fromWord } from "../../page/maths/words.js";

export const FITS = ["crop", "pad"];
export const POLARITIES = ["auto", "keep", "invert"];
export const ERRORS = ["absolute", "signed"];

// A state whose model exists: kind, dimension and beta are moved to the nearest there is.
export const settled = (state, table) => {
  const row = table[state.domain];
  const kinds = kindsOf(row);
  const kind = kinds.includes(state.kind) ? state.kind : kinds[0];
  if (!kind) return { ...state, kind: null };
  const d = nearestDim(row.kinds[kind], state.d);
  const betas = betasOf(row, kind, d);
  return { ...state, kind, d, beta: betas.includes(state.beta) ? state.beta : 1 };
};

// The state that the words of an address ask for, and whether some of them had to be left out.
export const fromAddress = (words, table, standard) => {
  const state = { ...standard };
  let wrong = false;
  const take = (word, field, good, read = (v) => v) => {
    if (!(word in words)) return;
    if (good(read(words[word]))) state[field] = read(words[word]);
    else wrong = true;
  };
  const domains = Object.keys(table).filter((name) => kindsOf(table[name]).length);
  take("domain", "domain", (v) => domains.includes(v));
  if (state.domain !== standard.domain) state.example = table[state.domain].examples[0] ?? null;
  const row = table[state.domain];
  take("example", "example", (v) => row.examples.includes(v));
  take("kind", "kind", (v) => kindsOf(row).includes(v));
  const known = settled(state, table);
  take("d", "d", (v) => row.kinds[known.kind]?.includes(v), Number);
  take("beta", "beta", (v) => betasOf(row, known.kind, state.d).includes(v), Number);
  take("fit", "fit", (v) => FITS.includes(v));
  take("polarity", "polarity", (v) => POLARITIES.includes(v));
  take("error", "error", (v) => ERRORS.includes(v));
  if ("x" in words && fromWord(words.x, row) === null) wrong = true;
  return { state: settled(state, table), wrong };
};

export const toAddress = (state, picture) => ({
  domain: state.domain,
  kind: state.kind,
  d: state.d,
  beta: state.beta === 1 ? null : state.beta,
  example: picture.word ? null : state.example,
  fit: state.fit === "crop" ? null : state.fit,
  polarity: state.polarity === "auto" ? null : state.polarity,
  error: state.error === "absolute" ? null : state.error,
  x: picture.word ?? null,
});
