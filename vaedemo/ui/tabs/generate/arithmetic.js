// A - B + C with pictures, and the way from one picture to another; both through the autoencoder and the VAE.

import { clamp, newest, onWidth, parts, segmented } from "../../page/frame/dom.js";
import { FRAMES, PATHS } from "./state.js";
import { drawSheet, sampleOf, sideOf } from "../../page/draw/grids.js";
import { paint, rgba, unpack } from "../../page/draw/pixels.js";
import { onPointer } from "../../page/draw/pointer.js";
import { createSlots, slotMarkup, trayMarkup } from "../../page/picture/slots.js";
import { t } from "../../page/frame/text.js";

const KINDS = ["ae", "vae"];
// Of the pictures of a path, a strip of a width shows one in so many.
const everyOf = (width) => (width < 560 ? 4 : 2);

const result = (name, kind) => `
  <figure class="vd-gen-result" data-kind="${kind}"><figcaption><b data-t="kind.${kind}"></b></figcaption><span
    class="vd-gen-frame"><canvas class="vd-pixels" data-part="${name}${kind}" width="28" height="28" role="img"></canvas></span></figure>`;

const sign = (text) => `<span class="vd-gen-sign" aria-hidden="true">${text}</span>`;

const strip = (kind) => `
  <span class="vd-gen-striphead" data-kind="${kind}" data-t="kind.${kind}"></span><span class="vd-gen-strip"><canvas data-part="strip${kind}"
    width="280" height="28" role="img"></canvas></span>`;

export const markup = () => `
  <section class="vd-card" data-part="sumCard">
    <header><h2 data-t="generate.sum.title"></h2><p data-part="sumWhy"></p></header>
    <div class="vd-gen-sum">
      <div class="vd-gen-terms">${slotMarkup("a")}${sign("−")}${slotMarkup("b")}${sign("+")}${slotMarkup("c")}</div>
      ${sign("=")}
      <div class="vd-gen-results">${result("sum", "ae")}${result("sum", "vae")}</div>
    </div>
    ${trayMarkup()}
    <p class="vd-gen-line" data-t="generate.sum.note"></p>
  </section>
  <section class="vd-card" data-part="wayCard">
    <header><h2 data-t="generate.way.title"></h2><p data-part="wayWhy"></p>
      <div class="vd-switch vd-switch-small" data-part="path" role="radiogroup" data-t-label="generate.path.label"></div></header>
    <div class="vd-gen-way">${slotMarkup("p")}
      <div class="vd-gen-results">${result("way", "ae")}${result("way", "vae")}</div>${slotMarkup("q")}</div>
    <div class="vd-gen-strips" data-part="strips">
      <div class="vd-slider vd-gen-step"><input type="range" data-part="step" min="0" max="${FRAMES - 1}" step="1" data-t-label="generate.step.label"></div>
      ${KINDS.map(strip).join("")}
    </div>
    ${trayMarkup()}
  </section>`;

// app: {state, row(), ask(name, body), say(text), read(blob), sources, changed()}.
export const createArithmetic = (root, app) => {
  const p = parts(root);
  const { state } = app;
  const now = { frames: {}, every: 2 };
  const shownFrames = () => (FRAMES - 1) / now.every + 1;

  const sum = newest(async (job) => {
    const answer = await app.ask("combine", job);
    if (answer.error) return app.failed(answer);
    if (job.domain !== state.domain) return null;
    for (const kind of KINDS) {
      const x = answer.results[kind];
      const canvas = p[`sum${kind}`];
      canvas.closest("figure").classList.toggle("vd-away", !x);
      if (x) paint(canvas, rgba(unpack(x), app.row().channels));
      canvas.dataset.shown = `${state.domain}-${job.d}`;
    }
    return null;
  });
  const way = newest(async (job) => {
    const answer = await app.ask("between", job);
    if (answer.error) return app.failed(answer);
    if (job.domain !== state.domain) return null;
    now.frames = Object.fromEntries(Object.entries(answer.results).map(([kind, x]) => [kind, unpack(x)]));
    drawStrips();
    drawStep();
    return null;
  });

  const drawStrips = () => {
    const { channels, size } = app.row();
    const each = channels * size ** 2;
    for (const kind of KINDS) {
      const frames = now.frames[kind];
      const canvas = p[`strip${kind}`];
      canvas.closest(".vd-gen-strip").classList.toggle("vd-away", !frames);
      if (!frames) continue;
      const count = shownFrames();
      canvas.setAttribute("aria-label", t("generate.strip.label", { kind: t(`kind.${kind}`), n: count }));
      const shown = new Uint8Array(count * each);
      for (let i = 0; i < count; i += 1) shown.set(sampleOf(frames, i * now.every, channels, size), i * each);
      drawSheet(canvas, shown, app.row(), count);
      canvas.classList.toggle("vd-gen-fine", canvas.clientWidth / sideOf(count, size) < 3);
    }
  };
  const drawStep = () => {
    const { channels, size } = app.row();
    const share = state.step / (FRAMES - 1);
    p.step.value = state.step;
    p.step.style.setProperty("--share", share);
    p.step.setAttribute("aria-valuetext", t("generate.step.value", { share: Math.round(100 * share) }));
    for (const kind of KINDS) {
      const frames = now.frames[kind];
      p[`way${kind}`].closest("figure").classList.toggle("vd-away", !frames);
      if (frames) paint(p[`way${kind}`], rgba(sampleOf(frames, state.step, channels, size), channels));
      p[`way${kind}`].dataset.shown = `${state.domain}-${state.d}-${state.step}`;
      p[`strip${kind}`].parentElement.style.setProperty("--at", state.step / now.every);
    }
  };
  const setStep = (step) => {
    state.step = clamp(step, 0, FRAMES - 1);
    drawStep();
    app.changed();
  };

  const askSum = () => {
    const { a, b, c } = sums.pictures();
    if (a && b && c) sum({ domain: state.domain, d: state.d, xs: [a, b, c] });
  };
  const askWay = () => {
    const held = ways.pictures();
    if (held.p && held.q) way({ domain: state.domain, d: state.d, a: held.p, b: held.q, n: FRAMES, path: state.path });
  };
  const slots = (card, ask) =>
    createSlots(card, {
      row: app.row,
      sources: app.sources,
      read: app.read,
      changed: () => {
        now.last = card;
        ask();
        app.changed();
      },
    });
  const sums = slots(p.sumCard, askSum);
  const ways = slots(p.wayCard, askWay);

  p.step.addEventListener("input", () => setStep(Number(p.step.value)));
  const to = (e) => {
    const box = e.currentTarget.getBoundingClientRect();
    setStep(Math.round(((e.clientX - box.left) / box.width) * shownFrames() * now.every - now.every / 2));
  };
  onPointer(KINDS.map((kind) => p[`strip${kind}`]), { press: to, drag: (_, e) => to(e) });
  onWidth(p.strips, (width) => {
    now.every = everyOf(width);
    p.strips.style.setProperty("--shown", shownFrames());
    drawStrips();
    drawStep();
  });
  p.wayCard.addEventListener("pointerdown", () => (now.last = p.wayCard));
  p.sumCard.addEventListener("pointerdown", () => (now.last = p.sumCard));
  // A file pasted, or dropped beside the places, goes to the card that was used last.
  const visible = () => p.sumCard.offsetParent !== null;
  const taken = (e, files) => {
    const file = [...(files ?? [])].find((f) => f.type.startsWith("image/") || !f.type);
    if (!visible() || e.defaultPrevented || !file) return;
    e.preventDefault();
    (now.last === p.wayCard ? ways : sums).take(file);
  };
  document.addEventListener("paste", (e) => taken(e, e.clipboardData?.files));
  document.addEventListener("drop", (e) => taken(e, e.dataTransfer?.files));
  document.addEventListener("dragover", (e) => visible() && [...(e.dataTransfer?.types ?? [])].includes("Files") && e.preventDefault());

  const words = () => {
    p.sumWhy.innerHTML = t("generate.sum.why");
    p.wayWhy.innerHTML = t("generate.way.why");
    segmented(p.path, "vd-gen-path", PATHS.map((v) => ({ value: v, label: t(`generate.path.${v}`), title: t(`generate.path.${v}.why`) })), state.path, (path) => {
      state.path = path;
      askWay();
      app.changed();
    });
    for (const kind of KINDS) {
      const names = { kind: t(`kind.${kind}`) };
      p[`sum${kind}`].setAttribute("aria-label", t("generate.sum.label", names));
      p[`way${kind}`].setAttribute("aria-label", t("generate.way.label", names));
      p[`strip${kind}`].setAttribute("aria-label", t("generate.strip.label", { ...names, n: shownFrames() }));
    }
    drawStep();
    sums.show();
    ways.show();
  };

  return {
    words,
    // Another domain, with its examples; or another latent dimension.
    start: (examples) => {
      now.frames = {};
      sums.start(examples, state.slots);
      ways.start(examples, state.slots);
      askSum();
      askWay();
    },
    again: () => {
      askSum();
      askWay();
    },
    refresh: () => {
      sums.refresh();
      ways.refresh();
    },
    names: () => ({ ...sums.names(), ...ways.names() }),
  };
};
