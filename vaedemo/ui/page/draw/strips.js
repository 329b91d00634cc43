// Walks as strips: a row a model and path, its pictures side by side, the one of the moment large before them, and below
// each picture how far its code is from the origin.

import { html, onWidth } from "../frame/dom.js";
import { norm } from "../maths/paths.js";
import { paint, rgba } from "./pixels.js";
import { number, t } from "../frame/text.js";

const NARROW = 620;

// Pictures in a line: all where there is room, else as even as lines of at most six can be.
export const across = (n, width) => (width < NARROW ? Math.ceil(n / Math.ceil(n / 6)) : n);

// at(share): a picture of a strip was clicked. keep(row, format): a row is to be saved.
export const createStrips = (root, { at, keep }) => {
  const now = { rows: [], n: 0, width: 0, size: 28, channels: 1, share: 0 };

  const create = ({ kind, path }) => {
    const name = `${t(`kind.${kind}`)}, ${t(`walk.path.${path}`)}`;
    const row = html(`<div class="vd-walkrow" data-row="${kind}-${path}" role="group">
      <div class="vd-picture"><canvas class="vd-pixels" role="img"></canvas></div>
      <div class="vd-walkmain"><header><b data-kind="${kind}"></b><span></span><i class="vd-path-${path}" aria-hidden="true"></i><em></em><button type="button" data-format="gif">GIF</button><button
        type="button" data-format="webp">WebP</button></header><div class="vd-walkstrip"></div></div></div>`);
    const [frame, main] = row.children;
    const [head, strip] = main.children;
    row.setAttribute("aria-label", name);
    frame.firstElementChild.setAttribute("aria-label", t("walk.now", { name }));
    head.children[0].textContent = t(`kind.${kind}`);
    head.children[1].textContent = t(`walk.path.${path}`);
    for (const b of head.querySelectorAll("button")) {
      b.setAttribute("aria-label", t("walk.save", { name, format: b.textContent }));
      b.title = t("walk.save", { name, format: b.textContent });
      b.onclick = () => keep({ kind, path }, b.dataset.format, b);
    }
    strip.addEventListener("click", (e) => {
      const cell = e.target.closest("[data-k]");
      if (cell) at(Number(cell.dataset.k) / (now.n - 1));
    });
    return { kind, path, row, canvas: frame.firstElementChild, strip, frames: [], fine: [] };
  };

  const arrange = () => root.style.setProperty("--across", across(now.n, now.width));
  onWidth(root, (width) => {
    now.width = width;
    arrange();
  });

  const cells = (r) => {
    if (r.strip.children.length === now.n) return;
    r.strip.replaceChildren(
      ...Array.from({ length: now.n }, (_, k) =>
        html(
          `<span data-k="${k}"><canvas class="vd-pixels" role="img" width="${now.size}" height="${now.size}"></canvas><small></small></span>`,
        ),
      ),
    );
  };
  const place = () => {
    for (const r of now.rows) {
      const frames = r.fine.length ? r.fine : r.frames;
      const frame = frames[Math.round(now.share * (frames.length - 1))];
      if (frame) paint(r.canvas, frame);
      const here = Math.round(now.share * (now.n - 1));
      [...r.strip.children].forEach((cell, k) => cell.classList.toggle("vd-on", k === here));
    }
  };

  return {
    // rows: [{kind, path}] that will come, so that their places are there before them.
    expect: (rows, n, size, channels, d) => {
      const key = JSON.stringify([rows, n, size, channels, t("walk.now")]);
      if (root.dataset.key !== key) {
        root.dataset.key = key;
        Object.assign(now, { n, size, channels });
        now.rows = rows.map(create);
        root.replaceChildren(...now.rows.map((r) => r.row));
        now.rows.forEach(cells);
        arrange();
      }
      root.classList.toggle("vd-on-map", d === 2);
    },
    // made: [{kind, path, z: [[...]], pictures: [bytes]}], n of each.
    show: (made) => {
      for (const { kind, path, z, pictures } of made) {
        const r = now.rows.find((one) => one.kind === kind && one.path === path);
        if (!r || pictures.length !== now.n) continue;
        Object.assign(r, { frames: pictures.map((bytes) => rgba(bytes, now.channels)), fine: [] });
        const lengths = z.map(norm);
        pictures.forEach((_, k) => {
          const [canvas, note] = r.strip.children[k].children;
          paint(canvas, r.frames[k]);
          canvas.setAttribute("aria-label", t("walk.step", { k: k + 1, n: now.n, norm: number(lengths[k], 1) }));
          note.textContent = number(lengths[k], 1);
        });
        r.row.dataset.drawn = now.n;
      }
      place();
    },
    // The same way in finer steps, for the large pictures.
    refine: (made) => {
      for (const { kind, path, pictures } of made) {
        const r = now.rows.find((one) => one.kind === kind && one.path === path);
        if (r) r.fine = pictures.map((bytes) => rgba(bytes, now.channels));
      }
      place();
    },
    go: (share) => {
      now.share = share;
      place();
    },
  };
};
