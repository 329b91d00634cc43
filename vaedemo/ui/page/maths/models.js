// Which models there are of a domain: the rows of the server's table. Pure functions.

export const KINDS = ["ae", "vae", "tc-vae", "pca", "dense", "dense-vae"];
export const CONVOLUTIONAL = ["ae", "vae", "tc-vae"]; // whose numbers can be changed one at a time

// A model's name in files, maps and answers (store/key.py): vae-8, or vae-8-beta4 where beta is not 1.
export const modelKey = (kind, d, beta) => `${kind}-${d}${beta === 1 ? "" : `-beta${beta}`}`;

// {kind, d, beta} of such a name, or of one in an older address (vae-8-4); null of any other text.
export const parseKey = (text) => {
  const found = /^([a-z]+(?:-[a-z]+)*)-(\d+)(?:-(?:beta)?(\d[\d.]*))?$/.exec(text);
  return found && { kind: found[1], d: Number(found[2]), beta: Number(found[3] ?? 1) };
};

export const kindsOf = (row) => KINDS.filter((k) => row.kinds[k]?.length);

// The trained dimension nearest to d, by ratio.
export const nearestDim = (dims, d) =>
  dims.reduce((best, n) => (Math.abs(Math.log(n / d)) < Math.abs(Math.log(best / d)) ? n : best), dims[0]);

export const betasOf = (row, kind, d) => (kind === "vae" && row.betas[d]) || [1];

// Every model of a domain as [kind, d, beta].
export const everyModel = (row) =>
  kindsOf(row).flatMap((kind) => row.kinds[kind].flatMap((d) => betasOf(row, kind, d).map((beta) => [kind, d, beta])));
