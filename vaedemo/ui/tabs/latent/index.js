// The tab "Latent space": two maps of the same pictures, and below them what is built on a context that they share:
//   table, server, upload    as in mount(); ask(name, body) -> Promise of the answer, a failure being {error, own}
//   state                    {domain, d, beta, view, ...} as it is now, to be read only; onChange(fn): fn(what) after a change of
//                            it, of the picture or of the language, what being "domain" | "model" | "picture" | "language"
//   say(text)                a sentence in the tab's message, "" takes it away
//   picture()                the picture at hand {x: Uint8Array (C, H, W), base64, domain, example} of this domain, or null
//   maps.get(domain)         Promise of {domain, size, channels, classes, colours, count, labels, ae, vae}; ae and vae are
//                            {key, kind, d: 2, points: Float32Array (2 * count), low, high, decodeAt(z1, z2, out (C, H, W)), decode(z, out)}
//   mapCanvases.drawPath(p)  p = {ae: path, vae: path} or null; a path is [[z1, z2], ...], or a list of
//                            {points: [[z1, z2], ...], dashed: bool, marks: bool (dots on its points), at: [z1, z2] or null}
//   pick(which)              Promise of {kind, z: [z1, z2]}, the next point chosen on the map "ae", "vae" or (null) either;
//                            of null where it was given up (Escape, or another pick); cancelPick()
//   address                  {words: those this tab was opened with, write({word: value or null}): kept beside the tab's own}
// On d > 2 the maps show a plane and no path; sections that work on d = 2 keep to their own models.

import * as address from "../../page/frame/address.js";
import { createAsk } from "../../page/frame/ask.js";
import { newest, parts, segmented, styles } from "../../page/frame/dom.js";
import { save } from "../../page/frame/download.js";
import { createDims } from "./dims.js";
import { SPACINGS, VIEWS, betasAt, dimsOf, fromWords, standard, toWords } from "./state.js";
import { markup } from "./view.js";
import { createWalks } from "./walks.js";
import { createMaps } from "../../page/map/data.js";
import { paletteOf } from "../../page/map/layers.js";
import { createMapView } from "../../page/map/view.js";
import { createOwnPicture } from "./ownpicture.js";
import { pack, unpack } from "../../page/draw/pixels.js";
import { createPosterior, posteriorOn, reachOf } from "./posterior.js";
import { createReadout, drawLegend } from "../../page/map/readout.js";
import { onShared, shared } from "../../page/frame/shared.js";
import { kindsOf, modelKey } from "../../page/maths/models.js";
import { failure, fill, noModels, onLanguage, t } from "../../page/frame/text.js";

const KINDS = ["ae", "vae"];

export const mount = async ({ element, props, server, upload }) => {
  await styles("latent");
  const { table, maps: domains, planes } = props.value;
  const root = element.querySelector(".vd-module-latent");
  const place = address.ofTab("latent");
  const words = place.read();
  if (!domains.length) {
    const any = Object.values(table).some((row) => kindsOf(row).length);
    return noModels(root, any ? "latent.nomaps" : "nomodels");
  }
  root.innerHTML = markup();
  const p = parts(root);
  const asked = ["domain", "example", "x"].some((word) => word in words);
  const guest = !asked && domains.includes(shared()?.domain) ? shared() : null;
  const { state, wrong } = fromWords(words, table, domains, planes, guest?.domain ?? domains[0]);
  const maps = createMaps();
  const now = { map: null, models: {}, results: null, extra: {}, path: null, pick: null, palette: paletteOf(root), fresh: false, walked: "from" in words };
  const listeners = [];

  // ---- asking the server -------------------------------------------------------------------------------------

  const row = () => table[state.domain];
  const models = () => [["ae", state.d, 1], ["vae", state.d, state.beta]]; // prettier-ignore
  const say = (text) => {
    p.messageText.textContent = text;
    p.message.hidden = !text;
  };
  const ask = createAsk(server);
  const asking = async (name, body) => {
    const answer = await ask(name, body);
    if (answer.error) say(failure(answer));
    return answer;
  };
  const tell = (what) => {
    for (const listener of listeners) listener(what);
  };
  const write = () => place.write({ ...toWords(state, own.current()?.word), ...now.extra });

  // ---- the maps ----------------------------------------------------------------------------------------------

  const readouts = Object.fromEntries(KINDS.map((kind) => [kind, createReadout(p, kind)]));
  // Distance of a point from the posterior of the picture at hand, in sigma.
  const sigmas = (kind, { a, b }) => {
    const result = now.results?.[kind];
    if (!result?.sigma || state.d > 2) return null;
    return Math.hypot((a - result.z[0]) / result.sigma[0], (b - result.z[1]) / result.sigma[1]);
  };
  const hooks = {
    decode: (model, z) =>
      asking("decode", { domain: state.domain, kind: model.kind, d: model.d, beta: model.kind === "vae" ? state.beta : 1, z }),
    told: (kind, reading) => {
      readouts[kind].mark(p[`${kind}Picture`].dataset.shown);
      readouts[kind].tell(reading, now.map, { palette: now.palette, sigmas: sigmas(kind, reading), d: state.d });
    },
    moved: (kind, a, b) => {
      readouts[kind].mark(p[`${kind}Picture`].dataset.shown);
      readouts[kind].coordinates(a, b);
    },
    chose: (kind, point) => {
      if (now.pick && (now.pick.which ?? kind) === kind) {
        finishPick({ kind, z: point });
        return true;
      }
      state.at[kind] = point;
      write();
      return false;
    },
  };
  const viewOf = (kind) => createMapView(kind, { still: p[`${kind}Still`], moving: p[`${kind}Moving`], picture: p[`${kind}Picture`] }, hooks);
  const views = { ae: viewOf("ae"), vae: viewOf("vae") };

  const look = (kind, view = state.view) => ({
    view,
    warped: kind === "vae" && view === "grid" && state.d === 2 && state.spacing === "quantiles",
    hidden: state.hidden,
    colours: now.map.colours,
    palette: view === "grid" ? now.palette.night : now.palette,
    size: now.map.size,
    channels: now.map.channels,
    side: p[`${kind}Moving`].clientWidth,
  });

  // The map of the domain or, for more dimensions, the planes of its models; of several wishes the newest is carried out.
  const showMaps = newest(async () => {
    const { domain, d, beta } = state;
    root.setAttribute("aria-busy", "true");
    try {
      const map = await maps.get(domain);
      const plane = (kind) => maps.plane(domain, modelKey(kind, d, kind === "vae" ? beta : 1));
      const [ae, vae] = d === 2 ? [map.ae, map.vae] : await Promise.all(KINDS.map(plane));
      if (domain !== state.domain || d !== state.d || beta !== state.beta) return;
      Object.assign(now, { map, models: { ae, vae } });
    } catch {
      say(t("latent.lost"));
      return;
    } finally {
      root.removeAttribute("aria-busy");
    }
    drawMaps();
    for (const kind of KINDS) views[kind].choose(state.at[kind]);
    showResults();
  });

  const drawMaps = () => {
    if (!now.map) return;
    for (const kind of KINDS) if (now.models[kind]) views[kind].show(now.models[kind], look(kind));
    drawLegend(p.legend, now.map, { hidden: state.hidden, palette: now.palette }, (label) => {
      if (!state.hidden.delete(label)) state.hidden.add(label);
      drawMaps();
      write();
    });
    for (const kind of KINDS) {
      const [first, second] = now.models[kind]?.explained ?? [];
      p[`${kind}Note`].textContent = first ? t("latent.explained", { share: Math.round(100 * (first + second)) }) : "";
    }
    posterior.look(look("vae", "points"));
    if (p.maps.dataset.shown === `${now.map.domain} ${state.d}`) return;
    p.maps.dataset.shown = `${now.map.domain} ${state.d}`;
    p.maps.dataset.took = (performance.now() - now.map.arrived).toFixed(1);
  };

  // What lies over the maps: the picture at hand, its posterior and samples, the path of a walk.
  const pathOf = (kind) => (now.walked && state.d === 2 && now.path?.[kind]) || null;
  const overlay = () => {
    for (const kind of KINDS) {
      const [model, mine] = [now.models[kind], now.fresh && now.results[kind]];
      if (!model) continue;
      const patch = { path: pathOf(kind) };
      if (mine && kind === "ae") Object.assign(patch, { posterior: { ...posteriorOn(model, mine.z, null), samples: [] } });
      if (mine && kind === "vae") Object.assign(patch, { posterior: posterior.posterior(), lens: reachOf(posterior.posterior().axes) });
      views[kind].over(patch, mine ? unpack(mine.x_hat) : undefined);
    }
    now.fresh = false;
  };

  // ---- the picture at hand -----------------------------------------------------------------------------------

  const wanted = () => `${state.domain} ${state.d} ${state.beta}`;
  const takeResults = (x, [ae, vae]) => {
    now.results = { of: wanted(), x, ae, vae };
    showResults();
  };
  const showResults = () => {
    const shown = now.map?.domain === state.domain && now.models.vae?.key === modelKey("vae", state.d, state.beta);
    if (!shown || now.results?.of !== wanted()) return overlay();
    now.fresh = true;
    posterior.show(now.results, now.models.vae, look("vae", "points"));
    overlay();
    root.dataset.ready = "true";
    return tell("picture");
  };
  const lookAt = newest(async () => {
    const [picture, key] = [own.current(), wanted()];
    const answer = await asking("look", { x: picture.x, domain: picture.domain, models: models() });
    if (answer.error || own.current() !== picture || key !== wanted()) return;
    takeResults(picture.bytes, answer.results);
  });

  const took = (picture, keep) => {
    const other = picture.domain !== state.domain;
    const { view, seed, count, noise } = state;
    if (other) Object.assign(state, standard(picture.domain, table[picture.domain]), { view, seed, count, noise });
    state.example = picture.example;
    if (!keep) state.at = { ae: null, vae: null };
    if (!keep && !other && now.map) for (const kind of KINDS) views[kind].choose(null);
    showControls();
    if (other) {
      tell("domain");
      showMaps();
    }
    if (picture.results?.length) takeResults(picture.bytes, picture.results);
    else lookAt();
    write();
  };
  const complain = (text) => {
    say(text);
    if (!text) return;
    showControls();
    root.dataset.ready = "true";
  };
  const own = createOwnPicture(p, { state, table, domains, ask, upload, say: complain, models, took });
  const posterior = createPosterior(p, state, {
    decode: (zs) => asking("decode_many", { domain: state.domain, kind: "vae", d: state.d, beta: state.beta, z: zs }),
    changed: () => {
      views.vae.over({ posterior: posterior.posterior() });
      write();
    },
  });

  // ---- controls ----------------------------------------------------------------------------------------------

  const choose = (patch) => {
    Object.assign(state, patch);
    showControls();
    drawMaps();
    write();
  };
  const chooseModel = (d, beta) => {
    Object.assign(state, { d, beta: betasAt(row(), d).includes(beta) ? beta : 1, at: { ae: null, vae: null } });
    showControls();
    showMaps();
    if (own.current()) lookAt();
    tell("model");
    write();
  };
  const showControls = () => {
    const [dims, betas] = [dimsOf(row(), planes.includes(state.domain)), betasAt(row(), state.d)];
    const plain = (values, key) => values.map((v) => ({ value: String(v), label: key ? t(`${key}.${v}`) : String(v) }));
    segmented(p.domain, "vd-latent-domain", plain(domains, "domain"), state.domain, (name) => own.domain(name));
    segmented(p.view, "vd-latent-view", plain(VIEWS, "latent.view"), state.view, (view) => choose({ view }));
    segmented(p.spacing, "vd-latent-spacing", plain(SPACINGS, "latent.spacing"), state.spacing, (spacing) => choose({ spacing }));
    segmented(p.dims, "vd-latent-d", plain(dims), state.d, (d) => chooseModel(Number(d), state.beta));
    segmented(p.beta, "vd-latent-beta", plain(betas), state.beta, (beta) => chooseModel(state.d, Number(beta)));
    p.spacingField.classList.toggle("vd-away", state.d > 2 || state.view !== "grid");
    p.betaField.hidden = betas.length < 2;
  };

  // ---- what the sections below share with the maps --------------------------------------------------------------

  const finishPick = (answer) => {
    const { pick } = now;
    now.pick = null;
    p.picking.hidden = true;
    for (const kind of KINDS) p[`${kind}Map`].classList.remove("vd-lat-wanted");
    pick?.done(answer);
  };
  const pick = (which = null) => {
    finishPick(null);
    if (state.d > 2) chooseModel(2, 1);
    p.picking.textContent = t("latent.picking");
    p.picking.hidden = false;
    for (const kind of KINDS) p[`${kind}Map`].classList.toggle("vd-lat-wanted", (which ?? kind) === kind);
    p.maps.scrollIntoView({ block: "nearest" });
    return new Promise((done) => (now.pick = { which, done }));
  };
  const context = {
    table,
    server,
    upload,
    ask,
    state,
    say,
    pick,
    onChange: (listener) => listeners.push(listener),
    picture: () => (own.current()?.domain === state.domain ? own.current() : null),
    maps: { get: maps.get },
    mapCanvases: {
      drawPath: (path) => {
        now.path = path;
        for (const kind of KINDS) views[kind].over({ path: pathOf(kind) });
      },
    },
    cancelPick: () => finishPick(null),
    address: {
      words,
      write: (patch) => {
        now.extra = { ...now.extra, ...patch };
        write();
      },
    },
  };

  // ---- wiring ------------------------------------------------------------------------------------------------

  root.addEventListener("keydown", (e) => e.key === "Escape" && now.pick && finishPick(null));
  // The path of a walk is drawn from the first touch of its section on, so that the first sight of a map is the map.
  for (const event of ["pointerdown", "keydown", "input"])
    p.walks.addEventListener(event, () => {
      now.walked = true;
      overlay();
    });
  p.dismiss.onclick = () => say("");
  for (const kind of KINDS)
    p[`${kind}Save`].onclick = () => {
      const [still, moving] = views[kind].canvases;
      const sheet = Object.assign(document.createElement("canvas"), { width: still.width, height: still.height });
      for (const layer of [still, moving]) sheet.getContext("2d").drawImage(layer, 0, 0);
      sheet.toBlob((blob) => save(blob, `vaedemo-map-${state.domain}-${kind}-${state.d}-${state.view}.png`), "image/png");
    };
  p.copyLink.onclick = async () => {
    address.flush();
    try {
      await navigator.clipboard.writeText(location.href);
      p.copied.textContent = t(own.current()?.word || state.example ? "copied" : "copied.nopicture");
    } catch {
      p.copied.textContent = t("copied.not");
    }
  };
  const speak = () => {
    fill(root);
    p.more.innerHTML = t("latent.more");
    showControls();
    drawMaps();
    for (const kind of KINDS) {
      const reading = views[kind].reading();
      if (reading) hooks.told(kind, reading);
    }
  };
  onLanguage(() => {
    speak();
    tell("language");
  });
  // The frame switches themes by a class of the body.
  new MutationObserver(() => {
    const palette = paletteOf(root);
    if (palette.card === now.palette.card) return;
    now.palette = palette;
    drawMaps();
    tell("theme");
  }).observe(document.body, { attributeFilter: ["class"] });

  speak();
  showMaps();
  const drawing = words.x ? own.bytesOf(words.x, state.domain) : null;
  if (drawing) own.word(pack(drawing), state.domain, true);
  else if (guest) own.shared(guest, true);
  else own.chooseExample(state.example, true);
  onShared("latent", (picture) => own.shared(picture));
  if (wrong) say(t("address.fallback"));
  // Each section stands for itself: what goes wrong in one leaves the others as they are.
  for (const [create, part] of [[createWalks, "walks"], [createDims, "dimensions"]])
    try {
      create(p[part], context);
    } catch (error) {
      console.error(error);
    }
  return null;
};
