// "Denoise" and "Inpaint": a picture is damaged, or comes damaged, and what restores it is shown beside it. Small pictures
// are answered at once; photographs are worked off tile by tile, so that they can be stopped.

import * as address from "../../page/frame/address.js";
import { createAsk } from "../../page/frame/ask.js";
import { newest, parts, styles } from "../../page/frame/dom.js";
import { save, saveRow } from "../../page/frame/download.js";
import { showExampleRow } from "../../page/picture/examples.js";
import { maskToWord } from "../../page/maths/words.js";
import { createControls } from "./controls.js";
import { createMaskPad } from "../../page/picture/maskpad.js";
import { createMaskTools } from "../../page/picture/masktools.js";
import { pack, unpack } from "../../page/draw/pixels.js";
import { createPhotoJob } from "./job.js";
import { answerCells, methodCells, photoCells } from "./cells.js";
import { blank, paintBytes, paintError, paintHeat, paintHeatUri, paintUri } from "./paint.js";
import { countOf, fourthsOf, fromAddress, levelOf, maskSize, opening, toAddress } from "./state.js";
import { markup } from "./view.js";
import { onShared, share, shared } from "../../page/frame/shared.js";
import { askWith, createSources } from "../../page/picture/source.js";
import { failure, fill, noModels, number, onLanguage, t } from "../../page/frame/text.js";

const PHOTOS = "photos";

export const mount = async ({ name: task, element, props, server, upload }) => {
  await styles("restore");
  const { table, methods, any } = props.value;
  const root = element.querySelector(`.vd-module-${task}`);
  if (!Object.keys(table).length) return noModels(root, any ? "restore.nomodels" : "nomodels");
  root.innerHTML = markup(task);
  const p = { ...parts(root), root: root.firstElementChild };
  const place = address.ofTab(task);
  const { state, wrong } = fromAddress(place.read(), task, props.value);
  // source and picture at hand; answer: of the last restore(); others: by method.
  // maskFile: the source of a mask's file that lies over this picture.
  const now = { source: null, picture: null, x: null, answer: null, others: {}, size: null, maskFile: null };
  const abouts = new Map();
  const denoising = task === "denoise";

  // ---- asking ------------------------------------------------------------------------------------------------

  const row = () => table[state.domain];
  const photo = () => state.domain === PHOTOS;
  const say = (text) => {
    p.messageText.textContent = text;
    p.message.hidden = !text;
  };
  const ask = createAsk(server);
  const maskOf = () => {
    if (denoising) return null;
    const { width, height, data } = pad.mask();
    return { width, height, data: pack(data), file: photo() ? now.maskFile : null };
  };
  const body = () => ({
    domain: state.domain,
    given: denoising && state.given,
    noise: denoising && !state.given ? state.noise : null,
    level: state.level,
    seed: state.seed,
    n: countOf(state, row(), now.picture),
    sigma: denoising ? state.sigma : null,
    mask: maskOf(),
  });

  let idle = 0;
  const restore = newest(async (_, more) => {
    clearTimeout(idle);
    const picture = now.picture;
    if (!picture) return;
    const sent = { ...body(), x: picture.x };
    if (photo()) {
      job.begin({ ...body(), methods: methods.filter((m) => m !== "vae" && m !== "plain") }, now.source); // not awaited: a newer one takes its place
      return null;
    }
    const answer = await ask("restore", sent);
    if (now.picture !== picture) return;
    if (answer.error) return say(failure(answer));
    now.answer = answer;
    now.others = {};
    if ((typeof state.view === "number" && state.view >= state.n) || (state.view === "best" && answer.best === null)) state.view = "mean";
    show();
    if (!more()) idle = setTimeout(() => compare(sent, answer), 250);
  });

  const compare = async (sent, answer) => {
    for (const method of methods.filter((m) => m !== "vae")) {
      const made = await ask("compare", { ...sent, methods: [method] });
      if (now.answer !== answer) return;
      if (made.error) continue; // one that cannot, such as biharmonic where nothing is known
      Object.assign(now.others, made.methods);
      showMethods();
    }
  };

  const job = createPhotoJob({
    ask,
    upload,
    bar: p.bar,
    barText: p.barText,
    halt: p.halt,
    failed: say,
    beside: { box: p.beside, bar: p.besideBar, text: p.besideText, halt: p.besideHalt },
    compared: (made) => {
      Object.assign(now.others, made);
      showMethods();
    },
    began: async ({ damaged }) => {
      Object.assign(now, { answer: null, others: {} });
      await Promise.all([p.damaged, p.before].map((canvas) => paintUri(canvas, damaged)));
      blank(p.restored);
      blank(p.fourth);
      show();
    },
    finished: (answer) => {
      now.answer = { ...answer, job: job.job() }; // its own: another one may begin while this is shown
      show();
    },
  });

  // A new picture: as the models see it, or a photograph as it is.
  const load = newest(async (source) => {
    const domain = state.domain;
    root.setAttribute("aria-busy", "true");
    const answer = await askWith(ask, "source", source, upload, { domain: photo() ? "objects" : domain, given: denoising && state.given });
    root.removeAttribute("aria-busy");
    sources.drawn();
    if (answer.error) return say(failure(answer));
    say("");
    return take(answer, source);
  });

  const take = (picture, source) => {
    if (source !== now.source) now.maskFile = null;
    Object.assign(now, { picture, source, x: unpack(picture.x), answer: null, others: {} });
    state.example = source.kind === "example" ? source.name : null;
    const [width, height] = photo() ? maskSize(picture) : [row().size, row().size];
    pad.resize(width, height);
    if (!denoising) pad.radius(p.size.value / 100);
    if (picture.original) p.original.src = picture.original;
    else paintOriginal();
    p.original.classList.toggle("vd-pixels", !(Math.max(picture.width ?? 0, picture.height ?? 0) > 128));
    p.original.alt = t(state.example ? "yours.example" : "yours.own");
    if (!photo() && source.kind !== "shared" && !state.given) share({ x: picture.x, domain: state.domain, example: state.example, word: null }, task);
    if (photo() && !denoising) paintUri(p.damaged, picture.original);
    show();
    if (state.mask && state.mask !== "own" && !denoising && !(now.size === `${width}x${height}`)) {
      now.size = `${width}x${height}`;
      preset();
    } else restore();
  };
  const paintOriginal = () => {
    const canvas = document.createElement("canvas");
    paintBytes(canvas, now.x, row().channels);
    p.original.src = canvas.toDataURL();
  };

  const preset = newest(async () => {
    const { width, height } = pad.mask();
    const amount = state.mask === "random" ? state.amount : null;
    const answer = await ask("mask", { kind: state.mask, width, height, amount, seed: state.seed });
    if (answer.error) return say(failure(answer));
    quiet = true;
    pad.set({ width, height, data: unpack(answer.mask) });
    quiet = false;
    restore();
    return show();
  });

  // ---- changing the state ------------------------------------------------------------------------------------

  const set = (patch, again = true) => {
    Object.assign(state, patch);
    show();
    if (again) restore();
  };
  const chooseExample = (name) => {
    sources.showPicture();
    load({ kind: "example", domain: photo() ? "objects" : state.domain, name });
  };
  const chooseDomain = (domain) => {
    job.drop();
    const { level, mask, n } = opening(task, table[domain]);
    const kept = state.n !== row().usual && table[domain].samples.includes(state.n);
    Object.assign(state, { domain, sigma: null, level, mask: state.mask === "own" ? "own" : mask, n: kept ? state.n : n });
    if (denoising) state.noise = "gaussian";
    Object.assign(now, { answer: null, others: {}, picture: null, size: null });
    showExamples();
    if (now.source && !["example", "shared"].includes(now.source.kind)) return load(now.source);
    return chooseExample(table[domain].examples[0]);
  };

  let quiet = false;
  let painting = 0;
  const pad = createMaskPad(p.brushPad, (done) => {
    if (quiet) return;
    state.mask = "own";
    if (photo() && !done) return;
    clearTimeout(painting);
    // A stroke is answered while it is painted; a photograph is when the brush has rested.
    painting = setTimeout(() => set({}), photo() ? 600 : 0);
  });

  const sources = createSources(p, (source) => load(source), (key) => say(t(key)));

  // ---- drawing -----------------------------------------------------------------------------------------------

  const chosen = () => {
    if (!now.answer || photo()) return null;
    if (state.view === "mean") return unpack(now.answer.mean);
    const samples = unpack(now.answer.samples);
    const i = state.view === "best" ? now.answer.best : state.view;
    return samples.subarray(i * now.x.length, (i + 1) * now.x.length);
  };
  const figuresOf = () => {
    const f = now.answer?.figures;
    if (!f) return null;
    if (photo() || state.view === "mean") return f.mean;
    return f.samples[state.view === "best" ? now.answer.best : state.view];
  };

  const showPictures = async () => {
    const answer = now.answer;
    if (!answer) return;
    if (photo()) {
      await paintUri(p.restored, answer.result);
      const uri = answer[fourthOf()];
      if (!uri) blank(p.fourth);
      else if (uri === answer.spread) await paintHeatUri(p.fourth, uri);
      else await paintUri(p.fourth, uri);
      p.restored.dataset.shown = `photos-${answer.job.job}`;
      return;
    }
    const { channels } = row();
    const [y, made] = [unpack(answer.y), chosen()];
    for (const canvas of [p.damaged, p.before]) paintBytes(canvas, y, channels);
    paintBytes(p.restored, made, channels);
    p.restored.dataset.shown = `${state.domain}-${state.view}`;
    const fourth = fourthOf();
    if (fourth === "spread") paintHeat(p.fourth, answer.spread);
    else if (fourth === "error") paintError(p.fourth, now.x, made, channels, "absolute");
    else paintError(p.fourth, made, y, channels, "signed");
  };
  const fourthOf = () => {
    const there = fourthsOf(task, state);
    return there.includes(state.fourth) ? state.fourth : there[0];
  };

  const showFigures = () => {
    const [f, was] = [figuresOf(), now.answer?.figures?.y];
    const put = (name, digits) => {
      const hole = name === "hole";
      const value = hole ? f?.hole : f?.[name];
      p[name].textContent = value === null || value === undefined ? "–" : number(value, digits);
      const before = was?.[name];
      p[`${name}Was`].textContent = before === null || before === undefined ? "\u00a0" : t("restore.was", { value: number(before, digits) });
    };
    put("psnr", 1);
    put("ssim", 2);
    put("hole", 1);
    const { sigma, estimated, measured, lost, guessed } = (photo() ? job.job() : now.answer) ?? {};
    const shownSigma = measured ?? sigma ?? estimated;
    p.told.textContent = shownSigma === null || shownSigma === undefined ? "–" : number(shownSigma, 2);
    const there = estimated !== null && estimated !== undefined;
    p.toldWhy.textContent = there ? t("restore.told.estimated", { value: number(estimated, 2) }) : t(state.given ? "restore.told.hand" : "restore.told.known");
    p.remark.textContent = !photo() ? "" : guessed ? t("restore.guessed", { pixels: table.photos.hole }) : denoising && lost > 0 ? t("restore.lost", { share: number(100 * lost, 0) }) : "";
  };

  const showControls = createControls(p, {
    task, value: props.value, state, pad, photo, fourthOf, set, chooseDomain,
    picture: () => now.picture,
    estimated: () => now.answer?.estimated ?? job.job()?.estimated ?? 0,
    preset: (mask) => {
      state.mask = mask;
      preset();
    },
  });

  const showAnswers = () => {
    const answer = now.answer;
    if (!answer) return p.answers.replaceChildren();
    const { temperature } = photo() ? answer.job : answer;
    const narrowed = temperature < 1 ? t("restore.answers.narrowed", { value: number(temperature, 1) }) : "";
    p.answersWhy.textContent = t(photo() ? "restore.answers.photo" : "restore.answers.why", { narrowed });
    if (photo()) return p.answers.replaceChildren(...photoCells(answer.samples ?? []));
    const about = { size: now.x.length, channels: row().channels, view: state.view };
    return p.answers.replaceChildren(...answerCells(answer, about, (view) => set({ view }, false)));
  };

  const showMethods = () => {
    if (!now.answer) return p.methods.replaceChildren();
    const out = photo() ? (job.job()?.left_out ?? []) : [];
    p.methodsWhy.textContent = out.length ? t("restore.methods.left", { names: out.map((m) => t(`method.${m}`)).join(", ") }) : t("restore.methods.why");
    const own = photo() ? { ...now.answer, mean: now.answer.result } : now.answer;
    return p.methods.replaceChildren(...methodCells(own, methods, now.others, row().channels));
  };

  const showExamples = async () => {
    const domain = photo() ? "objects" : state.domain;
    if (!abouts.has(domain)) {
      const answer = await ask("domain", { domain });
      if (!answer.error) abouts.set(domain, answer.examples);
    }
    if (domain !== (photo() ? "objects" : state.domain) || !abouts.has(domain)) return;
    showExampleRow(p.examples, domain, abouts.get(domain), state.example, chooseExample);
  };

  const show = () => {
    showControls();
    showFigures();
    showPictures();
    showAnswers();
    showMethods();
    showExamples();
    place.write(toAddress(state, task, row(), photo() ? null : maskToWord(pad.mask().data)));
  };

  // ---- wiring ------------------------------------------------------------------------------------------------

  p.dismiss.onclick = () => say("");
  p.die.onclick = () => {
    state.seed = 1 + Math.floor(Math.random() * 999_999);
    if (!denoising && !["own", null].includes(state.mask)) return preset();
    return set({});
  };
  p.share.addEventListener("input", () => p.restoredFrame.style.setProperty("--share", p.share.value / 100));
  let sliding = 0;
  const later = (patch) => {
    Object.assign(state, patch);
    showControls();
    clearTimeout(sliding);
    sliding = setTimeout(() => set({}), photo() ? 500 : 0);
  };
  if (denoising) {
    p.level.addEventListener("input", () => {
      const share = p.level.value / 1000;
      later(state.given ? { sigma: Number((share * row().strongest).toFixed(3)) } : { level: levelOf(row().noises[state.noise], share) });
    });
    p.given.onchange = () => {
      Object.assign(state, { given: p.given.checked, sigma: null });
      load(now.source);
    };
  } else {
    createMaskTools(p, pad, { ask, upload, say, now, domain: () => state.domain });
    p.amount.addEventListener("input", () => {
      state.amount = p.amount.value / 1000;
      preset();
    });
  }
  p.saveImage.onclick = async () => {
    if (!now.answer) return;
    if (photo()) {
      const made = await ask("file", { job: now.answer.job.job, which: "mean" });
      if (made.error) return say(failure(made));
      return save(await (await fetch(made.data)).blob(), `vaedemo-${task}.${made.data.startsWith("data:image/png") ? "png" : "jpg"}`);
    }
    const lines = [`${t(`domain.${state.domain}`)}: ${p.restoredNote.textContent}`, figuresOf() ? `PSNR ${p.psnr.textContent} dB, SSIM ${p.ssim.textContent}` : ""];
    return saveRow(["damaged", "restored", "fourth"].map((n) => ({ title: t(`${n}.title`), canvas: p[n] })), lines, `vaedemo-${task}-${state.domain}.png`);
  };
  p.copyLink.onclick = async () => {
    address.flush();
    try {
      await navigator.clipboard.writeText(location.href);
      p.copied.textContent = t(state.example ? "copied" : "copied.nopicture");
    } catch {
      p.copied.textContent = t("copied.not");
    }
  };
  const words = () => {
    fill(root);
    p.more.innerHTML = t(`${task}.more`);
    if (now.picture) show();
  };
  onLanguage(words);
  words();
  if (state.own) {
    const { size } = row();
    quiet = true;
    pad.resize(size, size);
    pad.set({ width: size, height: size, data: state.own });
    quiet = false;
  }
  const ready = ({ x, domain, example }) => {
    if (!table[domain]) return;
    Object.assign(state, { domain, given: false, sigma: null });
    sources.showPicture();
    take({ x, domain, original: null }, { kind: "shared", name: example });
    state.example = example;
  };
  onShared(task, ready);
  const opened = place.read();
  if (shared() && shared().from !== task && !opened.domain && !opened.example) ready(shared());
  else chooseExample(state.example ?? row().examples[0]);
  if (wrong) say(t("address.fallback"));
  root.dataset.ready = "true";
  return null;
};
