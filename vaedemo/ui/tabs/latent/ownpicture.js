// The picture at hand of "Latent space": an example, a file, a drawing, the webcam, or what another tab shared.

import { newest } from "../../page/frame/dom.js";
import { showExampleRow } from "../../page/picture/examples.js";
import { paint, rgba, unpack } from "../../page/draw/pixels.js";
import { share } from "../../page/frame/shared.js";
import { askWith, createSources } from "../../page/picture/source.js";
import { fromWord, toWord } from "../../page/maths/words.js";
import { failure, t } from "../../page/frame/text.js";

// hooks: state, table, domains, ask, upload, say, models() -> those that prepare() is to look with,
//   took(picture, keep): a new picture {x, bytes, base64, domain, word, results, ...}; keep: the points that were chosen stay
export const createOwnPicture = (p, { state, table, domains, ask, upload, say, models, took }) => {
  const now = { picture: null, source: null };
  const abouts = new Map();

  const take = (answer, source, keep) => {
    if (!domains.includes(answer.domain)) return say(t("latent.nomap", { domain: t(`domain.${answer.domain}`) }));
    const { strokes, channels } = table[answer.domain];
    const bytes = unpack(answer.x);
    const picture = { ...answer, bytes, base64: answer.x, word: source.drawn && strokes ? toWord(bytes) : null };
    picture.example = source.kind === "example" ? source.name : (source.name ?? null);
    Object.assign(now, { picture, source });
    took(picture, keep);
    if (!answer.original) {
      const canvas = document.createElement("canvas");
      paint(canvas, rgba(bytes, channels));
      p.original.src = canvas.toDataURL();
    } else if (sources.mode() === "picture") p.original.src = answer.original;
    p.original.classList.toggle("vd-pixels", !(Math.max(answer.width ?? 0, answer.height ?? 0) > 128));
    p.original.alt = t(picture.example ? "yours.example" : "yours.own");
    if (source.kind !== "shared") share({ x: answer.x, domain: answer.domain, example: picture.example, word: picture.word }, "latent");
    return showExamples();
  };

  const load = newest(async ({ source, domain, keep }) => {
    const answer = await askWith(ask, "prepare", source, upload, { domain, models: domain === state.domain ? models() : [] });
    sources.drawn();
    if (answer.error) return say(failure(answer));
    if (!keep) say("");
    return take(answer, source, keep);
  });

  const sources = createSources(
    p,
    (source, live) => load({ source, domain: live ? state.domain : null }),
    (key) => say(t(key)),
  );

  const chooseExample = (name, keep) => {
    sources.showPicture();
    return load({ source: { kind: "example", domain: state.domain, name }, domain: state.domain, keep });
  };

  const showExamples = async () => {
    const { domain } = state;
    if (!abouts.has(domain)) {
      const answer = await ask("domain", { domain });
      if (!answer.error) abouts.set(domain, answer);
    }
    if (domain !== state.domain || !abouts.has(domain)) return;
    showExampleRow(p.examples, domain, abouts.get(domain).examples, now.picture?.example, (name) => chooseExample(name));
  };

  const ready = (x, domain, word, example, keep) => {
    sources.showPicture();
    take({ x, domain, original: null, results: [] }, { kind: "shared", drawn: Boolean(word), name: example }, keep);
  };

  return {
    current: () => now.picture,
    chooseExample,
    shared: ({ x, domain, word, example }, keep = false) => ready(x, domain, word, example, keep),
    word: (x, domain, keep) => ready(x, domain, true, null, keep),
    // The same picture for another domain, or an example of it where the picture is one.
    domain: (domain) => {
      const own = now.source && ["file", "data"].includes(now.source.kind) && !now.source.drawn;
      if (own) return load({ source: now.source, domain });
      sources.showPicture();
      return load({ source: { kind: "example", domain, name: table[domain].examples[0] }, domain });
    },
    bytesOf: (word, domain) => fromWord(word, table[domain]),
  };
};
