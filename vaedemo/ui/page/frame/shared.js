// What the tabs share: the page's picture, which only an explicit choice replaces; every tab converts it to its own domain. A
// picture is {source: as picture/yours.js has it, domain, x: base64 of its bytes in that domain, or null where it is to be read
// from its source, example: name or null, word: its word for an address or null, shown: a data URI, width, height of what was
// given, model: {kind, d, beta} that it comes from or undefined}. And what one tab hands to another.

let current = null;
const listeners = new Map();

// The latest picture that any tab has shared, or null.
export const shared = () => current;

// A tab (from) tells the others of a new picture; it is not told itself.
export const share = (picture, from) => {
  current = { ...picture, from };
  for (const [name, listener] of listeners) if (name !== from) listener(current);
};

// The domain, of those that a tab has (names), in which it shows a picture: the picture's own, for a photograph objects, else
// the one at hand; null for an example of another domain, which stays where it is.
export const domainFor = ({ domain, source }, names, present) => {
  if (names.includes(domain)) return domain;
  if (domain === "photos" && names.includes("objects")) return "objects";
  return source.kind === "example" ? null : present;
};

// One listener a tab; it hears of pictures that come from other tabs while it is mounted.
export const onShared = (name, listener) => listeners.set(name, listener);

// The model that a visitor trained, {domain: the name by which it is lent, before: that of the one whose place it takes, or null,
// into: the tab that is to show it, or null}; every tab that is there, or comes, hears of it.
let lent = null;
const borrowers = new Set();

const tellLent = () => {
  for (const borrow of borrowers) borrow(lent);
};

export const lend = (domain) => {
  lent = { domain, before: lent?.domain ?? null, into: null };
  tellLent();
};

export const lentDomain = () => lent?.domain ?? null;

// A tab shows the lent model from now on.
export const showLent = (tab) => {
  lent.into = tab;
  tellLent();
};

export const onLent = (borrow) => {
  borrowers.add(borrow);
  if (lent) borrow(lent);
};

// The latent dimension that the visitor has chosen, which the other tabs take, or the nearest that they have: {d, takers: the tabs that know}.
let dimension = null;

export const shareDimension = (d, from) => (dimension = { d, takers: new Set([from]) });

// The one to be taken by a tab, once; null where there is none.
export const dimensionFor = (name) => {
  if (!dimension || dimension.takers.has(name)) return null;
  dimension.takers.add(name);
  return dimension.d;
};

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
