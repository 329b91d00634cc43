// The state of "Reconstruct" and its words in the address. Pure functions.

export const KINDS = ["ae", "vae", "pca", "dense", "dense-vae"];
export const FITS = ["crop", "pad"];
export const POLARITIES = ["auto", "keep", "invert"];
export const ERRORS = ["absolute", "signed"];

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

// A small grey picture as a word of an address: four bits a pixel, base64url. Drawings travel in links this way.
export const toWord = (bytes) => {
  const half = Array.from({ length: bytes.length / 2 }, (_, i) => (Math.round(bytes[2 * i] / 17) << 4) | Math.round(bytes[2 * i + 1] / 17));
  return btoa(String.fromCharCode(...half)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

// The bytes of such a word, or null if it is none for this domain.
export const fromWord = (word, row) => {
  const pixels = row.channels * row.size ** 2;
  if (!row.strokes || !/^[\w-]+$/.test(word)) return null;
  try {
    const half = atob(word.replaceAll("-", "+").replaceAll("_", "/"));
    if (half.length !== pixels / 2) return null;
    return Uint8Array.from({ length: pixels }, (_, i) => 17 * ((half.charCodeAt(i >> 1) >> (i % 2 ? 0 : 4)) & 15));
  } catch {
    return null;
  }
};
