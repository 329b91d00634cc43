// The tab "Generate": samples of an autoencoder and a VAE, each drawn from N(0, I) and from a mixture; arithmetic and
// paths between pictures; and how good the samples are.

import * as address from "../../page/frame/address.js";
import { createAsk } from "../../page/frame/ask.js";
import { createArithmetic, markup as arithmeticMarkup } from "./arithmetic.js";
import { clamp, newest, parts, segmented, styles } from "../../page/frame/dom.js";
import { save, saveRow } from "../../page/frame/download.js";
import { GRIDS, HOTTEST, SEEDS, SIDES, fromAddress, gridName, gridsOf, settled, toAddress } from "./state.js";
import { createGrid, enlarged } from "../../page/draw/grids.js";
import { pack, paint, rgba, unpack } from "../../page/draw/pixels.js";
import { createQuality, markup as qualityMarkup } from "./quality.js";
import { onShared, share, shared } from "../../page/frame/shared.js";
import { openTab } from "../../page/frame/tabs.js";
import { askWith } from "../../page/picture/source.js";
import { toWord } from "../../page/maths/words.js";
import { failure, fill, noModels, number, onLanguage, t } from "../../page/frame/text.js";
import { message } from "../../page/frame/pieces.js";

const ICONS = {
  die: "M6 3h8a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3zM7 6.9v.2M13 6.9v.2M10 9.9v.2M7 12.9v.2M13 12.9v.2",
  save: "M10 3v10M6 9l4 4 4-4M3 17h14",
  link: "M8 12l4-4M9 6l2-2a3.5 3.5 0 0 1 5 5l-2 2M11 14l-2 2a3.5 3.5 0 0 1-5-5l2-2",
};
const icon = (name) => `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
const field = (name, extra = "") => `
  <div class="vd-field vd-gen-field-${name}"><span data-t="${name === "domain" ? "domain.label" : `generate.${name}.label`}"></span>
    <div class="vd-switch vd-switch-small" data-part="${name}" role="radiogroup" data-t-label="${name === "domain" ? "domain.label" : `generate.${name}.label`}"></div>${extra}</div>`;

const figure = ([kind, prior]) => `
  <figure class="vd-gen-grid" data-grid="${gridName(kind, prior)}" data-kind="${kind}">
    <figcaption><span><b data-t="kind.${kind}"></b> + <span data-t="generate.prior.${prior}"></span></span><small data-note></small><button type="button"
      class="vd-gen-save" data-save="${gridName(kind, prior)}">${icon("save")}</button></figcaption>
    <div class="vd-gen-sheet"><canvas width="173" height="173" role="application" tabindex="0" aria-describedby="vd-gen-readout"></canvas>
      <p class="vd-gen-missing" hidden></p></div>
  </figure>`;

const markup = () => `
<div class="vd-rec vd-gen">
  <section class="vd-gen-top">
    <div class="vd-gen-rail">
      ${field("domain")}${field("d")}
      <div class="vd-slider vd-gen-temperature"><label for="vd-gen-t"><span data-t="generate.t.label"></span> <b data-part="tValue"></b>
        <small data-t="generate.t.why"></small></label>
        <input type="range" id="vd-gen-t" data-part="t" min="0" max="${HOTTEST}" step="0.01"></div>
      <div class="vd-gen-row">
        <div class="vd-field"><span data-t="generate.seed.label"></span><div class="vd-gen-seed"><input type="number" min="0" max="2147483647"
          step="1" inputmode="numeric" data-part="seed" data-t-label="generate.seed.label"><button type="button" class="vd-button" data-part="die"
          data-t-title="generate.die.why">${icon("die")}<span data-t="generate.die.button"></span></button></div></div>
        ${field("n")}
      </div>
      ${field("class")}
      <figure class="vd-gen-chosen">
        <span class="vd-gen-frame"><canvas class="vd-pixels" width="28" height="28" data-part="chosen" role="img"></canvas></span>
        <figcaption><b data-t="generate.chosen.title"></b><span data-part="chosenNote"></span>
          <button type="button" class="vd-button" data-part="toReconstruct" data-t="generate.to.reconstruct"></button>
          <button type="button" class="vd-button" data-part="toLatent" data-t="generate.to.latent" hidden></button></figcaption>
      </figure>
    </div>
    <div class="vd-gen-grids" data-part="grids">
      ${GRIDS.slice(0, 4).map(figure).join("")}
      <p class="vd-gen-line" data-t="generate.why.normal"></p><p class="vd-gen-line" data-part="whyMixture"></p>
      ${GRIDS.slice(4).map(figure).join("")}<p class="vd-gen-line vd-gen-pcaline" data-t="generate.why.pca" hidden></p>
    </div>
    <output class="vd-gen-hidden" id="vd-gen-readout" data-part="readout" aria-live="polite"></output>
    <div class="vd-take">
      <button type="button" class="vd-button" data-part="saveAll" data-t-title="generate.save.why">${icon("save")}<span data-t="generate.save.button"></span></button>
      <button type="button" class="vd-button" data-part="copyLink" data-t-title="copyLink.why">${icon("link")}<span data-t="copyLink.button"></span></button>
      <label class="vd-gen-check" data-part="pcaField"><input type="checkbox" data-part="pca"><span data-t="generate.pca.label"></span></label>
      <span class="vd-note" data-part="copied" role="status"></span>
    </div>
  </section>
  ${arithmeticMarkup()}
  ${qualityMarkup()}
  <details class="vd-more"><summary data-t="more.title"></summary><div data-part="more"></div></details>
  ${message}
</div>`;

export const mount = async ({ element, props, server, upload }) => {
  await styles("generate");
  const { table, measured } = props.value;
  const root = element.querySelector(".vd-module-generate");
  const place = address.ofTab("generate");
  if (!Object.keys(table).length) return noModels(root, props.value.any ? "generate.nomodels" : "nomodels");
  // The words of another tab, which stand in the address until this one writes its own, are none of ours.
  const words = address.read().tab === "generate" ? place.read() : {};
  const near = table[shared()?.domain] ? shared().domain : Object.keys(table)[0];
  const { state, wrong } = fromAddress(words, table, near);
  root.innerHTML = markup();
  const p = parts(root);
  // What the grids show, which is what was last asked for and answered; and the pictures it came with.
  const now = { drawn: null, asked: 0, parts: 0 };

  // ---- asking the server -------------------------------------------------------------------------------------

  const row = () => table[state.domain];
  const say = (text) => {
    p.messageText.textContent = text;
    p.message.hidden = !text;
  };
  const failed = (answer) => say(failure(answer));
  const ask = createAsk(server);

  const draw = newest(async (job) => {
    const answer = await ask("samples", { ...job, n: job.n ** 2 });
    if (answer.error) return failed(answer);
    if (job.domain !== state.domain) return null;
    now.drawn = job;
    for (const [kind, prior] of GRIDS) {
      const [name, given] = [gridName(kind, prior), answer.grids[gridName(kind, prior)]];
      if (given?.x) grids[name].draw(unpack(given.x), row(), job.n);
      else grids[name].clear();
      const missing = figures[name].querySelector(".vd-gen-missing");
      missing.hidden = !given?.error;
      missing.textContent = given?.error ? failure(given) : "";
    }
    now.parts = answer.grids["vae-mixture"]?.components ?? answer.grids["ae-mixture"]?.components ?? 0;
    showWhy();
    // Where the chosen grid could not be drawn, another one's sample stands in.
    if (!chosen()) state.grid = Object.keys(grids).find((name) => grids[name].sample(0)) ?? state.grid;
    showChosen();
    arithmetic.refresh();
    p.grids.dataset.shown = [job.domain, job.d, job.temperature, job.seed, job.n, job.label ?? "all", job.pca].join(" ");
    return null;
  });
  const again = () => {
    const { domain, d, seed, n, label, t: temperature, pca } = state;
    show();
    draw({ domain, d, seed, n, label, temperature, pca: pca && row().pca });
  };

  const known = new Map();
  const loadExamples = async () => {
    const { domain } = state;
    arithmetic.start([]);
    if (!known.has(domain)) {
      const answer = await ask("examples", { domain });
      if (answer.error) return failed(answer);
      known.set(domain, answer.examples);
    }
    if (state.domain === domain) arithmetic.start(known.get(domain));
    return null;
  };

  // The bytes of a file as a model of this domain sees it, or null and a sentence.
  const read = async (blob) => {
    const { domain } = state;
    const source = { kind: "file", blob, path: null };
    const answer = await askWith(ask, "prepare", source, upload, { domain, fit: "crop", polarity: "auto", models: [] });
    if (answer.error) failed(answer);
    else say("");
    return answer.error || state.domain !== domain ? null : answer.x;
  };

  // ---- the chosen sample -------------------------------------------------------------------------------------

  const sampleAt = (name, i) => (now.drawn?.domain === state.domain ? grids[name].sample(i) : null);
  const chosen = () => sampleAt(state.grid, state.at);
  const named = (name) => {
    const [kind, prior] = name.split("-");
    return `${t(`kind.${kind}`)} + ${t(`generate.prior.${prior}`)}`;
  };
  const choose = (grid, at) => {
    Object.assign(state, { grid, at });
    showChosen();
    arithmetic.refresh();
    write();
    p.readout.textContent = t("generate.chosen", { source: named(grid), i: at + 1 });
  };
  const showChosen = () => {
    state.at = clamp(state.at, 0, state.n ** 2 - 1);
    for (const [name, grid] of Object.entries(grids)) grid.mark(name === state.grid ? state.at : null);
    const bytes = chosen();
    p.toReconstruct.disabled = p.toLatent.disabled = !bytes;
    if (!bytes) return;
    paint(p.chosen, rgba(bytes, row().channels));
    p.chosen.setAttribute("aria-label", t("generate.chosen", { source: named(state.grid), i: state.at + 1 }));
    p.chosenNote.textContent = t("generate.chosen", { source: named(state.grid), i: state.at + 1 });
  };
  // What the mixtures are made of, as the server drew from them.
  const showWhy = () => {
    const of = now.drawn?.label === null ? "all" : "class";
    p.whyMixture.textContent = now.parts ? t(`generate.why.mixture.${of}${now.parts === 1 ? ".one" : ""}`, { n: now.parts }) : "";
  };
  const take = (tab) => {
    const bytes = chosen();
    if (!bytes) return;
    const kind = state.grid.split("-")[0];
    const word = row().strokes ? toWord(bytes) : null;
    share({ x: pack(bytes), domain: state.domain, example: null, word, model: { kind, d: now.drawn.d, beta: 1 } }, "generate");
    openTab(tab);
  };

  const figures = Object.fromEntries([...root.querySelectorAll("[data-grid]")].map((f) => [f.dataset.grid, f]));
  const grids = Object.fromEntries(
    Object.entries(figures).map(([name, f]) => [
      name,
      createGrid(f.querySelector(".vd-gen-sheet"), {
        told: (i) => (p.readout.textContent = i === null ? "" : t("generate.sample", { source: named(name), i: i + 1, n: state.n ** 2 })),
        choose: (i) => choose(name, i),
      }),
    ]),
  );
  const arithmetic = createArithmetic(root, {
    state, row, ask, failed, read,
    sources: {
      sample: () => (chosen() ? pack(chosen()) : null),
      page: () => (shared()?.domain === state.domain ? shared().x : null),
    },
    changed: () => {
      Object.assign(state.slots, arithmetic.names());
      write();
    },
  });
  const quality = createQuality(root, measured);

  // ---- drawing and wiring ------------------------------------------------------------------------------------

  const write = () => place.write(toAddress(state, row(), state.slots));
  const className = (name) => (/^\d+$/.test(name) ? name : t(`class.${name}`));
  const set = (patch) => {
    Object.assign(state, patch);
    again();
  };
  const chooseDomain = (domain) => {
    Object.assign(state, settled(state, domain, table));
    again();
    loadExamples();
  };

  const show = () => {
    const own = row();
    segmented(p.domain, "vd-gen-domain", Object.keys(table).map((n) => ({ value: n, label: t(`domain.${n}`) })), state.domain, chooseDomain);
    segmented(p.d, "vd-gen-d", own.dims.map((d) => ({ value: String(d), label: String(d) })), state.d, (d) => {
      set({ d: Number(d) });
      arithmetic.again();
    });
    segmented(p.n, "vd-gen-n", SIDES.map((n) => ({ value: String(n), label: `${n}×${n}` })), state.n, (n) => set({ n: Number(n) }));
    const classes = [{ value: "all", label: t("generate.class.all") }, ...own.classes.map((c, i) => ({ value: String(i), label: className(c) }))];
    segmented(p.class, "vd-gen-class", classes, state.label ?? "all", (v) => set({ label: v === "all" ? null : Number(v) }));
    p.t.value = state.t;
    p.t.style.setProperty("--share", state.t / HOTTEST);
    p.t.setAttribute("aria-valuetext", number(state.t));
    p.tValue.textContent = number(state.t);
    if (document.activeElement !== p.seed) p.seed.value = state.seed;
    p.pca.checked = state.pca && own.pca;
    p.pcaField.classList.toggle("vd-away", !own.pca);
    const shown = gridsOf(state, own).map((g) => gridName(...g));
    root.querySelector(".vd-gen-pcaline").hidden = !shown.includes("pca-gaussian");
    for (const [kind, prior] of GRIDS) {
      const name = gridName(kind, prior);
      const f = figures[name];
      f.hidden = !shown.includes(name);
      f.querySelector("canvas").setAttribute("aria-label", t("generate.grid.label", { source: named(name), n: state.n ** 2 }));
      const only = state.label === null ? "" : prior === "mixture" ? className(own.classes[state.label]) : t("generate.class.every");
      f.querySelector("[data-note]").textContent = only;
      f.classList.toggle("vd-gen-every", state.label !== null && prior !== "mixture");
      const button = f.querySelector("[data-save]");
      button.title = t("generate.save.one", { source: named(name) });
      button.setAttribute("aria-label", button.title);
    }
    if (!shown.includes(state.grid)) state.grid = "vae-mixture";
    p.toLatent.hidden = !document.getElementById("vd-tab-latent-button");
    quality.show(state.domain, state.d, t(`domain.${state.domain}`));
    write();
  };

  p.t.addEventListener("input", () => set({ t: Number(p.t.value) }));
  p.seed.addEventListener("input", () => {
    const seed = Number(p.seed.value);
    if (p.seed.value !== "" && Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31) set({ seed });
  });
  p.seed.addEventListener("blur", () => (p.seed.value = state.seed));
  p.die.onclick = () => set({ seed: Math.floor(Math.random() * SEEDS) });
  p.pca.onchange = () => set({ pca: p.pca.checked });
  p.dismiss.onclick = () => say("");
  p.toReconstruct.onclick = () => take("reconstruct");
  p.toLatent.onclick = () => take("latent");

  const fileName = (name) =>
    ["vaedemo", state.domain, name, state.d, state.label === null ? null : row().classes[state.label].replaceAll(" ", "-"), state.t === 1 ? null : `t${state.t}`, `seed${state.seed}`].filter(Boolean).join("-");
  for (const button of root.querySelectorAll("[data-save]"))
    button.onclick = async () => {
      const name = button.dataset.save;
      if (grids[name].sample(0)) save(await enlarged(grids[name].canvas), `${fileName(name)}.png`);
    };
  p.saveAll.onclick = () => {
    const shown = gridsOf(state, row()).map((g) => gridName(...g)).filter((name) => grids[name].sample(0));
    const line = t("generate.caption", { domain: t(`domain.${state.domain}`), d: state.d, t: number(state.t), seed: state.seed });
    const only = state.label === null ? "" : t("generate.caption.class", { name: className(row().classes[state.label]) });
    if (shown.length) saveRow(shown.map((name) => ({ title: named(name), canvas: grids[name].canvas })), [line, only], `${fileName("samples")}.png`);
  };
  p.copyLink.onclick = async () => {
    address.flush();
    try {
      await navigator.clipboard.writeText(location.href);
      p.copied.textContent = t(Object.values(state.slots).includes(null) ? "copied.nopicture" : "copied");
    } catch {
      p.copied.textContent = t("copied.not");
    }
  };
  const sayWords = () => {
    fill(root);
    p.more.innerHTML = t("generate.more");
    showWhy();
    show();
    showChosen();
    arithmetic.words();
  };
  onLanguage(sayWords);
  onShared("generate", () => arithmetic.refresh());

  sayWords();
  again();
  loadExamples();
  if (wrong) say(t("address.fallback"));
  root.dataset.ready = "true";
  return null;
};
