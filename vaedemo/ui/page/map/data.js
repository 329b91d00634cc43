// The maps as files: what `python -m vaedemo derive` wrote to checkpoints/maps, fetched when first asked for.
// <name>.json says how to read <name>.bin, the points. Beside them come the decoders of the models.

import { asset } from "../frame/dom.js";
import { unpack } from "../draw/pixels.js";
import { createDecoder } from "../maths/decoder.js";

const KEPT = 8; // maps and planes that stay in memory, some 2 MB each
const KINDS = ["ae", "vae"];
const FLAT = { mean: [0, 0], components: [[1, 0], [0, 1]] }; // prettier-ignore

const fetched = async (path) => {
  const url = asset(path);
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status}`);
  return answer;
};

const read = async (name) => {
  const [json, bin] = await Promise.all([fetched(`maps/${name}.json`), fetched(`maps/${name}.bin`)]);
  return { about: await json.json(), buffer: await bin.arrayBuffer() };
};

// The decoder of a model, the very one of the checkpoint: what is shown under a pointer is exact.
const decoderOf = async (domain, key) => {
  const answer = await fetched(`decoders/${domain}/${key}.safetensors`);
  return createDecoder(await answer.arrayBuffer());
};

// A square around what the points reach, with a little room.
const square = ({ low, high }, room = 1.06) => {
  const half = (Math.max(high[0] - low[0], high[1] - low[1]) / 2) * room;
  const middle = [0, 1].map((i) => (low[i] + high[i]) / 2);
  return { low: middle.map((m) => m - half), high: middle.map((m) => m + half) };
};

// A model as a map shows it: a plane through its latent space, from `mean` along two components, and the points on it, n pairs
// of uint16 at an offset of the file, spread over reach.low..reach.high; a VAE's of two dimensions has each posterior's sigma too.
// own: what the map's file says of it.
const modelOf = ({ about, buffer }, key, own, offset, { decode }) => {
  const { mean, components, reach } = own;
  const lift = (a, b) => mean.map((m, i) => m + a * components[0][i] + b * components[1][i]);
  const project = (code) => components.map((c) => code.reduce((sum, v, i) => sum + (v - mean[i]) * c[i], 0));
  const pairs = (at, { low, high }) =>
    Float32Array.from(new Uint16Array(buffer, at, 2 * about.count), (u, i) => low[i % 2] + ((high[i % 2] - low[i % 2]) * u) / 65535);
  const points = pairs(offset, reach);
  const sigmas = own.sigmas ? pairs(own.sigmas.offset, own.sigmas) : null;
  const labels = new Uint8Array(buffer, 0, about.count);
  const centre = project(mean.map(() => 0));
  return { ...own, key, kind: key.split("-")[0], d: mean.length, labels, points, sigmas, lift, project, centre, decode };
};

// A model that a visitor trained is lent (frame/shared.js): its map and decoder are asked for, and no file.
const lentFile = async (domain, ask) => {
  const { about, points, decoders, error } = await ask("lentmap", { domain });
  if (error) throw new Error(error);
  return { about, buffer: unpack(points).buffer, decoders };
};

// The map of a domain, with both models of two dimensions. like: of a lent model, the domain of the other one; ask: the server.
const load = async (domain, like, ask) => {
  const file = like ? await lentFile(domain, ask) : await read(domain);
  const decoder = (kind) => {
    const own = file.decoders?.[kind];
    return own ? createDecoder(unpack(own).buffer) : decoderOf(like ?? domain, `${kind}-2`);
  };
  const decoders = await Promise.all(KINDS.map(decoder));
  performance.mark("map arrived"); // benchmarks/latent.py reads the marks
  const { count, models } = file.about;
  const start = (k) => count + (count % 2) + 4 * count * k;
  const made = KINDS.map((kind, k) => [kind, modelOf(file, `${kind}-2`, { ...models[kind], ...FLAT }, start(k), decoders[k])]);
  return { ...file.about, ...Object.fromEntries(made) };
};

// A cache of promises; one that failed is forgotten, and of the others the latest stay.
const cached = (make) => {
  const known = new Map();
  return (name) => {
    const found = known.get(name) ?? make(name);
    known.delete(name);
    known.set(name, found);
    found.catch(() => known.get(name) === found && known.delete(name));
    while (known.size > KEPT) known.delete(known.keys().next().value);
    return found;
  };
};

// createMaps(tab).get(domain) -> Promise of the map; .plane(domain, key) -> Promise of the plane of the two leading principal
// components of one model's latents, or null.
export const createMaps = (tab) => {
  const planes = cached((domain) => read(`${domain}-planes`));
  const known = cached(async (name) => {
    const [domain, key] = name.split("/");
    const [file, decoder] = await Promise.all([planes(domain), decoderOf(domain, key)]);
    const own = file.about.models[key];
    return own ? modelOf(file, key, { ...own, ...square(own.reach) }, own.offset, decoder) : null;
  });
  return { get: cached((domain) => load(domain, tab.table[domain].like, tab.ask)), plane: (domain, key) => known(`${domain}/${key}`) };
};
