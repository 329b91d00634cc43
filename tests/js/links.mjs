// Whether addresses are understood: node links.mjs < {"values": {tab: what its component was given}, "links": [...]}, prints
// those that a tab would not restore word for word.

import { readFileSync } from "node:fs";
import { fromAddress, toAddress } from "../../vaedemo/ui/page/frame/state.js";
import { everyModel } from "../../vaedemo/ui/page/maths/models.js";
import { photoState } from "../../vaedemo/ui/page/picture/photostate.js";
import * as compress from "../../vaedemo/ui/tabs/compress/state.js";
import * as codes from "../../vaedemo/ui/tabs/latent/codes.js";
import * as generate from "../../vaedemo/ui/tabs/generate/state.js";
import * as latent from "../../vaedemo/ui/tabs/latent/state.js";
import * as lessons from "../../vaedemo/ui/tabs/lessons/state.js";
import * as odd from "../../vaedemo/ui/tabs/odd/state.js";
import * as reconstruct from "../../vaedemo/ui/tabs/reconstruct/state.js";
import * as restore from "../../vaedemo/ui/tabs/restore/state.js";
import * as train from "../../vaedemo/ui/tabs/train/state.js";

const { values, links } = JSON.parse(readFileSync(0, "utf-8"));
const first = ({ first: { domain, kind, d, example }, ...value }) => ({
  ...{ domain, kind, d, example, beta: 1, fit: "crop", polarity: "auto", error: "absolute" },
  ...(value.channels ? photoState(value) : {}),
});
const TABS = {
  reconstruct: (v) => [reconstruct.WORDS, first(v)],
  latent: (v) => [latent.WORDS, latent.standard(v.maps[0], v.table[v.maps[0]])],
  generate: (v) => [generate.WORDS, generate.standard(Object.keys(v.table)[0], v.table)],
  denoise: (v) => [restore.wordsOf("denoise"), restore.standard("denoise", v.table)],
  inpaint: (v) => [restore.wordsOf("inpaint"), restore.standard("inpaint", v.table)],
  compress: (v) => [compress.WORDS, compress.standard(v)],
  odd: (v) => [odd.WORDS, odd.standard(Object.keys(v.table)[0], v.table)],
  train: () => [train.WORDS, train.standard()],
  lessons: () => [lessons.WORDS, lessons.standard()],
};

// The words of the section below the maps, where a tab has one.
const BELOW = {
  latent: (state, { table }) => {
    const row = table[state.domain];
    const models = everyModel(row).map(([kind, d, beta]) => ({ kind, d, beta }));
    return [codes.WORDS, { ...codes.usualModel(row), start: "picture", edits: new Map() }, { row, models }];
  },
};

const understood = (link) => {
  const { tab, ...words } = Object.fromEntries(new URLSearchParams(link));
  if (!TABS[tab]) return false;
  const [rows, standard] = TABS[tab](values[tab]);
  const about = { table: values[tab].table, value: values[tab], name: tab, word: null, maskWord: null };
  const { state, wrong } = fromAddress(words, rows, standard, about);
  const again = fromAddress(Object.fromEntries(Object.entries(toAddress(rows, state, about)).filter(([, v]) => v !== null).map(([k, v]) => [k, `${v}`])), rows, standard, about);
  const [more, usual, given] = BELOW[tab]?.(state, values[tab]) ?? [[], {}, {}];
  const below = fromAddress(words, more, usual, given);
  const known = Object.keys(words).every((name) => [...rows, ...more].some((row) => row.name === name));
  return !wrong && !below.wrong && known && JSON.stringify(again.state) === JSON.stringify(state);
};
console.log(JSON.stringify(links.filter((link) => !understood(link))));
