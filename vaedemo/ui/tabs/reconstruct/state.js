// The state of "Reconstruct" and its words in the address. Pure functions.

import { domain, example, numberOf, oneOf, word } from "../../page/frame/state.js";
import { PHOTO_WORDS, QUALITY } from "../../page/picture/photostate.js";
import { betasOf, kindsOf, nearestDim } from "../../page/maths/models.js";
import { DRAWING } from "../../page/maths/words.js";

export const FITS = ["crop", "pad"];
export const POLARITIES = ["auto", "keep", "invert"];
export const ERRORS = ["absolute", "signed"];

export const PHOTOS = "photos"; // the domain of photographs at their own size

// A state whose model exists: kind, dimension and beta are moved to the nearest there is.
export const settled = (state, table) => {
  if (state.domain === PHOTOS) return state;
  const row = table[state.domain];
  const kinds = kindsOf(row);
  const kind = kinds.includes(state.kind) ? state.kind : kinds[0];
  if (!kind) return { ...state, kind: null };
  const d = nearestDim(row.kinds[kind], state.d);
  const betas = betasOf(row, kind, d);
  return { ...state, kind, d, beta: betas.includes(state.beta) ? state.beta : 1 };
};

export const domainsOf = (table) => Object.keys(table).filter((name) => name === PHOTOS || kindsOf(table[name]).length);

const enter = (state, domain, { table }) => {
  if (domain !== state.domain) Object.assign(state, { domain, example: table[domain].examples[0] ?? null });
};
const kindIn = (state, table) => settled(state, table).kind;
const kinds = (s, { table }) => kindsOf(table[s.domain]);
const dims = (s, { table }) => table[s.domain].kinds[kindIn(s, table)];
const betas = (s, { table }) => betasOf(table[s.domain], kindIn(s, table), s.d);

// Words that are said of some states only.
const only = (when, rows) =>
  rows.map((row) => ({
    ...row,
    parse: (text, state, about) => (when(state) ? row.parse(text, state, about) : undefined),
    format: (state, about) => (when(state) ? row.format(state, about) : null),
  }));
const isPhoto = (state) => state.domain === PHOTOS;

// about: {table, value: {channels} where there is a codec, word: that of a drawing at hand, or null}.
export const WORDS = [
  domain(enter, domainsOf),
  ...only(
    (state) => !isPhoto(state),
    [
      word("kind", oneOf(kinds)),
      word("d", numberOf(dims)),
      word("beta", numberOf(betas), 1),
      word("fit", oneOf(FITS), "crop"),
      word("polarity", oneOf(POLARITIES), "auto"),
      word("error", oneOf(ERRORS), "absolute"),
      DRAWING,
    ],
  ),
  ...only(isPhoto, [QUALITY, ...PHOTO_WORDS]),
  example(),
];
