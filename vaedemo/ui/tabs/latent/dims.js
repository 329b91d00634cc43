// "Latent space", below: one dimension at a time. A code z, started from a picture, from zero or at random, is changed by
// its sliders; the traversal table shows what each of them would do from there.

import { aboutOf } from "../../page/frame/about.js";
import { asset, html, newest, parts, segmented } from "../../page/frame/dom.js";
import { createFactors } from "./factors.js";
import { noise } from "../../page/maths/geometry.js";
import { paint, rgba, unpack } from "../../page/draw/pixels.js";
import { createSparse } from "./sparse.js";
import { betasOf, kindsOf, modelKey, nearestDim, parseKey } from "../../page/maths/models.js";
import { failure, fill, number, t } from "../../page/frame/text.js";
import { FIRST, SPAN, createTraversal, ordered, savePictures, worthOf } from "./traversal.js";

const KINDS = ["ae", "vae"];
const STARTS = ["picture", "zero", "random"];
const SETTLE = 140; // milliseconds without a change after which the table follows
const MOST_EDITS = 40;

const ICON = "M10 3v10M6 9l4 4 4-4M3 17h14";
const field = (name, part) => `<div class="vd-field" data-part="dims${part}Field"><span data-t="dims.${name}"></span>
  <div class="vd-switch" data-part="dims${part}" role="radiogroup" data-t-label="dims.${name}"></div></div>`;

const markup = () => `
<section class="vd-card vd-dims">
  <header><h2 data-t="dims.title"></h2><p data-t="dims.why"></p></header>
  <div class="vd-dims-controls">${field("kind", "Kind")}${field("d", "D")}${field("beta", "Beta")}${field("start", "Start")}
    <div class="vd-dims-buttons">
      <button type="button" class="vd-button" data-part="dimsAgain" data-t="dims.again"></button>
      <button type="button" class="vd-button" data-part="dimsUndo" data-t="dims.undo" disabled></button>
    </div></div>
  <div class="vd-dims-body">
    <aside class="vd-dims-side">
      <figure class="vd-dims-picture"><div class="vd-picture"><canvas class="vd-pixels" data-part="dimsCanvas" width="28" height="28" role="img"></canvas></div>
        <figcaption><output data-part="dimsNote" aria-live="polite"></output></figcaption></figure>
      <div class="vd-dims-sparse" data-part="dimsSparseField"><b data-t="dims.sparse.title"></b><div data-part="dimsSparse"></div></div>
    </aside>
    <div class="vd-dims-main">
      <div data-part="dimsTable" class="vd-dims-table"></div>
      <div class="vd-dims-foot"><p class="vd-note" data-part="dimsTableWhy"></p>
        <button type="button" class="vd-button" data-part="dimsSave" data-t-title="dims.save.why"><svg viewBox="0 0 20 20" aria-hidden="true"><path d="${ICON}"/></svg><span data-t="dims.save"></span></button></div>
    </div>
  </div>
</section>
<section class="vd-card vd-factors">
  <header><h2 data-t="dims.matrix.title"></h2><p data-part="dimsFactorsWhy"></p></header>
  <div class="vd-factors-body" data-part="dimsFactors"></div>
</section>`;

// Where a value s of dimension i lies in the latent space, and back: the VAE's in steps of the prior, the AE's of its own spread.
export const spreads = (kind, figures, d) => {
  const own = kind === "ae" && figures?.std;
  return Array.from({ length: d }, (_, i) => (own ? { mean: figures.mean[i], std: Math.max(figures.std[i], 1e-6) } : { mean: 0, std: 1 }));
};

// Edits as a word of the address, "7:1.25_12:-0.5", and back; null is not such a word.
export const editsToWord = (edits) => [...edits].map(([i, s]) => `${i + 1}:${Number(s.toFixed(2))}`).join("_") || null;
export const editsFromWord = (word, d) => {
  const pairs = (word ?? "").split("_").filter(Boolean).map((p) => p.split(":").map(Number));
  const good = pairs.length <= MOST_EDITS && pairs.every(([i, s]) => Number.isInteger(i) && i >= 1 && i <= d && Math.abs(s) <= SPAN);
  return good ? new Map(pairs.map(([i, s]) => [i - 1, s])) : null;
};

// The model that shows most: that which has betas, else some eight numbers.
const standard = (row) => {
  const kind = row.kinds.vae?.length ? "vae" : "ae";
  const dims = row.kinds[kind] ?? [];
  return { kind, d: dims.find((d) => row.betas[d]) ?? nearestDim(dims, 8), beta: 1 };
};

export const createDims = (root, context) => {
  root.innerHTML = markup();
  const p = parts(root);
  const words = context.address?.words ?? {};
  const state = { kind: "vae", d: 0, beta: 1, start: "picture", seed: 1, edits: new Map() };
  // about: what the server told of the domain; code: the picture's own {key, x, z, sigma} or null.
  const now = { domain: null, about: null, code: null, factors: null, drawn: "", timer: 0, size: 28, channels: 1 };
  const row = () => context.table[now.domain];
  const kinds = () => kindsOf(row()).filter((k) => KINDS.includes(k));
  const key = () => modelKey(state.kind, state.d, state.beta);
  const figures = () => now.about?.figures[key()] ?? null;
  const whole = () => `${now.domain} ${key()}`;
  const model = () => ({ domain: now.domain, kind: state.kind, d: state.d, beta: state.beta });

  // ---- the code ----------------------------------------------------------------------------------------------

  const base = () => {
    const scale = spreads(state.kind, figures(), state.d);
    if (state.start === "zero") return scale.map((s) => ({ ...s, s: 0 }));
    if (state.start === "random") return scale.map((s, i) => ({ ...s, s: noise(state.seed, state.d)[i] }));
    const own = now.code?.key === whole() ? now.code.z : null;
    return own && scale.map((s, i) => ({ ...s, s: (own[i] - s.mean) / s.std }));
  };
  // The code as {s: where the sliders stand, own: where they started, z}, or null until the picture's is known.
  const code = () => {
    const from = base();
    if (!from) return null;
    const s = from.map((b, i) => state.edits.get(i) ?? b.s);
    return { s, own: from.map((b) => b.s), z: s.map((v, i) => from[i].mean + from[i].std * v) };
  };

  const encode = newest(async () => {
    const picture = context.picture();
    if (state.start !== "picture" || !picture) return;
    const [wanted, { domain }] = [whole(), now];
    const known = now.code;
    if (known?.key === wanted && known.base64 === picture.base64) return;
    const answer = await context.ask("look", { x: picture.base64, domain, models: [[state.kind, state.d, state.beta]] });
    if (answer.error) return context.say(failure(answer));
    if (wanted !== whole()) return;
    if (known && known.base64 !== picture.base64) state.edits = new Map();
    now.code = { key: wanted, base64: picture.base64, z: answer.results[0].z };
    refresh();
  });

  const decode = newest(async () => {
    const [made, wanted] = [code(), whole()];
    if (!made) return;
    const answer = await context.ask("decode", { ...model(), z: made.z });
    if (answer.error) return context.say(failure(answer));
    if (wanted !== whole()) return;
    paint(p.dimsCanvas, rgba(unpack(answer.x_hat), now.channels));
    p.dimsCanvas.dataset.shown = `${wanted}: ${made.z.map((v) => v.toFixed(3)).join()}`;
  });

  // The rows in sight, some at a time, until none is out of date; a code that changes meanwhile makes them old again.
  const follow = newest(async (_, more) => {
    while (!more()) {
      const [made, wanted, n] = [code(), whole(), table.count()];
      const dims = made ? table.wanted(FIRST) : [];
      if (!dims.length) return;
      const answer = await context.ask("traverse", { ...model(), z: made.z, dims, n });
      if (answer.error) return context.say(failure(answer));
      if (wanted !== whole()) return;
      const each = now.channels * now.size ** 2;
      answer.rows.forEach((packed, k) => {
        const bytes = unpack(packed);
        table.paint(dims[k], Array.from({ length: n }, (_, c) => rgba(bytes.subarray(c * each, (c + 1) * each), now.channels)));
      });
      p.dimsTable.dataset.drawn = wanted;
    }
  });

  const changed = (but = -1) => {
    clearTimeout(now.timer);
    now.timer = setTimeout(() => {
      table.age(but);
      follow();
    }, SETTLE);
    decode();
  };

  // ---- drawing -----------------------------------------------------------------------------------------------

  const table = createTraversal(p.dimsTable, {
    moved: (i, s) => {
      state.edits.delete(i);
      state.edits.set(i, s);
      place(i);
      tell();
      changed(i);
    },
    seen: () => follow(),
  });
  const sparse = createSparse(p.dimsSparse, (beta, d) => set({ kind: "vae", d, beta }));
  const factors = createFactors(p.dimsFactors, { pick: (i) => table.focus(i), choose: ({ kind, d, beta }) => set({ kind, d, beta }) });

  const weights = () => {
    const f = figures();
    if (state.kind === "vae" && f?.kl) return f.kl;
    return f?.std ? f.std.map((v) => v * v) : Array(state.d).fill(0);
  };
  const place = (moved = -1) => {
    const made = code();
    if (made) table.place(made.s, made.own, made.z);
    p.dimsUndo.disabled = state.edits.size === 0;
    const from = t(`dims.from.${state.start}`, { seed: state.seed });
    const off = moved >= 0 && figures()?.active?.[moved] === false;
    p.dimsNote.textContent = off ? t("dims.note.off", { i: moved + 1 }) : state.edits.size ? t("dims.note.edited", { from, n: state.edits.size }) : from;
    p.dimsCanvas.setAttribute("aria-label", `${t("dims.canvas")}: ${t(`kind.${state.kind}`)} ${state.d}, ${p.dimsNote.textContent}`);
    p.dimsCanvas.closest(".vd-picture").classList.toggle("vd-edited", state.edits.size > 0);
  };

  const showControls = () => {
    const own = row();
    const dims = own.kinds[state.kind];
    segmented(p.dimsKind, "vd-dims-kind", kinds().map((k) => ({ value: k, label: t(`kind.${k}`), title: t(`kind.${k}.why`) })), state.kind, (kind) => set({ kind }));
    segmented(p.dimsD, "vd-dims-d", dims.map((d) => ({ value: String(d), label: String(d) })), state.d, (d) => set({ d: Number(d) }));
    const betas = betasOf(own, state.kind, state.d);
    p.dimsBetaField.hidden = !Object.keys(own.betas).length;
    p.dimsBetaField.classList.toggle("vd-away", betas.length < 2);
    segmented(p.dimsBeta, "vd-dims-beta", betas.map((b) => ({ value: String(b), label: String(b) })), state.beta, (b) => set({ beta: Number(b) }));
    segmented(p.dimsStart, "vd-dims-start", STARTS.map((s) => ({ value: s, label: t(`dims.start.${s}`) })), state.start, (s) => set({ start: s }));
    p.dimsAgain.classList.toggle("vd-away", state.start !== "random");
  };

  const showSparse = () => {
    const [d] = Object.keys(row().betas).map(Number);
    const of = betasOf(row(), "vae", state.d).length > 1 ? state.d : d;
    const points = (of ? betasOf(row(), "vae", of) : [])
      .map((beta) => ({ beta, of: now.about?.figures[modelKey("vae", of, beta)] }))
      .filter((b) => b.of?.kl)
      .map(({ beta, of: f }) => ({ beta, active: f.active.filter(Boolean).length, kl: f.kl.reduce((a, b) => a + b, 0) }));
    p.dimsSparseField.classList.toggle("vd-away", points.length < 2);
    if (points.length > 1) sparse(points, state.kind === "vae" && state.d === of ? state.beta : null, of);
  };

  const showFactors = async () => {
    const known = now.domain === "shapes";
    p.dimsFactors.hidden = !known;
    p.dimsFactorsWhy.textContent = t(known ? "dims.matrix.why" : "dims.matrix.none");
    if (!known) return;
    now.factors ??= fetch(asset("maps/shapes-factors.json")).then((a) => (a.ok ? a.json() : null)).catch(() => null);
    const models = await now.factors;
    if (now.domain !== "shapes") return;
    p.dimsFactors.hidden = !models?.[key()];
    if (!models?.[key()]) return void (p.dimsFactorsWhy.textContent = t("dims.matrix.missing"));
    const rows = kinds().flatMap((kind) =>
      row().kinds[kind].filter((d) => d === state.d).flatMap((d) =>
        betasOf(row(), kind, d).map((beta) => ({ kind, d, beta, key: modelKey(kind, d, beta), label: kind === "vae" ? `VAE, β ${beta}` : t(`kind.${kind}`) })),
      ),
    );
    factors.show(models, rows, key(), ordered(weights()));
  };

  // Everything but the pictures, which come later.
  const refresh = () => {
    if (!now.domain) return;
    showControls();
    const f = figures();
    table.show({
      key: `${whole()} ${Boolean(f)}`, weights: weights(), off: f?.active?.map((a) => !a) ?? [],
      size: now.size, channels: now.channels, unit: state.kind === "vae" ? "dims.kl" : "dims.variance",
    }); // prettier-ignore
    p.dimsTable.classList.toggle("vd-weighs-kl", state.kind === "vae");
    p.dimsTableWhy.textContent = t(state.kind === "vae" ? "dims.table.vae" : "dims.table.ae");
    place();
    showSparse();
    showFactors();
    changed();
  };
  const tell = () => {
    const usual = standard(row());
    const other = state.kind !== usual.kind || state.d !== usual.d || state.beta !== 1;
    context.address?.write({
      zm: other ? key() : null,
      zfrom: state.start === "picture" ? null : state.start === "zero" ? "zero" : state.seed,
      z: state.edits.size <= MOST_EDITS ? editsToWord(state.edits) : null,
    });
  };

  // ---- changing ----------------------------------------------------------------------------------------------

  const set = (patch) => {
    Object.assign(state, patch, { edits: new Map() });
    if (!kinds().includes(state.kind)) state.kind = kinds()[0];
    state.d = nearestDim(row().kinds[state.kind], state.d);
    if (!betasOf(row(), state.kind, state.d).includes(state.beta)) state.beta = 1;
    tell();
    refresh();
    encode();
  };
  const enter = async (domain) => {
    Object.assign(now, { domain, about: null, code: null, size: context.table[domain].size, channels: context.table[domain].channels });
    root.hidden = !kinds().length;
    if (root.hidden) return;
    const about = await aboutOf(context, domain);
    if (about.error || now.domain !== domain) return;
    now.about = about;
    refresh();
  };
  const restore = () => {
    const { kind, d, beta } = parseKey(words.zm ?? "") ?? {};
    Object.assign(state, standard(row()));
    if (kinds().includes(kind) && row().kinds[kind].includes(d) && betasOf(row(), kind, d).includes(beta))
      Object.assign(state, { kind, d, beta });
    if (words.zfrom === "zero") state.start = "zero";
    else if (/^\d{1,9}$/.test(words.zfrom ?? "")) Object.assign(state, { start: "random", seed: Number(words.zfrom) });
    state.edits = editsFromWord(words.z, state.d) ?? new Map();
  };

  p.dimsAgain.onclick = () => set({ start: "random", seed: Math.floor(Math.random() * 1e6) });
  p.dimsUndo.onclick = () => set({});
  p.dimsSave.onclick = () => {
    const beta = state.beta === 1 ? "" : `, β = ${state.beta}`;
    const model = `${t(`domain.${now.domain}`)}, ${t(`kind.${state.kind}`)}, d = ${state.d}${beta}`;
    const unit = state.kind === "vae" ? "dims.kl" : "dims.variance";
    const rows = table.sheets().map(({ i, canvas }) => ({ canvas, name: `z${i + 1}`, worth: t(unit, { value: worthOf(weights()[i]) }) }));
    savePictures(rows, table.count(), now.size, `${model}: ${t(state.kind === "vae" ? "dims.save.title" : "dims.save.spread", { span: SPAN })}, ${p.dimsNote.textContent}`, `vaedemo-traversal-${now.domain}-${key()}.png`);
  };

  fill(root);
  context.onChange((what) => {
    if (what === "language") {
      fill(root);
      if (now.domain) refresh();
    } else if (what === "domain" && context.state.domain !== now.domain) {
      Object.assign(state, standard(context.table[context.state.domain]), { edits: new Map() });
      now.domain = context.state.domain;
      tell();
      enter(context.state.domain).then(encode);
    } else if (what === "picture") encode();
  });
  now.domain = context.state.domain;
  restore();
  enter(now.domain).then(encode);
};
