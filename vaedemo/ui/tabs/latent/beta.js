// The switch for beta: there at every dimension, with a reason where there is nothing to choose.

import { field } from "../../page/frame/pieces.js";
import { t } from "../../page/frame/text.js";
import { betasOf } from "../../page/maths/models.js";

// The dimension of a domain at which several betas were trained, and those; or [null, [1]].
export const manyBetas = (row) => {
  const [found] = Object.entries(row.betas);
  return found ? [Number(found[0]), found[1]] : [null, [1]];
};

// given: {part, name, label, value, choose, away} of a field; of `kind` at dimension d.
export const betaField = (row, kind, d, { label, ...given }) => {
  const own = betasOf(row, kind, d);
  const [many, betas] = manyBetas(row);
  const all = own.length > 1 ? own : betas;
  const why = own.length > 1 ? "" : many ? t("beta.only.at", { d: many }) : t("beta.only");
  const options = all.map((beta) => ({ value: beta, label: String(beta), disabled: !own.includes(beta), title: why }));
  return field({ ...given, options, label: why ? `${label} · ${why}` : label, choose: (v) => given.choose(Number(v)) });
};
