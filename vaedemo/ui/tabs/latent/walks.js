// "Latent space", below: walks from one picture or point to another, straight and along an arc, through AE and VAE.

import { endFromWord, endToWord, endsMarkup, createEnds } from "./ends.js";
import { newest, parts, segmented } from "../../page/frame/dom.js";
import { save } from "../../page/frame/download.js";
import { unpack } from "../../page/draw/pixels.js";
import { nearestDim } from "../../page/maths/models.js";
import { createStrips, meanNorm, onPath, swing } from "../../page/draw/strips.js";
import { failure, fill, number, t } from "../../page/frame/text.js";

const KINDS = ["ae", "vae"];
const PATHS = ["straight", "spherical"];
const STEPS = { low: 5, high: 15, usual: 9 };
const FAR = 5; // the usual walk goes from the first example to this one
const FINER = 4; // steps of the moving pictures for each of the strip's
const ARC = Array.from({ length: 49 }, (_, k) => k / 48);
const TYPES = { gif: "image/gif", webp: "image/webp" };

const markup = () => `
<section class="vd-card vd-walks">
  <header><h2 data-t="walk.title"></h2><p data-t="walk.why"></p></header>
  <div class="vd-walk-controls">
    ${endsMarkup()}
    <div class="vd-walk-settings">
      <div class="vd-field"><span data-t="walk.d"></span><div class="vd-switch" data-part="walkD" role="radiogroup" data-t-label="walk.d"></div></div>
      <div class="vd-field vd-walk-steps"><label for="vd-walk-steps"><span data-t="walk.steps"></span> <b data-part="walkStepsValue"></b></label>
        <input type="range" class="vd-lat-slider" id="vd-walk-steps" data-part="walkSteps" min="${STEPS.low}" max="${STEPS.high}" step="1"></div>
    </div>
  </div>
  <div class="vd-walk-player">
    <button type="button" class="vd-button vd-play" data-part="walkPlay" aria-pressed="false"><svg viewBox="0 0 20 20" aria-hidden="true"><path
      class="vd-when-off" d="M6 3.5v13l10-6.5z"/><path class="vd-when-on" d="M6.5 4v12M13.5 4v12"/></svg><span data-part="walkPlayText"></span></button>
    <input type="range" class="vd-lat-slider" data-part="walkPosition" min="0" max="1" step="0.001" value="0" data-t-label="walk.position">
  </div>
  <div class="vd-strips" data-part="walkStrips"></div>
  <p class="vd-note vd-walk-foot" data-part="walkFoot"></p>
  <details><summary data-t="walk.more"></summary><p data-t="walk.more.text"></p></details>
</section>`;

export const createWalks = (root, context) => {
  root.innerHTML = markup();
  const p = parts(root);
  const words = context.address?.words ?? {};
  const state = { d: 2, n: STEPS.usual };
  // request: what the strips show; fine: the request of the finer steps there are; share: where on the way.
  const now = { domain: null, request: null, fine: null, share: 0, playing: 0, made: [] };
  const row = () => context.table[now.domain];
  const kinds = () => KINDS.filter((k) => row().kinds[k]?.length);
  const dims = () => [...new Set(kinds().flatMap((k) => row().kinds[k]))].sort((a, b) => a - b);
  const rows = () => kinds().filter((k) => row().kinds[k].includes(state.d)).flatMap((kind) => PATHS.map((path) => ({ kind, path })));

  // ---- asking ------------------------------------------------------------------------------------------------

  const sent = (end) => end && (end.kind === "point" && state.d === 2 ? { x: end.x, z: end.z, kind: end.model } : { x: end.x });
  const body = () => ({ domain: now.domain, d: state.d, ends: ends.ends().map(sent), rows: rows().map((r) => [r.kind, r.path]), n: state.n });
  const finer = () => FINER * (state.n - 1) + 1;
  const read = (answer) => {
    const { size, channels } = row();
    const each = channels * size * size;
    return answer.rows.map(({ x_hat, ...r }) => {
      const bytes = unpack(x_hat);
      return { ...r, pictures: r.z.map((_, k) => bytes.subarray(k * each, (k + 1) * each)) };
    });
  };

  const walk = newest(async () => {
    if (!ends.ready() || !rows().length) return;
    const request = body();
    const answer = await context.ask("walk", request);
    if (answer.error) return context.say(failure(answer));
    if (JSON.stringify(request) !== JSON.stringify(body())) return;
    Object.assign(now, { request: JSON.stringify(request), fine: null, made: read(answer) });
    strips.expect(rows(), now.made[0].z.length, row().size, row().channels, state.d);
    strips.show(now.made);
    p.walkStrips.dataset.ends = ends.ends().map((end) => endToWord(end) ?? end.kind).join(" ");
    p.walkStrips.dataset.drawn = `${state.d} ${now.made[0].z.length}`;
    drawPath();
    if (now.playing || now.share > 0) refine();
  });

  // The moving pictures, asked for when something first moves.
  const refine = newest(async () => {
    if (!now.request || now.fine === now.request) return;
    const { request } = now;
    const answer = await context.ask("walk", { ...JSON.parse(request), n: finer() });
    if (answer.error) return context.say(failure(answer));
    if (request !== now.request) return;
    now.fine = request;
    strips.refine(read(answer));
  });

  // ---- drawing -----------------------------------------------------------------------------------------------

  const drawPath = () => {
    const draw = context.mapCanvases?.drawPath ?? context.drawPath;
    if (!draw) return;
    if (state.d !== 2 || !now.made.length) return draw(null);
    const of = (kind) =>
      now.made.filter((r) => r.kind === kind).map(({ z, path }) => {
        const at = (share) => onPath(z[0], z.at(-1), path, share);
        return { points: path === "straight" ? [z[0], z.at(-1)] : ARC.map(at), dashed: path === "straight", marks: false, at: at(now.share) };
      });
    return draw(Object.fromEntries(kinds().map((kind) => [kind, of(kind)])));
  };

  const go = (share) => {
    now.share = share;
    p.walkPosition.value = share;
    p.walkPosition.style.setProperty("--share", share);
    p.walkPosition.setAttribute("aria-valuetext", t("walk.position.value", { share: number(100 * share, 0) }));
    strips.go(share);
    drawPath();
  };
  const stop = () => {
    cancelAnimationFrame(now.playing);
    now.playing = 0;
    showPlay();
  };
  const play = () => {
    refine();
    let before = 0;
    // The time on the way there that belongs to where it stands.
    let time = now.share * 2.4;
    const step = (moment) => {
      if (!p.walkPlay.isConnected) return;
      if (before && p.walkPlay.offsetParent) go(swing((time += Math.min(0.1, (moment - before) / 1000))));
      before = moment;
      now.playing = requestAnimationFrame(step);
    };
    now.playing = requestAnimationFrame(step);
    showPlay();
  };
  const showPlay = () => {
    p.walkPlay.setAttribute("aria-pressed", now.playing > 0);
    p.walkPlayText.textContent = t(now.playing ? "walk.pause" : "walk.play");
  };

  const show = () => {
    segmented(p.walkD, "vd-walk-d", dims().map((d) => ({ value: String(d), label: String(d) })), state.d, (d) => set({ d: Number(d) }));
    p.walkSteps.value = state.n;
    p.walkSteps.style.setProperty("--share", (state.n - STEPS.low) / (STEPS.high - STEPS.low));
    p.walkStepsValue.textContent = state.n;
    strips.expect(rows(), state.n, row().size, row().channels, state.d);
    if (now.made.length && now.made[0].z.length === state.n) {
      strips.show(now.made);
      now.fine = null;
      if (now.playing) refine();
    }
    p.walkFoot.textContent = t("walk.foot", { d: state.d, root: number(meanNorm(state.d), 1) });
    showPlay();
    ends.show();
  };
  const tell = () => {
    const [from, to] = ends.ends().map(endToWord);
    const usual = usualEnds().map(endToWord);
    const other = from !== usual[0] || to !== usual[1];
    context.address?.write({
      from: other ? from : null, to: other ? to : null,
      wd: state.d === firstDim() ? null : state.d, steps: state.n === STEPS.usual ? null : state.n,
    }); // prettier-ignore
  };

  // ---- changing ----------------------------------------------------------------------------------------------

  const firstDim = () => (dims().includes(2) ? 2 : dims()[0]);
  const usualEnds = () => [0, 1].map((k) => ({ kind: "example", name: row().examples[Math.min(k * FAR, row().examples.length - 1)] }));
  const set = (patch) => {
    Object.assign(state, patch);
    Object.assign(now, { request: null, made: [] });
    show();
    tell();
    walk();
  };
  const enter = (domain, asked = []) => {
    Object.assign(now, { domain, request: null, fine: null, made: [] });
    root.hidden = !kinds().length || !row().examples.length;
    if (root.hidden) return;
    if (!dims().includes(state.d)) state.d = nearestDim(dims(), state.d);
    drawPath();
    ends.start(usualEnds().map((end, k) => asked[k] ?? end));
    show();
  };

  const strips = createStrips(p.walkStrips, {
    at: (share) => {
      stop();
      go(share);
    },
    keep: async ({ kind, path }, format, button) => {
      button.disabled = true;
      const answer = await context.ask("animation", { ...body(), rows: [[kind, path]], n: finer(), format });
      button.disabled = false;
      if (answer.error) return context.say(failure(answer));
      save(new Blob([unpack(answer.data)], { type: TYPES[format] }), `vaedemo-walk-${now.domain}-${kind}-${state.d}-${path}.${format}`);
    },
  });
  const ends = createEnds(p, context, {
    changed: () => {
      tell();
      walk();
    },
    allowPoints: () => state.d === 2,
  });
  p.walkSteps.addEventListener("input", () => set({ n: Number(p.walkSteps.value) }));
  p.walkPosition.addEventListener("input", () => {
    stop();
    refine();
    go(Number(p.walkPosition.value));
  });
  p.walkPlay.onclick = () => (now.playing ? stop() : play());

  fill(root);
  context.onChange((what) => {
    if (what === "language") {
      fill(root);
      show();
    } else if (what === "domain" && context.state.domain !== now.domain) {
      enter(context.state.domain);
      tell();
    } else if (what === "picture") ends.refresh();
  });
  now.domain = context.state.domain;
  const [d, n] = [Number(words.wd), Number(words.steps)];
  if (dims().includes(d)) state.d = d;
  if (Number.isInteger(n) && n >= STEPS.low && n <= STEPS.high) state.n = n;
  enter(now.domain, [endFromWord(words.from, row()), endFromWord(words.to, row())]);
};
