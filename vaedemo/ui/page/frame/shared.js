// What the tabs share: the picture at hand. A picture is {x: base64 of its bytes, domain, example: name or null, word: its
// word for an address or null, source: the file or data that it was read from or null, model: {kind, d, beta} that it comes
// from or undefined}. And what one hands to another.

let current = null;
const listeners = new Map();

// The latest picture that any tab has shared, or null.
export const shared = () => current;

// A tab (from) tells the others of a new picture; it is not told itself.
export const share = (picture, from) => {
  current = { ...picture, from };
  for (const [name, listener] of listeners) if (name !== from) listener(current);
};

// One listener a tab; it hears of pictures that come from other tabs while it is mounted.
export const onShared = (name, listener) => listeners.set(name, listener);

const waiting = new Map();
const takers = new Map();

// What one tab hands to another: of a kind, "compressed" (a file) or "photograph" (a source). take(thing) is called with each, and
// with one that came before there was somebody to take it.
export const onHanded = (kind, take) => {
  takers.set(kind, take);
  if (waiting.has(kind)) take(waiting.get(kind));
  waiting.delete(kind);
};

export const hand = (kind, thing) => {
  const take = takers.get(kind);
  if (take) take(thing);
  else waiting.set(kind, thing);
};
