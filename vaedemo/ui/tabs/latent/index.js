// The tab "Latent space": two maps of the same pictures, and below them sections that are given the tab itself; of it they use
//   table, state, upload, ask(), asking(), say(), about(), words    as in Tab; state is to be read only
//   onChange(fn)      fn(what) after a change of the state, of the picture or of the language: "domain" | "model" | "picture" |
//                     "language" | "theme"
//   picture()         the picture at hand {x: base64, bytes (C, H, W), domain, example} of this domain, or null
//   drawPath(p)       p = {ae: path, vae: path} or null; a path is [[z1, z2], ...], or a list of
//                     {points: [[z1, z2], ...], dashed: bool, marks: bool (dots on its points), at: [z1, z2] or null}
//   pick(which)       Promise of {kind, z: [z1, z2]}, the next point chosen on the map "ae", "vae" or (null) either;
//                     of null where it was given up (Escape, or another pick); cancelPick()
//   tellWords(patch)  {word: value or null}, kept in the address beside the tab's own
// On d > 2 the maps show a plane and no path; sections that work on d = 2 keep to their own models.

import { newest } from "../../page/frame/dom.js";
import { save } from "../../page/frame/download.js";
import { Tab, open } from "../../page/frame/shell.js";
import { shared } from "../../page/frame/shared.js";
import { onLanguage, t } from "../../page/frame/text.js";
import { kindsOf, modelKey } from "../../page/maths/models.js";
import { pack, unpack } from "../../page/draw/pixels.js";
import { Yours } from "../../page/picture/yours.js";
import { createMaps } from "../../page/map/data.js";
import { paletteOf } from "../../page/map/layers.js";
import { createReadout, drawLegend } from "../../page/map/readout.js";
import { createMapView } from "../../page/map/view.js";
import { Dims } from "./dims.js";
import { createPosterior, posteriorOn, reachOf } from "./posterior.js";
import { WORDS, betasAt, standard } from "./state.js";
import { view } from "./view.js";
import { Walks } from "./walks.js";

const KINDS = ["ae", "vae"];

class Latent extends Tab {
  begin() {
    const { words, value } = this;
    const asked = ["domain", "example", "x"].some((word) => word in words);
    const guest = !asked && value.maps.includes(shared()?.domain) ? shared() : null;
    const domain = guest?.domain ?? value.maps[0];
    // models: those of the maps in sight; results: of the picture at hand; extra: words of the sections; path: of a walk, drawn
    // from the first touch of its section on, so that the first sight of a map is the map.
    Object.assign(this, { maps: createMaps(), map: null, models: {}, results: null, extra: {}, path: null, picking: null, fresh: false });
    Object.assign(this, { listeners: [], palette: paletteOf(this.root), walked: "from" in words });
    this.start(WORDS, standard(domain, this.table[domain]));
    this.yours = new Yours(this, {
      asked: (job) => ["prepare", { domain: job.domain, models: job.domain === this.state.domain ? this.wanted : [] }],
      refuses: (answer) => (value.maps.includes(answer.domain) ? null : t("latent.nomap", { domain: t(`domain.${answer.domain}`) })),
      took: (picture, job) => this.took(picture, job),
      failed: () => (this.root.dataset.ready = "true"),
      received: (picture) => this.received(picture),
    });
    this.draw();
    this.furnish();
    this.showMaps();
    const { drawn } = this.state;
    if (drawn) this.yours.ready({ x: pack(drawn), domain: this.state.domain }, { drawn: true, keep: true });
    else if (guest) this.received(guest, { keep: true });
    else this.yours.example(this.state.domain, this.state.example, { keep: true });
    this.sections();
    return false;
  }

  // What is drawn by modules of its own, and what the page tells this tab.
  furnish() {
    const { p, root } = this;
    this.readouts = Object.fromEntries(KINDS.map((kind) => [kind, createReadout(p, kind)]));
    const hooks = {
      decode: (model, z) =>
        this.asking("decode", { domain: this.state.domain, kind: model.kind, d: model.d, beta: this.betaOf(model.kind), z }),
      told: (kind, reading) => this.told(kind, reading),
      moved: (kind, a, b) => {
        this.readouts[kind].mark(p[`${kind}Picture`].dataset.shown);
        this.readouts[kind].coordinates(a, b);
      },
      chose: (kind, point) => this.chose(kind, point),
    };
    const viewOf = (kind) =>
      createMapView(kind, { still: p[`${kind}Still`], moving: p[`${kind}Moving`], picture: p[`${kind}Picture`] }, hooks);
    this.views = { ae: viewOf("ae"), vae: viewOf("vae") };
    this.posterior = createPosterior(p, this.state, {
      decode: (z) => this.asking("decode_many", { domain: this.state.domain, kind: "vae", d: this.state.d, beta: this.state.beta, z }),
      changed: () => {
        this.views.vae.over({ posterior: this.posterior.posterior() });
        this.write();
      },
    });
    onLanguage(() => this.speak());
    root.addEventListener("keydown", (e) => e.key === "Escape" && this.picking && this.cancelPick());
    for (const event of ["pointerdown", "keydown", "input"])
      p.walks.addEventListener(event, () => {
        this.walked = true;
        this.overlay();
      });
    // The frame switches themes by a class of the body.
    new MutationObserver(() => {
      const palette = paletteOf(root);
      if (palette.card === this.palette.card) return;
      this.palette = palette;
      this.drawMaps();
      this.tell("theme");
    }).observe(document.body, { attributeFilter: ["class"] });
  }

  // Each section stands for itself: what goes wrong in one leaves the others as they are.
  sections() {
    for (const [Own, root] of [
      [Walks, this.p.walks],
      [Dims, this.p.dimensions],
    ])
      try {
        new Own(root, this);
      } catch (error) {
        console.error(error);
      }
  }

  speak() {
    this.drawMaps();
    for (const kind of KINDS) {
      const reading = this.views[kind].reading();
      if (reading) this.told(kind, reading);
    }
    this.tell("language");
  }

  view() {
    return view(this);
  }

  write() {
    super.write(this.extra);
  }

  get word() {
    return this.yours?.picture?.word ?? null;
  }

  linked() {
    return Boolean(this.word || this.state.example);
  }

  // ---- the maps ----------------------------------------------------------------------------------------------

  betaOf(kind) {
    return kind === "vae" ? this.state.beta : 1;
  }

  get wanted() {
    return KINDS.map((kind) => [kind, this.state.d, this.betaOf(kind)]);
  }

  told(kind, reading) {
    const { p, results, state } = this;
    const own = results?.[kind];
    // Distance of the point from the posterior of the picture at hand, in sigma.
    const far = (i, v) => (v - own.z[i]) / own.sigma[i];
    const sigmas = own?.sigma && state.d === 2 ? Math.hypot(far(0, reading.a), far(1, reading.b)) : null;
    this.readouts[kind].mark(p[`${kind}Picture`].dataset.shown);
    this.readouts[kind].tell(reading, this.map, { palette: this.palette, sigmas, d: state.d });
  }

  chose(kind, point) {
    if (this.picking && (this.picking.which ?? kind) === kind) {
      this.finishPick({ kind, z: point });
      return true;
    }
    this.state.at[kind] = point;
    this.write();
    return false;
  }

  look(kind, shown = this.state.view) {
    const { map, palette, state, p } = this;
    return {
      view: shown,
      warped: kind === "vae" && shown === "grid" && state.d === 2 && state.spacing === "quantiles",
      hidden: state.hidden,
      colours: map.colours,
      palette: shown === "grid" ? palette.night : palette,
      size: map.size,
      channels: map.channels,
      side: p[`${kind}Moving`].clientWidth,
    };
  }

  // The map of the domain or, for more dimensions, the planes of its models; of several wishes the newest is carried out.
  showMaps = newest(async () => {
    const { domain, d, beta } = this.state;
    this.root.setAttribute("aria-busy", "true");
    try {
      const map = await this.maps.get(domain);
      const plane = (kind) => this.maps.plane(domain, modelKey(kind, d, kind === "vae" ? beta : 1));
      const [ae, vae] = d === 2 ? [map.ae, map.vae] : await Promise.all(KINDS.map(plane));
      if (domain !== this.state.domain || d !== this.state.d || beta !== this.state.beta) return;
      Object.assign(this, { map, models: { ae, vae } });
    } catch {
      this.say(t("latent.lost"));
      return;
    } finally {
      this.root.removeAttribute("aria-busy");
    }
    this.drawMaps();
    for (const kind of KINDS) this.views[kind].choose(this.state.at[kind]);
    this.showResults();
  });

  drawMaps() {
    const { map, models, state, p } = this;
    if (!map) return;
    this.draw();
    for (const kind of KINDS) if (models[kind]) this.views[kind].show(models[kind], this.look(kind));
    drawLegend(p.legend, map, { hidden: state.hidden, palette: this.palette }, (label) => {
      if (!state.hidden.delete(label)) state.hidden.add(label);
      this.choose({});
    });
    this.posterior.look(this.look("vae", "points"));
    if (p.maps.dataset.shown === `${map.domain} ${state.d}`) return;
    p.maps.dataset.shown = `${map.domain} ${state.d}`;
    p.maps.dataset.took = (performance.now() - map.arrived).toFixed(1);
  }

  // What lies over the maps: the picture at hand, its posterior and samples, the path of a walk.
  pathOf(kind) {
    return (this.walked && this.state.d === 2 && this.path?.[kind]) || null;
  }

  overlay() {
    for (const kind of KINDS) {
      const [model, mine] = [this.models[kind], this.fresh && this.results[kind]];
      if (!model) continue;
      const patch = { path: this.pathOf(kind) };
      const posterior = kind === "vae" ? this.posterior.posterior() : mine && { ...posteriorOn(model, mine.z, null), samples: [] };
      if (mine) Object.assign(patch, { posterior }, kind === "vae" && { lens: reachOf(posterior.axes) });
      this.views[kind].over(patch, mine ? unpack(mine.x_hat) : undefined);
    }
    this.fresh = false;
  }

  drawPath(path) {
    this.path = path;
    for (const kind of KINDS) this.views[kind].over({ path: this.pathOf(kind) });
  }

  saveMap(kind) {
    const { domain, d, view: shown } = this.state;
    const [still, moving] = this.views[kind].canvases;
    const sheet = Object.assign(document.createElement("canvas"), { width: still.width, height: still.height });
    for (const layer of [still, moving]) sheet.getContext("2d").drawImage(layer, 0, 0);
    sheet.toBlob((blob) => save(blob, `vaedemo-map-${domain}-${kind}-${d}-${shown}.png`), "image/png");
  }

  // ---- the picture at hand -----------------------------------------------------------------------------------

  picture() {
    const { picture } = this.yours;
    return picture?.domain === this.state.domain ? picture : null;
  }

  get model() {
    return `${this.state.domain} ${this.state.d} ${this.state.beta}`;
  }

  takeResults(x, [ae, vae]) {
    this.results = { of: this.model, x, ae, vae };
    this.showResults();
  }

  showResults() {
    const { state, map, models, results } = this;
    const shown = map?.domain === state.domain && models.vae?.key === modelKey("vae", state.d, state.beta);
    if (!shown || results?.of !== this.model) return this.overlay();
    this.fresh = true;
    this.posterior.show(results, models.vae, this.look("vae", "points"));
    this.overlay();
    this.root.dataset.ready = "true";
    return this.tell("picture");
  }

  lookAt = newest(async () => {
    const [{ picture }, model] = [this.yours, this.model];
    const answer = await this.asking("look", { x: picture.x, domain: picture.domain, models: this.wanted });
    if (answer.error || this.yours.picture !== picture || model !== this.model) return;
    this.takeResults(picture.bytes, answer.results);
  });

  took(picture, { keep }) {
    const { state } = this;
    const other = picture.domain !== state.domain;
    const { view: shown, seed, count, noise } = state;
    if (other) Object.assign(state, standard(picture.domain, this.table[picture.domain]), { view: shown, seed, count, noise });
    state.example = picture.example;
    if (!keep) state.at = { ae: null, vae: null };
    if (!keep && !other && this.map) for (const kind of KINDS) this.views[kind].choose(null);
    this.draw();
    if (other) {
      this.tell("domain");
      this.showMaps();
    }
    if (picture.results?.length) this.takeResults(picture.bytes, picture.results);
    else this.lookAt();
    this.write();
  }

  received({ x, domain, word, example }, job = {}) {
    this.yours.ready({ x, domain, example }, { drawn: Boolean(word), ...job });
  }

  // ---- controls ----------------------------------------------------------------------------------------------

  // The same picture for another domain, or an example of it where the picture is one.
  chooseDomain = (domain) => {
    const { source } = this.yours;
    if (source && ["file", "data"].includes(source.kind) && !source.drawn) return this.yours.load({ source, domain });
    return this.yours.example(domain, this.table[domain].examples[0]);
  };

  choose(patch) {
    Object.assign(this.state, patch);
    this.show();
    this.drawMaps();
  }

  chooseModel(d, beta) {
    Object.assign(this.state, { d, beta: betasAt(this.row, d).includes(beta) ? beta : 1, at: { ae: null, vae: null } });
    this.show();
    this.showMaps();
    if (this.yours.picture) this.lookAt();
    this.tell("model");
  }

  // ---- what the sections below share with the maps -----------------------------------------------------------

  onChange(listener) {
    this.listeners.push(listener);
  }

  tell(what) {
    for (const listener of this.listeners) listener(what);
  }

  tellWords(patch) {
    Object.assign(this.extra, patch);
    this.write();
  }

  finishPick(answer) {
    const { picking } = this;
    this.picking = null;
    this.draw();
    picking?.done(answer);
  }

  cancelPick() {
    this.finishPick(null);
  }

  pick(which = null) {
    this.finishPick(null);
    if (this.state.d > 2) this.chooseModel(2, 1);
    const picked = new Promise((done) => (this.picking = { which, done }));
    this.draw();
    this.p.maps.scrollIntoView({ block: "nearest" });
    return picked;
  }
}

export const mount = open(Latent, "latent", ({ table, maps }) => {
  if (maps.length) return null;
  return Object.values(table).some((row) => kindsOf(row).length) ? "latent.nomaps" : "nomodels";
});
