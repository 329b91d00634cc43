// The state of "Odd one out" and its words in the address. Pure functions.

import { between, domain, numberOf, oneOf, word } from "../../page/frame/state.js";
import { nearestDim } from "../../page/maths/models.js";

export const NORMALS = ["all", "class", "own"]; // what is normal: a domain, one class of it, pictures of one's own
export const OF_CLASS = ["density", "distance"]; // scores there are by the mixture of one class
export const SHARES = { all: 0.01, class: 0.01, own: 0.05 }; // of false alarms, at which the threshold stands at first
export const BASE = 0.05; // share of foreign pictures among all
export const BASES = [0.001, 0.5]; // that can be chosen
const FARTHEST = 1e9; // of a threshold from 0
export const LEVELS = { dark: 0, middle: 128, light: 255 };
export const BRUSHES = ["stroke", "stain"];

// The scores that a state can show; `own` is the distance from one's own normal.
export const scoresOf = ({ normal }, units) => ({ own: ["own"], class: OF_CLASS })[normal] ?? Object.keys(units);

export const standard = (name, table) => {
  const row = table[name];
  return {
    domain: name,
    d: row.dims.at(-1),
    normal: "all",
    label: 0,
    score: row.usual,
    other: row.sets[0] ?? null,
    at: null,
    base: BASE,
    of: name,
    example: row.examples[0],
    brush: "stroke",
    level: "light",
  };
};

// A state whose model, score and pictures exist; another one than before has its threshold where it stands at first.
export const settled = (before, patch, table, units) => {
  const state = { ...before, ...patch };
  if (state.domain !== before.domain) {
    const row = table[state.domain];
    const keep = { d: nearestDim(row.dims, before.d), normal: "all", label: 0, score: "score" in patch ? patch.score : row.usual };
    Object.assign(state, keep, { other: row.sets.includes(state.other) ? state.other : (row.sets[0] ?? null) });
  }
  if (![state.domain, ...table[state.domain].sets].includes(state.of))
    Object.assign(state, { of: state.domain, example: table[state.domain].examples[0] });
  if (!scoresOf(state, units).includes(state.score))
    state.score = state.normal === "all" ? table[state.domain].usual : scoresOf(state, units)[0];
  const moved = ["domain", "d", "normal", "label", "score"].some((name) => state[name] !== before[name]);
  if (moved && !("at" in patch)) state.at = null;
  return state;
};

const kept = (state) => state.normal !== "own"; // one's own normal has no word: a link cannot show it
const only = (row, when) => ({ ...row, format: (state, about) => (when(state) ? row.format(state, about) : null) });

// about: {table, value: {units}}.
export const WORDS = [
  domain((state, name, { table }) => Object.assign(state, standard(name, table))),
  word("d", numberOf("dims")),
  {
    name: "class",
    parse: oneOf("classes"),
    put: (state, value, { table }) =>
      Object.assign(state, { normal: "class", label: table[state.domain].classes.indexOf(value), score: OF_CLASS[0] }),
    format: (state, { table }) => (state.normal === "class" ? table[state.domain].classes[state.label] : null),
  },
  only(
    word(
      "score",
      oneOf((state, { value }) => scoresOf(state, value.units)),
      undefined,
    ),
    kept,
  ),
  only(word("other", oneOf("sets")), (state) => state.normal === "all" && state.other !== null),
  only(word("at", between(-FARTHEST, FARTHEST), null), kept),
  word("base", between(...BASES), BASE),
  {
    ...word(
      "of",
      oneOf((state, { table }) => [state.domain, ...table[state.domain].sets].filter((name) => table[name])),
      (state) => state.domain,
    ),
    put: (state, value, { table }) => Object.assign(state, { of: value, example: table[value].examples[0] }),
  },
  {
    name: "example",
    parse: (text, state, { table }) => (table[state.of]?.examples.includes(text) ? text : undefined),
    put: (state, value) => (state.example = value),
    format: (state) => state.example,
  },
];
