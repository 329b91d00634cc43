// Which models there are of a domain: the rows of the server's table. Pure functions.

export const KINDS = ["ae", "vae", "pca", "dense", "dense-vae"];

export const modelKey = (kind, d, beta) => `${kind}-${d}-${beta}`;

export const kindsOf = (row) => KINDS.filter((k) => row.kinds[k]?.length);

// The trained dimension nearest to d, by ratio.
export const nearestDim = (dims, d) =>
  dims.reduce((best, n) => (Math.abs(Math.log(n / d)) < Math.abs(Math.log(best / d)) ? n : best), dims[0]);

export const betasOf = (row, kind, d) => (kind === "vae" && row.betas[d]) || [1];

// Every model of a domain as [kind, d, beta].
export const everyModel = (row) =>
  kindsOf(row).flatMap((kind) => row.kinds[kind].flatMap((d) => betasOf(row, kind, d).map((beta) => [kind, d, beta])));
