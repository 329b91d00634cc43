// What the tabs share: the picture at hand. A picture is {x: base64 of its bytes, domain, example: name or null, word: its
// word for an address or null, source: the file or data that it was read from or null, model: {kind, d, beta} that it comes
// from or undefined}. And a compressed file, which one of them opens, whichever it came to.

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

let waiting = null;
let opener = null;

// The tab that opens compressed files: open(blob) is called with each, and with one that came before it was there.
export const onCompressed = (open) => {
  opener = open;
  if (waiting) open(waiting);
  waiting = null;
};

// A compressed file came to some tab.
export const openCompressed = (blob) => {
  if (opener) opener(blob);
  else waiting = blob;
};
