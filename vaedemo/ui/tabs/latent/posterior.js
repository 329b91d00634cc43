// Your picture in the latent space: its posterior N(mu, sigma^2) through a lens, samples z = mu + sigma * epsilon, their
// pictures; in formula, numbers and drawing mu is blue, sigma orange, epsilon grey, z violet.

import { html, newest, onWidth } from "../../page/frame/dom.js";
import { axesOf, extent, lens as lensFrame, noise, outline } from "../../page/maths/geometry.js";
import { drawPoints, drawPosterior } from "../../page/map/layers.js";
import { paint, rgba, unpack } from "../../page/draw/pixels.js";
import { number, significant, t } from "../../page/frame/text.js";

const MOST = 16;
const SHOWN = 3; // numbers of a code in the table
const SEEN = 4.2; // the lens reaches so many sigma
const REST = 160;

// The covariance's ellipse and the point of a diagonal Gaussian as a model's plane shows them: {mu, axes or null}.
export const posteriorOn = (model, mu, sigma) => {
  const centre = model.project(mu);
  if (!sigma) return { mu: centre, axes: null };
  const c = model.components ?? [[1, 0], [0, 1]]; // prettier-ignore
  const entry = (i, j) => sigma.reduce((sum, s, k) => sum + s * s * c[i][k] * c[j][k], 0);
  return { mu: centre, axes: axesOf([[entry(0, 0), entry(0, 1)], [entry(0, 1), entry(1, 1)]]) }; // prettier-ignore
};

// The samples of a posterior: epsilon, times `scale`, and z of each; more of them leave the first ones as they are.
export const draws = ({ seed, count, noise: scale }, mu, sigma) => {
  const d = mu.length;
  const all = noise(seed * 7919 + d, MOST * d);
  return Array.from({ length: count }, (_, i) => {
    const epsilon = mu.map((_, k) => scale * all[i * d + k]);
    return { epsilon, z: mu.map((m, k) => m + sigma[k] * epsilon[k]) };
  });
};

// The reach of the lens around a posterior, in the plane's units.
export const reachOf = (axes) => SEEN * axes.r1;

// p: the tab's parts. hooks: decode(zs) -> Promise of {x_hat: [...]} or {error}, changed() after a slider or another sample.
export const createPosterior = (p, state, hooks) => {
  const ctx = p.lens.getContext("2d");
  const now = { side: 0, result: null, model: null, look: null, samples: [], chosen: 0, timer: 0, stamp: 0, posterior: null };
  const cells = Array.from({ length: MOST }, (_, i) => {
    const cell = html(`<button type="button" class="vd-lat-sample"><canvas class="vd-pixels" width="28" height="28"></canvas></button>`);
    const choose = () => {
      if (now.chosen === i || i >= state.count) return;
      now.chosen = i;
      showNumbers();
      drawLens();
      mark();
      hooks.changed();
    };
    cell.addEventListener("pointerenter", (e) => e.isPrimary && choose()); // of several fingers the first
    cell.addEventListener("focus", choose);
    cell.addEventListener("click", choose);
    p.samples.append(cell);
    return cell;
  });
  const pictures = cells.map((c) => c.firstElementChild);

  const mark = () => cells.forEach((c, i) => c.setAttribute("aria-pressed", i === now.chosen));

  // ---- pictures ------------------------------------------------------------------------------------------------

  const exact = newest(async ({ stamp }) => {
    const answer = await hooks.decode(now.samples.map((s) => s.z));
    if (answer.error || stamp !== now.stamp) return;
    answer.x_hat.forEach((x, i) => {
      paint(pictures[i], rgba(unpack(x), now.look.channels));
      pictures[i].dataset.shown = "exact";
    });
  });

  const preview = () => {
    const { size, channels } = now.look;
    const bytes = new Uint8Array(channels * size * size);
    cells.forEach((cell, i) => {
      const sample = now.samples[i];
      cell.disabled = !sample;
      cell.setAttribute("aria-label", t("latent.sample.one", { i: i + 1 }));
      if (!sample) return;
      now.model.decode(sample.z, bytes);
      paint(pictures[i], rgba(bytes, channels));
      pictures[i].dataset.shown = "preview";
    });
    now.stamp += 1;
    clearTimeout(now.timer);
    now.timer = setTimeout(() => exact({ stamp: now.stamp }), REST);
  };

  // ---- numbers -------------------------------------------------------------------------------------------------

  const showNumbers = () => {
    const { z: mu, sigma } = now.result.vae;
    const sample = now.samples[now.chosen];
    const own = now.result.ae.z;
    const count = Math.min(SHOWN, mu.length);
    const shown = (v) => {
      const text = number(v, Math.abs(v) >= 100 ? 1 : v !== 0 && Math.abs(v) < 0.01 ? 4 : 3);
      return /[1-9]/.test(text) ? text : text.replace("−", "");
    };
    const row = (name, values, token, text) =>
      `<tr class="vd-c-${token}"><th scope="row"><b>${name}</b><small>${text}</small></th>${values
        .slice(0, count)
        .map((v) => `<td>${shown(v)}</td>`)
        .join("")}${mu.length > count ? "<td>…</td>" : ""}</tr>`;
    p.table.innerHTML =
      row("μ", mu, "mu", t("latent.mu")) +
      row("σ", sigma, "sigma", t("latent.sigma")) +
      row("ε", sample.epsilon, "epsilon", t("latent.epsilon", { i: now.chosen + 1 })) +
      row("z", sample.z, "z", t("latent.z", { i: now.chosen + 1 })) +
      row("z", own, "ae", t("latent.z.ae"));
    const list = (values) => values.slice(0, count).map(shown).join(", ");
    p.posteriorLive.textContent = t("latent.posterior.live", { mu: list(mu), sigma: list(sigma), z: list(sample.z) });
    p.noiseValue.textContent = `${number(state.noise, 2)} ×`;
    p.countValue.textContent = state.count;
    for (const name of ["noise", "count"]) {
      p[name].value = state[name];
      p[name].style.setProperty("--share", (state[name] - p[name].min) / (p[name].max - p[name].min));
    }
  };

  // ---- the lens ------------------------------------------------------------------------------------------------

  const drawLens = () => {
    if (!now.side || !now.posterior?.axes) return;
    const ratio = devicePixelRatio || 1;
    const size = Math.round(now.side * ratio);
    if (p.lens.height !== size) p.lens.width = p.lens.height = size;
    ctx.setTransform(size / now.side, 0, 0, size / now.side, 0, 0);
    const { palette } = now.look;
    const { mu, axes, samples } = now.posterior;
    const shown = lensFrame(mu, reachOf(axes), now.side);
    ctx.fillStyle = palette.card;
    ctx.fillRect(0, 0, now.side, now.side);
    drawPoints(ctx, now.model, shown, { ...now.look, radius: 3.2, alpha: 0.38 });
    const line = (from, to, colour, width) => {
      ctx.beginPath();
      ctx.moveTo(shown.x(from[0]), shown.y(from[1]));
      ctx.lineTo(shown.x(to[0]), shown.y(to[1]));
      Object.assign(ctx, { strokeStyle: colour, lineWidth: width });
      ctx.stroke();
    };
    const [u, v] = [Math.cos(axes.angle), Math.sin(axes.angle)];
    line(mu, [mu[0] + axes.r1 * u, mu[1] + axes.r1 * v], palette.sigma, 2);
    line(mu, [mu[0] - axes.r2 * v, mu[1] + axes.r2 * u], palette.sigma, 2);
    line(mu, samples[now.chosen], palette.epsilon, 2);
    drawPosterior(ctx, { ...now.posterior, chosen: now.chosen }, shown, palette, { dot: 5, sample: 4, width: 2.2 });
    ctx.font = "600 12px system-ui, sans-serif";
    ctx.fillStyle = palette.sigma;
    ctx.textAlign = "center";
    const top = (times) => Math.min(...outline(mu, axes, times).map((q) => shown.y(q[1])));
    for (const times of [1, 2]) ctx.fillText(`${times}σ`, shown.x(mu[0]), top(times) - 5);
    p.lens.dataset.ellipse = extent(outline(mu, axes), shown)
      .map((w) => (w / 2).toFixed(3))
      .join();
    p.lens.dataset.reach = reachOf(axes);
    const { low, high } = now.model;
    const times = significant(((high[0] - low[0]) / now.look.side) * (now.side / (2 * reachOf(axes))), 2);
    p.lensNote.textContent = t("latent.lens.note", { times });
    p.lens.setAttribute("aria-label", t("latent.lens.label", { times }));
  };
  onWidth(p.lens, (_, pixels) => {
    now.side = pixels;
    drawLens();
  });

  // ---- together ------------------------------------------------------------------------------------------------

  const show = (fresh) => {
    if (!now.result) return;
    const { z: mu, sigma } = now.result.vae;
    now.samples = draws(state, mu, sigma);
    now.chosen = Math.min(now.chosen, state.count - 1);
    now.posterior = { ...posteriorOn(now.model, mu, sigma), samples: now.samples.map((s) => now.model.project(s.z)), chosen: now.chosen };
    if (fresh) {
      const paintTo = (canvas, x) => paint(canvas, rgba(x, now.look.channels));
      paintTo(p.seen, now.result.x);
      paintTo(p.aeOwn, unpack(now.result.ae.x_hat));
      paintTo(p.vaeOwn, unpack(now.result.vae.x_hat));
    }
    preview();
    showNumbers();
    drawLens();
    mark();
  };

  for (const name of ["noise", "count"])
    p[name].addEventListener("input", () => {
      state[name] = Number(p[name].value);
      show(false);
      hooks.changed();
    });
  return {
    again: () => {
      state.seed = (state.seed + 1) % 1000000;
      show(false);
      hooks.changed();
    },
    // result: {x, ae, vae} as prepare() gives them; model: the VAE's map or plane; look: how maps are drawn, and their side.
    show: (result, model, look) => {
      Object.assign(now, { result, model, look });
      show(true);
    },
    // The map drawn anew, for another theme, language or hidden class.
    look: (look) => {
      now.look = look;
      if (!now.result) return;
      showNumbers();
      drawLens();
    },
    posterior: () => now.posterior && { ...now.posterior, chosen: now.chosen },
  };
};
