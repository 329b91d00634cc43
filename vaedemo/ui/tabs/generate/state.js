// The state of "Generate" and its words in the address. Pure functions.

import { between, domain, flag, numberOf, oneOf, whole, word } from "../../page/frame/state.js";
import { nearestDim } from "../../page/maths/models.js";

// (kind of model, prior) of each grid, in the order in which they are shown.
export const GRIDS = [
  ["ae", "normal"],
  ["ae", "mixture"],
  ["vae", "normal"],
  ["vae", "mixture"],
  ["pca", "gaussian"],
];
export const SIDES = [4, 6, 8, 10];
export const PATHS = ["straight", "spherical"];
export const SLOTS = ["a", "b", "c", "p", "q"];
export const HOTTEST = 1.5;
export const MOST_SEED = 2 ** 31 - 1;
export const FRAMES = 25; // pictures from one end of a path to the other, both included

// Which examples stand in the slots at first: a pullover without a T-shirt is sleeves, which go to a dress; and so on.
const FIRST = {
  digits: { a: "eight", b: "three", c: "five", p: "three", q: "eight" },
  fashion: { a: "pullover", b: "T-shirt", c: "dress", p: "trouser", q: "coat" },
  objects: { a: "cat", b: "astronaut", c: "coffee", p: "cat", q: "rocket" },
  shapes: { a: "ellipse", b: "small ellipse", c: "small heart", p: "heart", q: "square" },
};

export const gridName = (kind, prior) => `${kind}-${prior}`;

// The names of the grids that are shown of a state.
export const gridsOf = (state, row) => GRIDS.filter(([kind]) => kind !== "pca" || (state.pca && row.pca)).map((g) => gridName(...g));

export const slotsOf = (domain, row) =>
  Object.fromEntries(
    SLOTS.map((s, i) => [s, row.examples.includes(FIRST[domain]?.[s]) ? FIRST[domain][s] : row.examples[i % row.examples.length]]),
  );

export const standard = (domain, table) => ({
  domain,
  d: nearestDim(table[domain].dims, 32),
  t: 1,
  seed: 1,
  n: 6,
  label: null,
  pca: false,
  grid: "vae-mixture",
  at: 0,
  path: "straight",
  step: (FRAMES - 1) / 2,
  slots: slotsOf(domain, table[domain]),
});

// The same state in another domain: what that one does not have moves to the nearest that it has.
export const settled = (state, domain, table) => {
  const row = table[domain];
  return {
    ...state,
    domain,
    d: nearestDim(row.dims, state.d),
    label: state.domain === domain ? state.label : null,
    slots: slotsOf(domain, row),
  };
};

const slot = (name) => ({
  name,
  parse: oneOf("examples"),
  put: (s, v) => (s.slots[name] = v),
  // A picture that is no example has no word.
  format: (s, { table }) => (s.slots[name] === slotsOf(s.domain, table[s.domain])[name] ? null : s.slots[name]),
});
const grids = (s, { table }) => gridsOf(s, table[s.domain]);

// about: {table}.
export const WORDS = [
  domain((s, name, { table }) => Object.assign(s, standard(name, table))),
  word("d", numberOf("dims")),
  word("t", between(0, HOTTEST), 1),
  word("seed", whole(0, MOST_SEED)),
  word("n", numberOf(SIDES), 6),
  {
    name: "class",
    parse: oneOf("classes"),
    put: (s, v, { table }) => (s.label = table[s.domain].classes.indexOf(v)),
    format: (s, { table }) => (s.label === null ? null : table[s.domain].classes[s.label]),
  },
  flag("pca", (s, { table }) => table[s.domain].pca),
  word("grid", oneOf(grids), "vae-mixture"),
  word("at", (v, s) => whole(0, s.n ** 2 - 1)(v), 0),
  word("path", oneOf(PATHS), "straight"),
  word("step", whole(0, FRAMES - 1), (FRAMES - 1) / 2),
  ...SLOTS.map(slot),
];
