// The tab "Reconstruct": state in, pictures out. The results of every model for the picture at hand are kept here, so
// that the slider answers without asking the server.

import * as address from "../../page/frame/address.js";
import { createAsk } from "../../page/frame/ask.js";
import { createBits } from "../../page/draw/bits.js";
import { shareCursor } from "../../page/draw/cursor.js";
import { createCurve } from "../../page/draw/curve.js";
import { html, newest, parts, segmented, styles } from "../../page/frame/dom.js";
import { saveJson, saveRow } from "../../page/frame/download.js";
import { showExampleRow } from "../../page/picture/examples.js";
import { createNumbers } from "../../page/draw/bars.js";
import { LIMIT, colours, errors, gradient, pack, paint, rgba, unpack, valueAt } from "../../page/draw/pixels.js";
import { askWith, createSources } from "../../page/picture/source.js";
import { betasOf, everyModel, kindsOf, modelKey } from "../../page/maths/models.js";
import { fromWord, toWord } from "../../page/maths/words.js";
import { ERRORS, FITS, POLARITIES, fromAddress, settled, toAddress } from "./state.js";
import { onShared, share } from "../../page/frame/shared.js";
import { createStrip } from "./strip.js";
import { failure, fill, noModels, number, onLanguage, significant, t } from "../../page/frame/text.js";
import { markup } from "./view.js";

export const mount = async ({ element, props, server, upload }) => {
  await styles("reconstruct");
  const { table, first, about } = props.value;
  const root = element.querySelector(".vd-module-reconstruct");
  const place = address.ofTab("reconstruct");
  const words = place.read();
  if (!first) return noModels(root);
  root.innerHTML = markup();
  const p = parts(root);
  const standard = { domain: first.domain, kind: first.kind, d: first.d, beta: 1, example: first.example, fit: "crop", polarity: "auto", error: "absolute" };
  const { state: start, wrong } = fromAddress(words, table, standard);
  const state = { ...start };
  const abouts = new Map([[about.domain, about]]);
  // The picture at hand: its source, its bytes, the results of models for it by key; and the domain that was asked for.
  const now = { source: null, picture: null, x: null, results: new Map(), edited: null, shown: null, pending: null };

  // ---- asking the server -------------------------------------------------------------------------------------

  const row = () => table[state.domain];
  const model = () => [state.kind, state.d, state.beta];
  const key = () => modelKey(...model());
  const say = (text) => {
    p.messageText.textContent = text;
    p.message.hidden = !text;
  };
  const ask = createAsk(server);

  const keep = (picture, results) => {
    if (now.picture === picture) for (const r of results) now.results.set(r.key, r);
  };

  const aboutDomain = async (domain) => {
    if (abouts.has(domain)) return;
    const answer = await ask("domain", { domain });
    if (answer.error) return;
    abouts.set(domain, answer);
    if (domain === state.domain) show();
  };

  let idle = 0;
  // One request a kind of model, the chosen kind first, so that no visitor makes the others wait for long.
  const lookAtAll = async () => {
    const picture = now.picture;
    const kinds = [state.kind, ...kindsOf(row()).filter((k) => k !== state.kind)];
    for (const kind of kinds) {
      const models = everyModel(row()).filter((m) => m[0] === kind && !now.results.has(modelKey(...m)));
      if (!models.length) continue;
      const answer = await ask("look", { x: picture.x, domain: picture.domain, models });
      if (answer.error || now.picture !== picture) return;
      keep(picture, answer.results);
      show();
    }
  };

  const look = newest(async (wanted) => {
    const picture = now.picture;
    const answer = await ask("look", { x: picture.x, domain: picture.domain, models: [wanted] });
    if (now.picture !== picture) return;
    if (answer.error) return say(failure(answer));
    keep(picture, answer.results);
    show();
  });

  // A new picture: made ready and looked at by the chosen model in one request, by all the others after it.
  const load = newest(async ({ source, domain, live }, more) => {
    clearTimeout(idle);
    root.setAttribute("aria-busy", "true");
    const body = { domain, fit: state.fit, polarity: state.polarity, models: domain === state.domain ? [model()] : [] };
    const answer = await askWith(ask, "prepare", source, upload, body);
    root.removeAttribute("aria-busy");
    now.pending = null;
    if (answer.error) {
      say(failure(answer));
      showControls();
      sources.drawn();
      return;
    }
    say("");
    take(answer, source);
    sources.drawn();
    if (!more()) idle = setTimeout(lookAtAll, live ? 250 : 0);
  });

  const take = (picture, source) => {
    Object.assign(now, { picture, source, x: unpack(picture.x), results: new Map(), edited: null });
    Object.assign(state, settled({ ...state, domain: picture.domain }, table));
    picture.word = source.drawn && row().strokes ? toWord(now.x) : null;
    state.example = source.kind === "example" ? source.name : null;
    keep(picture, picture.results ?? []);
    if (sources.mode() === "picture" && picture.original) p.original.src = picture.original;
    aboutDomain(state.domain);
    show();
    if (source.kind !== "shared") share({ x: picture.x, domain: picture.domain, example: state.example, word: picture.word }, "reconstruct");
    if (!now.results.has(key())) look(model());
  };

  // ---- changing the state ------------------------------------------------------------------------------------

  const choose = (patch) => {
    Object.assign(state, settled({ ...state, ...patch }, table));
    now.edited = null;
    if (!now.results.has(key())) look(model());
    show();
  };
  const again = (patch) => {
    Object.assign(state, patch);
    load({ source: now.source, domain: state.domain, live: false });
  };
  const chooseDomain = (domain) => {
    now.pending = domain;
    if (now.source.kind === "example" || now.source.kind === "word") return chooseExample(domain, table[domain].examples[0]);
    return load({ source: now.source, domain, live: false });
  };
  const chooseExample = (domain, name) => {
    sources.showPicture();
    load({ source: { kind: "example", domain, name }, domain, live: false });
  };

  const decode = newest(async (z) => {
    const [picture, wanted] = [now.picture, key()];
    const answer = await ask("decode", { domain: state.domain, kind: state.kind, d: state.d, beta: state.beta, z, x: picture.x });
    if (answer.error) return say(failure(answer));
    if (now.picture !== picture || key() !== wanted || !now.edited) return;
    now.edited = { ...answer, z };
    showPictures();
  });

  // ---- drawing -----------------------------------------------------------------------------------------------

  const sources = createSources(
    p,
    (source, live) => load({ source, domain: live ? state.domain : null, live }),
    (words) => say(t(words)),
  );
  const strip = createStrip(p.strip, (kind, d) => choose({ kind, d, beta: 1 }));
  const curve = createCurve(p.curve, (kind, d) => choose({ kind, d, beta: 1 }));
  const bits = createBits(p.bits, p.elbo);
  const numbers = createNumbers(p.numbers, (z) => {
    now.edited = { ...(now.edited ?? {}), z };
    p.reset.disabled = false;
    decode(z);
  });
  const pictureAt = (field) => (field === "x" ? now.x : now.shown);
  const reread = shareCursor(
    [p.seen, p.made, p.error],
    (r, c) => {
      if (!now.shown) return;
      const [{ channels, size }, at] = [row(), 0];
      const i = at + r * size + c;
      const e = errors(now.x, now.shown, channels, state.error)[i];
      p.readout.textContent = t("readout", {
        row: r + 1, column: c + 1, x: valueAt(pictureAt("x"), channels, i), x_hat: valueAt(pictureAt("x_hat"), channels, i),
        error: (e > 0 && state.error === "signed" ? "+" : "") + e.toFixed(2).replace("-", "−"),
      });
    },
    () => (p.readout.textContent = t("readout.hint")),
  );

  const showPictures = () => {
    const { channels, size } = row();
    const result = now.results.get(key());
    paint(p.seen, rgba(now.x, channels));
    if (result) {
      now.shown = unpack(now.edited?.x_hat ?? result.x_hat);
      paint(p.made, rgba(now.shown, channels));
      paint(p.error, colours(errors(now.x, now.shown, channels, state.error), state.error));
      p.made.dataset.shown = now.edited?.x_hat ? `${key()}-edited` : key();
    }
    p.seenNote.textContent = `${size} × ${size}${channels === 3 ? ` × 3` : ""}`;
    p.madeNote.textContent = now.edited ? t("made.edited") : t("made.note", { d: state.d });
    p.madeFrame.classList.toggle("vd-edited", Boolean(now.edited));
    p.reset.disabled = !now.edited;
    const figures = now.edited?.x_hat ? now.edited : result;
    if (figures) showFigures(figures);
    reread();
  };

  const showFigures = (f) => {
    const [test, pixels] = [abouts.get(state.domain)?.figures[key()], now.x.length];
    p.psnr.textContent = number(f.psnr, 1);
    p.ssim.textContent = number(f.ssim, 2);
    p.mse.textContent = significant(f.mse, 3);
    p.psnrMean.textContent = test ? t("figures.mean", { value: number(test.psnr, 1) }) : "\u00a0";
    p.mseMean.textContent = test ? t("figures.mean", { value: significant(test.mse, 3) }) : "\u00a0";
    p.bytes.innerHTML = t("bytes.value", { d: `<b class="vd-c-z">${state.d}</b>`, n: `<b>${pixels.toLocaleString()}</b>` });
    p.ratio.textContent = t("ratio.value", { ratio: number(pixels / state.d, pixels / state.d < 20 ? 1 : 0) });
    const result = now.results.get(key());
    p.remark.textContent = now.picture.blank ? t("remark.blank") : result?.unusual && !now.edited ? t("remark.unusual", { domain: t(`domain.${state.domain}`) }) : "";
  };

  const showControls = () => {
    const own = row();
    const dims = own.kinds[state.kind];
    const proposed = now.source?.kind !== "example" && now.picture.proposed;
    segmented(p.domain, "vd-domain", Object.keys(table).filter((n) => kindsOf(table[n]).length).map((n) => ({ value: n, label: t(`domain.${n}`), mark: n === proposed ? t("domain.proposed") : "" })), now.pending ?? state.domain, chooseDomain);
    segmented(p.kind, "vd-kind", kindsOf(own).map((k) => ({ value: k, label: t(`kind.${k}`), title: t(`kind.${k}.why`) })), state.kind, (kind) => choose({ kind }));
    const betas = betasOf(own, state.kind, state.d);
    p.betaField.classList.toggle("vd-away", betas.length < 2);
    segmented(p.beta, "vd-beta", betas.map((b) => ({ value: String(b), label: String(b) })), state.beta, (b) => choose({ beta: Number(b) }));
    segmented(p.errorMode, "vd-error", ERRORS.map((e) => ({ value: e, label: t(`error.${e}`) })), state.error, (error) => {
      state.error = error;
      show();
    });
    p.polarityField.hidden = !own.strokes;
    p.fitField.hidden = Boolean(own.strokes);
    segmented(p.polarity, "vd-polarity", POLARITIES.map((v) => ({ value: v, label: t(`polarity.${v}`) })), state.polarity, (polarity) => again({ polarity }));
    segmented(p.fit, "vd-fit", FITS.map((v) => ({ value: v, label: t(`fit.${v}`) })), state.fit, (fit) => again({ fit }));
    p.dimension.max = dims.length - 1;
    p.dimension.value = dims.indexOf(state.d);
    p.dimension.disabled = dims.length < 2;
    p.dimension.setAttribute("aria-valuetext", t("dimension.value", { d: state.d }));
    p.dimension.style.setProperty("--share", dims.length > 1 ? dims.indexOf(state.d) / (dims.length - 1) : 0);
    p.dimensionValue.textContent = state.d;
    if (p.ticks.dataset.dims !== dims.join()) {
      p.ticks.dataset.dims = dims.join();
      p.ticks.replaceChildren(...dims.map((d) => html(`<span>${d}</span>`)));
    }
    dims.forEach((d, i) => p.ticks.children[i].classList.toggle("vd-on", d === state.d));
    p.scaleBar.style.backgroundImage = gradient(state.error);
    p.scaleLow.textContent = state.error === "signed" ? `≤ −${LIMIT}` : "0";
    p.scaleHigh.textContent = `≥ ${state.error === "signed" ? "+" : ""}${LIMIT}`;
    p.errorNote.textContent = t(`error.${state.error}.note`);
    p.original.classList.toggle("vd-pixels", !(Math.max(now.picture.width, now.picture.height) > 128));
    p.yoursNote.textContent = now.picture.width ? `${now.picture.width} × ${now.picture.height}` : "";
    p.original.alt = state.example ? t("yours.example") : t("yours.own");
    p.seenUnder.textContent = now.picture.inverted ? t("seen.inverted") : "";
    p.madeUnder.textContent = t(`kind.${state.kind}.long`);
  };

  // What has been drawn already for these results, so that dragging the slider redraws only what changes.
  const drawn = { strip: "" };
  const showExamples = () => {
    const list = abouts.get(state.domain)?.examples ?? [];
    showExampleRow(p.examples, state.domain, list, state.example, (name) => chooseExample(state.domain, name));
  };

  const showBelow = () => {
    const own = row();
    const [about, result] = [abouts.get(state.domain), now.results.get(key())];
    if (drawn.strip !== now.results.size || drawn.picture !== now.picture) {
      Object.assign(drawn, { strip: now.results.size, picture: now.picture });
      strip.draw(kindsOf(own).map((kind) => ({ kind, dims: own.kinds[kind] })), now.results, own.channels);
    }
    strip.mark(state.kind, state.d);
    const series = kindsOf(own).map((kind) => ({
      kind,
      points: own.kinds[kind].map((d) => {
        const k = modelKey(kind, d, 1);
        return { d, psnr: now.results.get(k)?.psnr, mean: about?.figures[k]?.psnr };
      }),
    }));
    curve.show(series, state.kind, state.d);
    const variational = Boolean(result?.kl);
    if (result) {
      if (!now.edited) numbers(result.z, result.sigma, about?.figures[key()]);
      if (variational) bits(result, about?.figures[key()], own);
    }
    p.numbersWhy.textContent = t(result?.sigma ? "numbers.whyvae" : "numbers.why");
    p.bitsBody.classList.toggle("vd-away", !variational);
    p.bitsWhy.textContent = t(variational ? "bits.why" : "bits.none");
    p.toVae.hidden = variational || !own.kinds.vae;
  };

  const show = () => {
    if (!now.picture) return;
    showControls();
    showPictures();
    showExamples();
    showBelow();
    place.write(toAddress(state, now.picture));
  };

  // ---- wiring ------------------------------------------------------------------------------------------------

  p.dimension.addEventListener("input", () => choose({ d: row().kinds[state.kind][Number(p.dimension.value)] }));
  p.reset.onclick = () => {
    now.edited = null;
    show();
  };
  p.dismiss.onclick = () => say("");
  p.toVae.onclick = () => choose({ kind: "vae" });
  const caption = () => {
    const f = now.edited?.x_hat ? now.edited : now.results.get(key());
    return [
      `${t(`domain.${state.domain}`)}, ${t(`kind.${state.kind}`)}${state.beta === 1 ? "" : `, beta ${state.beta}`}, ${t("made.note", { d: state.d })}${now.edited ? ` (${t("made.edited")})` : ""}`,
      `PSNR ${number(f.psnr, 1)} dB, SSIM ${number(f.ssim, 2)}, MSE ${significant(f.mse, 3)}; ${t("bytes.plain", { d: state.d, n: now.x.length })}`,
    ];
  };
  const fileName = () => `vaedemo-${state.domain}-${key()}`;
  p.saveImage.onclick = () =>
    now.shown && saveRow(["seen", "made", "error"].map((n) => ({ title: t(`${n}.title`) + (n === "error" ? ` (${p.scaleLow.textContent} … ${p.scaleHigh.textContent})` : ""), canvas: p[n] })), caption(), `${fileName()}.png`);
  p.saveFigures.onclick = () => {
    if (!now.results.has(key())) return;
    const { x_hat, key: name, ...figures } = now.results.get(key());
    const edited = now.edited ? { z: now.edited.z, mse: now.edited.mse, psnr: now.edited.psnr, ssim: now.edited.ssim } : null;
    const others = [...now.results.values()].map((r) => ({ kind: r.kind, latent_dim: r.d, beta: r.beta, mse: r.mse, psnr: r.psnr, ssim: r.ssim }));
    saveJson({ address: location.href, domain: state.domain, latent_dim: state.d, ...figures, edited, x: Array.from(now.x), x_hat: Array.from(unpack(x_hat)), others }, `${fileName()}.json`);
  };
  p.copyLink.onclick = async () => {
    address.flush();
    try {
      await navigator.clipboard.writeText(location.href);
      p.copied.textContent = t(now.picture.word || state.example ? "copied" : "copied.nopicture");
    } catch {
      p.copied.textContent = t("copied.not");
    }
  };
  const words2 = () => {
    fill(root);
    p.more.innerHTML = t("more.text");
    p.readout.textContent = t("readout.hint");
    drawn.strip = "";
    show();
  };
  onLanguage(words2);

  // ---- first paint -------------------------------------------------------------------------------------------

  fill(root);
  p.more.innerHTML = t("more.text");
  p.readout.textContent = t("readout.hint");
  const bytes = words.x ? fromWord(words.x, table[state.domain]) : null;
  if (bytes) {
    take({ x: pack(bytes), domain: state.domain, proposed: null, inverted: false, original: null, results: [] }, { kind: "word", drawn: true });
    paintOriginal(p.original, bytes, row().channels);
    lookAtAll();
  } else if (state.domain === first.domain && state.example === first.example && state.fit === "crop" && state.polarity === "auto") {
    take(first.picture, { kind: "example", domain: first.domain, name: first.example });
  } else {
    take(first.picture, { kind: "example", domain: first.domain, name: first.example });
    Object.assign(state, start);
    load({ source: { kind: "example", domain: start.domain, name: start.example }, domain: start.domain, live: false });
  }
  onShared("reconstruct", ({ x, domain, model }) => {
    sources.showPicture();
    if (model) Object.assign(state, settled({ ...state, domain, ...model }, table));
    take({ x, domain, proposed: null, inverted: false, original: null, results: [] }, { kind: "shared", drawn: true });
    paintOriginal(p.original, now.x, row().channels);
    lookAtAll();
  });
  if (wrong) say(t("address.fallback"));
  root.dataset.ready = "true";
  return null;
};

const paintOriginal = (image, bytes, channels) => {
  const canvas = document.createElement("canvas");
  paint(canvas, rgba(bytes, channels));
  image.src = canvas.toDataURL();
};
