// Many files at once: chosen, dropped, or in a folder; each asked about in turn, with a bar and a button that stops it.

import { html } from "../vendor/lit-html.js";
import { button, progress, small } from "../frame/pieces.js";
import { failure, t } from "../frame/text.js";
import { NOTHING } from "./job.js";
import { askWith } from "./source.js";

// Of the files in a folder, those that may be pictures.
const PICTURE = /\.(avif|bmp|gif|hdr|heic|jpe?g|jxl|png|tiff?|webp)$/i;
const mayBe = ({ name, type }) => !name.startsWith(".") && (type.startsWith("image/") || PICTURE.test(name));

// The files of an entry of the file system; of a folder those that may be pictures, in its folders too.
const inside = async (entry, whole = true) => {
  if (entry.isFile) return [await new Promise((done, fail) => entry.file(done, fail))].filter((file) => whole || mayBe(file));
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail)); // a hundred at a time
    if (!some.length) return (await Promise.all(found.map((one) => inside(one, false)))).flat();
    found.push(...some);
  }
};

// Promise of the files of a drop. What the browser tells of it is gone when the handler has ended, so it is read at once.
export const filesOf = (transfer) => {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [...transfer.files];
  return entries.length ? Promise.all(entries.map((one) => inside(one))).then((all) => all.flat()) : Promise.resolve(files);
};

// part: what its elements are called. hooks: key: of its phrases; most: how many files; ask(): [name, body] of the server's
// function that each is asked with; began(count, given): how many of those given are read; told(answer, file): of each that could
// be read; ended().
export class Many {
  constructor(tab, part, hooks) {
    Object.assign(this, { tab, part, hooks, bar: NOTHING, running: false, wanted: 0, broken: [] });
  }

  // Drops on an element are its own, and not one picture for the tab.
  follow(element) {
    const over = (on) => element.classList.toggle("vd-over", on);
    element.addEventListener("dragover", (e) => {
      if (![...(e.dataTransfer?.types ?? [])].includes("Files")) return;
      e.preventDefault();
      e.stopPropagation();
      over(true);
    });
    element.addEventListener("dragleave", (e) => element.contains(e.relatedTarget) || over(false));
    element.addEventListener("drop", async (e) => {
      e.preventDefault();
      over(false);
      this.take(await filesOf(e.dataTransfer));
    });
  }

  async take(given) {
    const files = [...given].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    if (!files.length) return;
    this.wanted += 1;
    const turn = this.wanted;
    const { most } = this.hooks;
    const some = files.slice(0, most);
    Object.assign(this, { broken: [], running: true });
    this.hooks.began(some.length, files.length);
    const [name, body] = this.hooks.ask();
    for (const [i, file] of some.entries()) {
      this.tell({ done: i, total: some.length, text: `${i + 1} / ${some.length}` });
      const answer = await askWith(this.tab.ask, name, { kind: "file", blob: file, path: null }, this.tab.upload, body);
      if (turn !== this.wanted) return;
      if (answer.error) this.broken.push({ file: file.name, answer });
      else this.hooks.told(answer, file);
    }
    this.running = false;
    this.tell(NOTHING);
    this.hooks.ended();
  }

  halt = () => {
    this.wanted += 1;
    this.running = false;
    this.tell(NOTHING);
    this.hooks.ended();
  };

  forget() {
    this.wanted += 1;
    Object.assign(this, { bar: NOTHING, running: false, broken: [] });
  }

  tell(bar) {
    this.bar = bar;
    this.tab.show();
  }

  // The buttons, and the bar while files are read.
  view() {
    const { part } = this;
    const { key } = this.hooks;
    const chosen = ({ target }) => {
      this.take([...target.files].filter((file) => !target.webkitdirectory || mayBe(file)));
      target.value = "";
    };
    const input = (own, folder) =>
      html`<input type="file" multiple accept="image/*,.tif,.tiff" ?webkitdirectory=${folder} data-part=${own} hidden @change=${chosen}>`;
    return html`<div class="vd-many">
      ${button(`${part}Files`, "upload", () => this.tab.p[`${part}Input`].click(), { key: `${key}.files` })}
      ${button(`${part}Folder`, "upload", () => this.tab.p[`${part}Tree`].click(), { key: "many.folder" })}
      ${input(`${part}Input`, false)}${input(`${part}Tree`, true)}
      ${progress(`${part}Bar`, t(`${key}.title`), this.bar, small(`${part}Halt`, this.halt, { key: "photo.halt" }), { hidden: !this.running })}
    </div>
    <ul class="vd-many-broken" data-part="${part}Broken" role="status">${this.broken.map((one) => html`<li><b>${one.file}</b>: ${failure(one.answer)}</li>`)}</ul>`;
  }
}
