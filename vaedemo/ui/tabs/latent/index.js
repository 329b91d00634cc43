// The tab "Latent space": two maps of the same pictures, and below them sections that are given the tab itself, whose state is
// theirs to read only. In `hears` they have what they do after a change of the "domain", the "picture" or the "language"; their
// words for the address are kept in `extra`. On d > 2 the maps show a plane and no path.

import { newest } from "../../page/frame/dom.js";
import { fileName, save } from "../../page/frame/download.js";
import { Tab, open } from "../../page/frame/shell.js";
import { domainFor, shared } from "../../page/frame/shared.js";
import { onLanguage, t } from "../../page/frame/text.js";
import { rounded } from "../../page/maths/geometry.js";
import { kindsOf, modelKey, nearestDim } from "../../page/maths/models.js";
import { pack, unpack } from "../../page/draw/pixels.js";
import { Reading, valueIn } from "../../page/picture/reading.js";
import { Yours } from "../../page/picture/yours.js";
import { createMaps } from "../../page/map/data.js";
import { paletteOf } from "../../page/map/layers.js";
import { MapView } from "../../page/map/view.js";
import { Dims } from "./dims.js";
import { Elbo } from "./elbo.js";
import { Posterior } from "./posterior.js";
import { KINDS, WORDS, betasAt, dimsOf, standard } from "./state.js";
import { view } from "./view.js";
import { Walks } from "./walks.js";

class Latent extends Tab {
  begin() {
    const { value, words } = this;
    const asked = ["domain", "example", "x"].some((word) => word in words);
    const near = !asked && shared() ? domainFor(shared(), value.maps, value.maps[0]) : null;
    const guest = near && shared();
    const domain = near ?? value.maps[0];
    // models: those of the maps in sight; readings: of the maps; results: of the picture at hand; extra: words of the sections;
    // path: of a walk, drawn from the first touch of its section on, so that the first sight of a map is the map.
    Object.assign(this, { maps: createMaps(this), map: null, models: {}, readings: {}, results: null, picking: null, sections: [] });
    Object.assign(this, { palette: paletteOf(this.root), extra: {}, path: null, walked: "from" in words, posterior: new Posterior(this) });
    // Cursors: the two decoded pictures each have their own, as they show different places; the picture at hand and what is made of it share one.
    const changed = () => this.draw();
    const reader = (part, size) =>
      new Reading({ size, tell: (column, row, name = part) => ({ value: valueIn(this.p[name], column, row) }), changed });
    const side = () => this.map && [this.map.size, this.map.size];
    this.decodedPixel = Object.fromEntries(KINDS.map((kind) => [kind, reader(`${kind}Picture`, side)]));
    this.ownPixel = reader("seen", () => this.results && side());
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
    else this.yours.example(this.state.domain, this.state.example, { keep: true, opening: true });
    this.open(Elbo, this.p.elbo);
    this.open(Walks, this.p.walks);
    this.open(Dims, this.p.dimensions);
    return false;
  }

  // Each section stands for itself: what goes wrong in one leaves the others as they are.
  open(Own, root) {
    try {
      this.sections.push(new Own(root, this));
    } catch (error) {
      console.error(error);
    }
  }

  // What is drawn by modules of its own, and what the page tells this tab.
  furnish() {
    const { p, root } = this;
    const viewOf = (kind) => {
      const [still, moving, picture, a, b, mark] = ["Still", "Moving", "Picture", "A", "B", "Mark"].map((name) => p[kind + name]);
      return new MapView(kind, { still, moving, picture, a, b, mark }, this);
    };
    this.views = { ae: viewOf("ae"), vae: viewOf("vae") };
    this.posterior.begin();
    onLanguage(() => {
      for (const kind of KINDS) this.views[kind].say();
      this.tell("language");
    });
    root.addEventListener("keydown", (e) => e.key === "Escape" && this.picking && this.endPick());
    for (const event of ["pointerdown", "keydown", "input"])
      p.walks.addEventListener(event, () => {
        this.walked = true;
        this.drawPath(this.path);
      });
    // The frame switches themes by a class of the body.
    new MutationObserver(() => {
      const palette = paletteOf(root);
      if (palette.card === this.palette.card) return;
      this.palette = palette;
      this.drawMaps();
    }).observe(document.body, { attributeFilter: ["class"] });
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

  // ---- models ------------------------------------------------------------------------------------------------

  modelOf(kind) {
    const { domain, d, beta } = this.state;
    return { domain, kind, d, beta: kind === "vae" ? beta : 1 };
  }

  // A model that a visitor trained has a map where its kind of pictures has one.
  enrolled(domain, before) {
    const { maps } = this.value;
    this.value.maps = [...maps.filter((name) => name !== before), domain];
  }

  get wanted() {
    return KINDS.map((kind) => [kind, this.state.d, this.modelOf(kind).beta]);
  }

  get model() {
    return `${this.state.domain} ${this.state.d} ${this.state.beta}`;
  }

  // ---- the maps ----------------------------------------------------------------------------------------------

  // {x_hat} of a point on a map, or {error}, where another domain is chosen whose map is on its way.
  decode(model, z) {
    if (this.map.domain !== this.state.domain) return Promise.resolve({ error: "late" });
    return this.asking("decode", { ...this.modelOf(model.kind), d: model.d, z });
  }

  told(kind, reading) {
    const own = this.results?.[kind];
    // Distance of the point from the posterior of the picture at hand, in sigma.
    const far = (v, i) => (v - own.z[i]) / own.sigma[i];
    const sigmas = own?.sigma && reading.d === 2 ? Math.hypot(...reading.at.map(far)) : null;
    this.readings[kind] = { ...reading, map: this.map, sigmas };
    this.draw();
  }

  chose(kind, z) {
    if (this.picking) {
      this.endPick({ kind, z });
      return true;
    }
    this.state.at[kind] = z;
    this.write();
    return false;
  }

  // Another piece of a map is in sight.
  framed(kind, box) {
    this.state.box[kind] = box;
    this.write();
    if (kind === "vae") this.draw(); // how many times as large the lens shows it
  }

  // A place between clusters of the autoencoder's codes that is empty, in the middle of the map; once more, the next one.
  showHole = () => {
    const { ae } = this.views;
    const hole = ae.nextHole();
    if (!hole) return this.say(t("latent.hole.none"));
    this.say("");
    this.state.at.ae = hole.at.map((v) => rounded(v, ae.grain));
    this.write();
    ae.choose(this.state.at.ae);
    return null;
  };

  // How a map is drawn.
  look(kind) {
    const { map, palette, state } = this;
    const grid = state.view === "grid";
    return {
      view: state.view,
      warped: kind === "vae" && grid && state.d === 2 && state.spacing === "quantiles",
      hidden: state.hidden,
      colours: map.colours,
      palette: grid ? palette.night : palette,
      size: map.size,
      channels: map.channels,
      box: state.box[kind],
    };
  }

  // The map of the domain or, for more dimensions, the planes of its models; of several wishes the newest is carried out.
  showMaps = newest(async () => {
    const { domain, d } = this.state;
    const { model } = this;
    this.root.setAttribute("aria-busy", "true");
    try {
      const map = await this.maps.get(domain);
      const plane = (kind) => this.maps.plane(domain, modelKey(kind, d, this.modelOf(kind).beta));
      const [ae, vae] = d === 2 ? [map.ae, map.vae] : await Promise.all(KINDS.map(plane));
      if (model !== this.model) return;
      Object.assign(this, { map, models: { ae, vae } });
    } catch {
      this.say(t("latent.lost"));
      return;
    } finally {
      this.root.removeAttribute("aria-busy");
    }
    this.drawMaps();
    performance.mark("map drawn");
    for (const kind of KINDS) this.views[kind].choose(this.state.at[kind]);
    this.showResults();
  });

  drawMaps() {
    if (!this.map) return;
    for (const kind of KINDS) if (this.models[kind]) this.views[kind].show(this.models[kind], this.look(kind));
    this.posterior.draw();
  }

  // path: {ae: paths, vae: paths}, as drawPaths() takes them, or null; it lies over the maps once the section of walks was touched.
  drawPath(path) {
    this.path = path;
    const shown = (kind) => (this.walked && this.state.d === 2 && path?.[kind]) || null;
    for (const kind of KINDS) if (this.models[kind]) this.views[kind].lay({ path: shown(kind) });
  }

  saveMap(kind) {
    const { beta, domain, d, view: shown } = this.state;
    const { still, moving } = this.views[kind];
    const sheet = Object.assign(document.createElement("canvas"), { width: still.width, height: still.height });
    for (const layer of [still, moving]) sheet.getContext("2d").drawImage(layer, 0, 0);
    sheet.toBlob(
      (blob) => save(blob, `${fileName("latent", "map", domain, kind, d, shown, beta !== 1 && kind === "vae" && `beta${beta}`)}.png`),
      "image/png",
    );
  }

  // ---- the picture at hand -----------------------------------------------------------------------------------

  // {x: base64, bytes (C, H, W), domain, example}, if it is of this domain, or null.
  picture() {
    const { picture } = this.yours;
    return picture?.domain === this.state.domain ? picture : null;
  }

  takeResults(x, [ae, vae]) {
    this.results = { of: this.model, x, ae, vae };
    this.showResults();
  }

  // The picture at hand on the maps, once both are there: a point of the AE, a cloud of the VAE under the lens.
  showResults() {
    const { state, map, models, results, posterior, views } = this;
    this.drawPath(this.path);
    const shown = map?.domain === state.domain && models.vae?.key === modelKey("vae", state.d, state.beta);
    if (!shown || results?.of !== this.model) return;
    posterior.show(results, models.vae);
    const [ae, vae] = KINDS.map((kind) => unpack(results[kind].x_hat));
    if (models.ae) views.ae.lay({ posterior: { mu: models.ae.project(results.ae.z), samples: [] }, own: ae });
    views.vae.lay({ posterior: posterior.onMap, own: vae });
    this.root.dataset.ready = "true";
    this.tell("picture");
  }

  lookAt = newest(async () => {
    const { picture } = this.yours;
    const about = () => this.yours.picture === picture && this.model;
    const answer = await this.newer("look", { x: picture.x, domain: picture.domain, models: this.wanted }, about);
    if (answer) this.takeResults(picture.bytes, answer.results);
  });

  // wanted: a whole state that comes with the picture.
  took(picture, { keep, wanted }) {
    const { state } = this;
    const other = Boolean(wanted) || picture.domain !== state.domain;
    const { view: shown, seed, count, noise } = state;
    if (other) Object.assign(state, standard(picture.domain, this.table[picture.domain]), { view: shown, seed, count, noise }, wanted);
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

  // Another tab's picture; of a sample, at the dimension of the model that it comes from.
  received({ model, ...picture }, job = {}) {
    const domain = domainFor(picture, this.value.maps, this.state.domain);
    if (!domain) return;
    this.yours.follow(picture, domain, job);
    if (model && domain === picture.domain) this.chooseModel(nearestDim(dimsOf(this.state, this), model.d), 1);
  }

  // ---- controls ----------------------------------------------------------------------------------------------

  // The same picture for another domain, or an example of it where the picture is one.
  chooseDomain = (domain) => {
    return this.yours.elsewhere(domain);
  };

  revert(wanted) {
    this.yours.elsewhere(wanted.domain, { name: wanted.example, keep: true, wanted });
  }

  choose(patch) {
    Object.assign(this.state, patch);
    this.show();
    this.drawMaps();
  }

  // A class of pictures is shown or hidden.
  toggle = (label) => {
    const { hidden } = this.state;
    if (!hidden.delete(label)) hidden.add(label);
    this.choose({});
  };

  nearest(d) {
    return nearestDim(dimsOf(this.state, this), d);
  }

  takeDimension(d) {
    this.chooseModel(d, this.state.beta);
  }

  chooseModel(d, beta) {
    const { state } = this;
    if (d !== state.d) this.choseDimension(d);
    Object.assign(state, { d, beta, at: { ae: null, vae: null }, box: { ae: null, vae: null } });
    if (!betasAt(state, this).includes(beta)) state.beta = 1;
    this.show();
    this.showMaps();
    if (this.yours.picture) this.lookAt();
  }

  // ---- what the sections below share with the maps -----------------------------------------------------------

  tell(what) {
    for (const section of this.sections) section.hears[what]?.();
  }

  // Promise of {kind, z: [z1, z2]}, the next point chosen on a map; of null where it was given up: Escape, or another pick.
  pick() {
    this.endPick();
    if (this.state.d > 2) this.chooseModel(2, 1);
    const picked = new Promise((done) => (this.picking = done));
    this.draw();
    this.p.maps.scrollIntoView({ block: "nearest" });
    return picked;
  }

  endPick(answer = null) {
    const { picking } = this;
    this.picking = null;
    this.draw();
    picking?.(answer);
  }
}

export const mount = open(Latent, "latent", ({ table, maps }) => {
  if (maps.length) return null;
  return Object.values(table).some((row) => kindsOf(row).length) ? "latent.nomaps" : "nomodels";
});
