// The picture at hand of a tab, and the panel that it comes through: an example, a file chosen, dropped or pasted, a drawing,
// the webcam, or what another tab shared. A source is one of
//   {kind: "example", domain, name}   {kind: "file", blob, path}   {kind: "data", data, drawn}

import { html, nothing } from "../vendor/lit-html.js";
import { onEnter } from "../frame/address.js";
import { newest } from "../frame/dom.js";
import { button, fileInput, panel, small } from "../frame/pieces.js";
import { onShared, share, shared } from "../frame/shared.js";
import { className, failure, t } from "../frame/text.js";
import { painted, unpack } from "../draw/pixels.js";
import { toWord } from "../maths/words.js";
import { createCamera } from "./camera.js";
import { Pad } from "./pad.js";
import { askWith, onFiles } from "./source.js";

const FRAME = 30; // ms between the camera's pictures

// tab: the tab. hooks: asked(job) -> [name, body] of what the server is asked with; took(picture, job): a new picture
// {x, bytes, domain, example, word, width, height, ...}; failed(): none came; refuses(answer): why it is not taken, or null; shares(): what is told to other tabs in
// place of what is known of it, or null for nothing; domain(): whose examples are shown; received(shared): a picture of another tab,
// once this one is in sight. pending: the domain that was asked for.
export class Yours {
  constructor(tab, hooks) {
    Object.assign(this, { tab, hooks, mode: "picture", tool: "pen", picture: null, source: null, shown: "", pending: null });
    this.camera = null;
    this.waiting = null; // another tab's picture, until this tab is in sight
    onShared(tab.name, (picture) => this.arrive(picture));
    onEnter((name) => name === tab.name && this.catchUp());
    onFiles(
      () => tab.p.upload.offsetParent !== null,
      (blob) => this.takeFile(blob),
      (on) => tab.p.yoursFrame.classList.toggle("vd-over", on),
    );
  }

  // ---- taking ------------------------------------------------------------------------------------------------

  // job: {source, domain, live, ...}; live while a stroke or the camera goes on.
  load(job) {
    this.pending = job.domain;
    if (this.tab.p) this.tab.draw();
    return this.request(job);
  }

  request = newest(async (job, more) => {
    const { tab, hooks } = this;
    this.pending = job.domain;
    tab.root.setAttribute("aria-busy", "true");
    const [name, body] = hooks.asked(job);
    const answer = await askWith(tab.ask, name, job.source, tab.upload, body);
    tab.root.removeAttribute("aria-busy");
    this.pending = null;
    if (answer.error) {
      hooks.failed?.();
      tab.say(failure(answer));
    } else {
      if (!job.keep) tab.said = "";
      this.take(answer, job, more());
    }
    if (this.mode === "camera") setTimeout(this.nextFrame, FRAME);
  });

  // answer: {x, domain, original, ...} as the server gives it.
  take(answer, job, more = false) {
    const { source } = job;
    const refused = this.hooks.refuses?.(answer);
    if (refused) return this.tab.say(refused);
    const row = this.tab.table[answer.domain] ?? this.tab.row;
    const bytes = answer.x ? unpack(answer.x) : null; // of a photograph there is only the original
    const word = source.drawn && row.strokes ? toWord(bytes) : null;
    this.picture = { ...answer, bytes, word, example: source.name ?? null };
    this.source = source;
    if (!answer.original) this.shown = painted(bytes, row.channels);
    else if (this.mode === "picture") this.shown = answer.original;
    this.hooks.took(this.picture, { ...job, more });
    this.tell(job);
    return null;
  }

  // The page's picture is another one, unless it came from there, or late: then the visitor has gone on to another tab; or it is
  // the example that a tab opens with, and there is one.
  tell({ source, guest = false, opening = false }) {
    const { picture, tab } = this;
    const shares = this.hooks.shares?.() ?? {};
    if (guest || (opening && shared()) || !shares || !tab.place.visible()) return;
    const { x, domain, example, word, width, height } = picture;
    const shown = picture.original ?? painted(picture.bytes, tab.table[domain].channels);
    share({ x, domain, example, word, width, height, source, shown, ...shares }, tab.name);
  }

  arrive(picture) {
    this.waiting = picture;
    if (this.tab.place.visible()) this.catchUp();
  }

  catchUp() {
    const { waiting } = this;
    this.waiting = null;
    if (waiting) this.hooks.received(waiting);
  }

  // Another tab's picture, as this one sees it in a domain.
  follow(picture, domain = picture.domain, job = {}) {
    const { source } = picture;
    const of = this.tab.table[domain]?.like ?? domain;
    if (picture.x && domain === picture.domain) return this.ready(picture, { ...job, guest: true });
    if (source.kind === "example" && source.domain !== of)
      return this.example(domain, this.namesake(of, source.name), { ...job, guest: true });
    this.show("picture");
    return this.load({ ...job, guest: true, source, domain });
  }

  // A picture that is there already: drawn by a link, or another tab's. Whatever it is, it has a source to convert it from.
  ready({ x, domain, example = null, source, shown = null, width, height }, { drawn = false, ...job } = {}) {
    this.show("picture");
    const own = source ?? { kind: "data", data: painted(unpack(x), this.tab.table[domain].channels), drawn };
    this.take({ x, domain, example, original: shown, width, height, results: [] }, { ...job, source: own });
  }

  // Whether the visitor brought it: then it stays what it is in every domain.
  get own() {
    return ["file", "data"].includes(this.source?.kind);
  }

  // An example of a domain: the one of this name where it has it.
  namesake(domain, name) {
    const { examples } = this.tab.table[domain];
    return examples.includes(name) ? name : examples[0];
  }

  example(domain, name, job = {}) {
    this.show("picture");
    return this.load({ ...job, source: { kind: "example", domain, name }, domain });
  }

  // The visitor's picture as another domain sees it; in place of an example that domain's: of a name, usually the same one, where
  // it has it.
  elsewhere(domain, { name = this.source?.name, ...job } = {}) {
    const { source } = this;
    return this.own ? this.load({ ...job, source, domain }) : this.example(domain, this.namesake(domain, name), job);
  }

  takeFile(blob) {
    if (!blob) return;
    this.show("picture");
    this.load({ source: { kind: "file", blob, path: null }, domain: null });
  }

  live(source) {
    this.load({ source, domain: this.tab.state.domain, live: true });
  }

  // ---- drawing board and webcam ------------------------------------------------------------------------------

  show(mode) {
    if (this.mode === "camera" && mode !== "camera") this.camera.stop();
    this.mode = mode;
    if (this.tab.p) this.tab.draw();
  }

  // The tab's panels are new: what was on the old ones ends.
  renewed() {
    this.show("picture");
    this.board = null;
    this.camera = null;
  }

  get pad() {
    this.board ??= new Pad(this.tab.p.pad, (data, empty) => this.live({ kind: "data", data, drawn: !empty }));
    return this.board;
  }

  draw = () => {
    if (this.mode === "draw") return this.show("picture");
    this.pad.choose(this.tool);
    this.show("draw");
    return this.tab.p.pad.focus({ preventScroll: true });
  };

  choose(tool) {
    this.tool = tool;
    this.pad.choose(tool);
    this.tab.draw();
  }

  keys = (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key === "z") this.pad.undo();
    else if (e.key === "Delete") this.pad.clear();
    else return;
    e.preventDefault();
  };

  nextFrame = () => {
    if (this.mode !== "camera") return;
    const data = this.camera.frame();
    if (data) this.live({ kind: "data", data });
    else setTimeout(this.nextFrame, 50);
  };

  film = async () => {
    if (this.mode === "camera") return this.show("picture");
    this.camera ??= createCamera(this.tab.p.video);
    try {
      await this.camera.start();
      this.show("camera");
      return this.nextFrame();
    } catch {
      this.camera.stop();
      return this.tab.say(t("camera.none"));
    }
  };

  // ---- views -------------------------------------------------------------------------------------------------

  // The panel; noted: whether it says the picture's size; beside: what else is in it.
  panel({ noted = true, beside = "" } = {}) {
    const { mode, picture } = this;
    const small128 = !(Math.max(picture?.width ?? 0, picture?.height ?? 0) > 128);
    const inside = html`<img data-part="original" class=${small128 ? "vd-pixels" : ""} alt=${t(picture?.example ? "yours.example" : "yours.own")} src=${this.shown || nothing}
        ?hidden=${mode !== "picture"}><canvas data-part="pad" class="vd-pad" width="280" height="280" role="img" tabindex="0" aria-label=${t("pad.label")}
        ?hidden=${mode !== "draw"} @keydown=${this.keys}></canvas><video data-part="video" playsinline muted ?hidden=${mode !== "camera"}></video>
        <div class="vd-drop">${t("drop.here")}</div>`;
    const under = html`<span data-part="yoursHint" ?hidden=${mode !== "picture"}>${t("yours.hint")}</span>
        <div class="vd-padtools" data-part="padTools" ?hidden=${mode !== "draw"}>
          ${small("pen", () => this.choose("pen"), { pressed: this.tool === "pen" })}
          ${small("eraser", () => this.choose("eraser"), { pressed: this.tool === "eraser" })}
          ${small("undo", () => this.pad.undo())}
          ${small("clear", () => this.pad.clear())}
        </div>
        <div class="vd-padtools" data-part="cameraTools" ?hidden=${mode !== "camera"}>${small("freeze", () => this.show("picture"))}</div>`;
    const note = noted && picture?.width ? `${picture.width} × ${picture.height}` : "";
    return panel("yours", inside, { note, under, beside });
  }

  // The buttons, and the examples of the domain.
  tools(order = ["upload", "draw", "camera"]) {
    const own = {
      upload: () => button("upload", "upload", () => this.tab.p.file.click()),
      draw: () => button("draw", "draw", this.draw, { pressed: this.mode === "draw" }),
      camera: () => button("camera", "camera", this.film, { pressed: this.mode === "camera" }),
    };
    const domain = this.hooks.domain?.() ?? this.tab.state.domain;
    return html`<div class="vd-sources">
      ${order.map((name) => own[name]())}
      ${fileInput("file", (file) => this.takeFile(file))}
      </div>
      <div class="vd-examples" data-part="examples" role="group" aria-label=${t("examples.label")}>${exampleRow(
        this.tab.about(domain)?.examples ?? [],
        this.picture?.example,
        (name) => this.example(domain, name),
      )}</div>`;
  }
}

// A domain's examples [{name, thumb}] as buttons, of which the chosen one is pressed.
export const exampleRow = (list, chosen, choose) =>
  list.map(
    ({
      name,
      thumb,
    }) => html`<button type="button" class="vd-example" data-name=${name} title=${className(name)} aria-pressed=${name === chosen}
    @click=${() => choose(name)}><img src=${thumb} alt=${className(name)} width="40" height="40"></button>`,
  );
