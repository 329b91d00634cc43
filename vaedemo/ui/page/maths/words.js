// Pictures and masks as words of an address, base64url: drawings travel in links this way. Pure functions.

const written = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

// The bytes of a word, or null where it is none of so many.
const read = (word, count) => {
  if (!/^[\w-]+$/.test(word)) return null;
  try {
    const text = atob(word.replaceAll("-", "+").replaceAll("_", "/"));
    return text.length === count ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : null;
  } catch {
    return null;
  }
};

// A small grey picture, four bits a pixel; and its bytes, or null if the word is none for this domain.
export const toWord = (bytes) =>
  written(Array.from({ length: bytes.length / 2 }, (_, i) => (Math.round(bytes[2 * i] / 17) << 4) | Math.round(bytes[2 * i + 1] / 17)));

export const fromWord = (word, row) => {
  const pixels = row.channels * row.size ** 2;
  const half = row.strokes ? read(word, pixels / 2) : null;
  return half && Uint8Array.from({ length: pixels }, (_, i) => 17 * ((half[i >> 1] >> (i % 2 ? 0 : 4)) & 15));
};

// The row of such a word in a tab's address (frame/state.js). about: {table, word: that of the drawing at hand, or null}.
export const DRAWING = {
  name: "x",
  parse: (text, state, { table }) => fromWord(text, table[state.domain]) ?? undefined,
  put: (state, bytes) => (state.drawn = bytes),
  format: (_, { word }) => word,
};

// A small mask, one bit a pixel; and back, or null if the word is none of this size.
export const maskToWord = (data) => {
  const bytes = new Uint8Array(Math.ceil(data.length / 8));
  data.forEach((v, i) => (bytes[i >> 3] |= v << (7 - (i & 7))));
  return written(bytes);
};

export const maskFromWord = (word, pixels) => {
  const bytes = read(word, Math.ceil(pixels / 8));
  return bytes && Uint8Array.from({ length: pixels }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
};
