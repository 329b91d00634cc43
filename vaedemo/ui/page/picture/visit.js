// What this page holds on the server: uploaded files, which it removes when no page holds them any more, and jobs, which end with
// their page. It is told of each new file, once a minute that the page is still open, and when it is left. Whoever comes back finds
// a file gone, and source.js sends it again; of a job the server says that it is no longer there.

import { asset } from "../frame/dom.js";

const EVERY = 60_000; // ms
const visitor = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const held = new Set();
const jobs = new Set();
let timer = 0;

const tell = (files, ended = []) =>
  navigator.sendBeacon(asset("../visit"), JSON.stringify({ visitor, files: [...files].slice(-500), ended: [...ended] }));

const begin = () => {
  if (timer) return;
  timer = setInterval(() => held.size && tell(held), EVERY);
  addEventListener("pagehide", () => tell([], jobs));
  addEventListener("pageshow", (e) => e.persisted && tell(held));
};

export const hold = (path) => {
  begin();
  held.add(path);
  tell(held);
};

export const holdJob = (name) => {
  begin();
  jobs.add(name);
};

export const letJob = (name) => jobs.delete(name);
