// What the server is told of a source (see yours.js), and files that come by drop or paste.

import { hand } from "../frame/shared.js";
import { openTab } from "../frame/tabs.js";
import { t } from "../frame/text.js";
import { hold } from "./visit.js";

const MOST_BYTES = 25_000_000; // as pictures.py has it

// What the server is asked with, the file sent first if it is not there yet.
export const request = async (source, upload) => {
  if (source.kind === "example") return { example: source.name, domain: source.domain };
  if (source.kind === "data") return { data: source.data };
  if (!source.path) {
    if (source.blob.size > MOST_BYTES) throw new Error("large");
    // The name is of no use to the server, and may be odd.
    const sent = await upload(new File([source.blob], "picture", { type: source.blob.type }));
    source.path = sent.path;
    hold(sent.path);
  }
  return { upload: source.path };
};

// ask(name, {...body, source}) with the source sent first; once more where the server has dropped the file meanwhile. The
// answer, or {error} with the page's own sentence.
export const askWith = async (ask, name, source, upload, body) => {
  try {
    const sent = async () => ({ ...body, source: await request(source, upload) });
    const answer = await ask(name, await sent());
    if (answer.key !== "Gone" || !source.path) return answer;
    source.path = null;
    return await ask(name, await sent());
  } catch (error) {
    return {
      error: t(error.message === "large" || /413|maximum/.test(error.message) ? "error.large" : "error.upload", { mb: MOST_BYTES / 1e6 }),
      own: true,
    };
  }
};

const fileOf = (files) => [...(files ?? [])].find((f) => f.type.startsWith("image/") || !f.type || isCompressed(f));

// The endings of compressed files, and whether a file is one: then it is opened by the tab that can.
export const COMPRESSED = ".vae";
const isCompressed = (file) => file.name?.toLowerCase().endsWith(COMPRESSED) ?? false;
const handedOver = (file) => {
  if (!isCompressed(file)) return false;
  openTab("compress");
  hand("compressed", file);
  return true;
};

// Files that are dropped or pasted anywhere on the page while visible(); over(true) while one is held above it.
export const onFiles = (visible, take, over = () => {}) => {
  const taken = (e, file) => {
    if (!file || !visible() || e.defaultPrevented) return;
    e.preventDefault();
    if (!handedOver(file)) take(file);
  };
  document.addEventListener("paste", (e) => taken(e, fileOf(e.clipboardData?.files)));
  document.addEventListener("dragover", (e) => {
    if (!visible() || ![...(e.dataTransfer?.types ?? [])].includes("Files")) return;
    e.preventDefault();
    over(true);
  });
  document.addEventListener("dragleave", (e) => e.relatedTarget || (visible() && over(false)));
  document.addEventListener("drop", (e) => {
    if (!visible()) return;
    over(false);
    taken(e, e.dataTransfer?.files[0]);
  });
};
