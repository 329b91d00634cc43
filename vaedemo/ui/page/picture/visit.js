// Which uploaded files this page holds: the server removes what no page holds any more. It is told of each new one, once a minute
// that the page is still open, and when it is left. Whoever comes back finds a file gone, and source.js sends it again.

import { asset } from "../frame/dom.js";

const EVERY = 60_000; // ms
const visitor = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const held = new Set();

const tell = (files) => navigator.sendBeacon(asset("../visit"), JSON.stringify({ visitor, files: [...files].slice(-500) }));

export const hold = (path) => {
  if (!held.size) {
    setInterval(() => tell(held), EVERY);
    addEventListener("pagehide", () => tell([]));
    addEventListener("pageshow", () => tell(held));
  }
  held.add(path);
  tell(held);
};
