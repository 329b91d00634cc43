// The maps as files: what `python -m vaedemo derive` wrote to checkpoints/maps, fetched when first asked for.
// <domain>.json says how to read <domain>.bin, the points. Beside them come the decoders of the models.

import { asset } from "../frame/dom.js";
import { createDecoder } from "../maths/decoder.js";

const KEPT = 8; // maps and planes that stay in memory, some 2 MB each
const KINDS = ["ae", "vae"];
const address = (file) => asset(`maps/${file}`);

const fetched = async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status}`);
  return answer;
};

// n pairs of uint16 at an offset, spread over reach.low..reach.high.
const pairs = (buffer, offset, n, { low, high }) => {
  const raw = new Uint16Array(buffer, offset, 2 * n);
  return Float32Array.from(raw, (u, i) => low[i % 2] + ((high[i % 2] - low[i % 2]) * u) / 65535);
};

// The decoder of a model, the very one of the checkpoint: what is shown under a pointer is exact.
const decoderOf = async (domain, key) => {
  const answer = await fetched(asset(`decoders/${domain}/${key}.safetensors`));
  return createDecoder(await answer.arrayBuffer());
};

const load = async (domain) => {
  const [about, buffer, ...decoders] = await Promise.all([
    fetched(address(`${domain}.json`)).then((a) => a.json()),
    fetched(address(`${domain}.bin`)).then((a) => a.arrayBuffer()),
    ...KINDS.map((kind) => decoderOf(domain, `${kind}-2`)),
  ]);
  const { count } = about;
  const map = { ...about, labels: new Uint8Array(buffer, 0, count), arrived: performance.now() };
  KINDS.forEach((kind, k) => {
    const own = about.models[kind];
    const start = count + (count % 2) + 4 * count * k;
    const z = [0, 0];
    map[kind] = {
      ...own,
      key: `${kind}-2`,
      kind,
      d: 2,
      labels: map.labels,
      points: pairs(buffer, start, count, own.reach),
      decode: decoders[k].decode,
      decodeAt: (a, b, out) => {
        z[0] = a;
        z[1] = b;
        decoders[k].decode(z, out);
      },
      centre: [0, 0],
      lift: (a, b) => [a, b],
      project: (code) => [code[0], code[1]],
    };
  });
  return map;
};

// A square around what the points reach, with a little room.
export const square = ({ low, high }, room = 1.06) => {
  const half = (Math.max(high[0] - low[0], high[1] - low[1]) / 2) * room;
  const middle = [0, 1].map((i) => (low[i] + high[i]) / 2);
  return { low: middle.map((m) => m - half), high: middle.map((m) => m + half) };
};

const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);

// The plane of the two leading principal components of a model's latents, in the form of a map's model.
const plane = (about, buffer, key, decoder) => {
  const own = about.models[key];
  const [kind, d] = [key.split("-")[0], own.mean.length];
  const { mean, components } = own;
  const z = new Float64Array(d);
  const lift = (a, b) => mean.map((m, i) => m + a * components[0][i] + b * components[1][i]);
  const project = (code) => {
    const away = code.map((v, i) => v - mean[i]);
    return [dot(away, components[0]), dot(away, components[1])];
  };
  const decodeAt = (a, b, out) => {
    for (let i = 0; i < d; i += 1) z[i] = mean[i] + a * components[0][i] + b * components[1][i];
    decoder.decode(z, out);
  };
  return {
    ...own, ...square(own.reach), key, kind, d, lift, project, decodeAt,
    decode: decoder.decode,
    labels: new Uint8Array(buffer, 0, about.count),
    points: pairs(buffer, own.offset, about.count, own.reach),
    centre: project(mean.map(() => 0)),
  }; // prettier-ignore
};

// A cache of promises; one that failed is forgotten, and of the others the latest `kept` stay.
const cached = (make, kept) => {
  const known = new Map();
  return (name) => {
    const found = known.get(name) ?? make(name);
    known.delete(name);
    known.set(name, found);
    found.catch(() => known.get(name) === found && known.delete(name));
    while (known.size > kept) known.delete(known.keys().next().value);
    return found;
  };
};

// createMaps().get(domain) -> Promise of the map; .plane(domain, key) -> Promise of the plane of one model, or null.
export const createMaps = () => {
  const planes = cached(async (domain) => {
    const [about, buffer] = await Promise.all([
      fetched(address(`${domain}-planes.json`)).then((a) => a.json()),
      fetched(address(`${domain}-planes.bin`)).then((a) => a.arrayBuffer()),
    ]);
    return { about, buffer };
  }, KEPT);
  const known = cached(async (name) => {
    const [domain, key] = name.split("/");
    const [{ about, buffer }, decoder] = await Promise.all([planes(domain), decoderOf(domain, key)]);
    return about.models[key] ? plane(about, buffer, key, decoder) : null;
  }, KEPT);
  return { get: cached(load, KEPT), plane: (domain, key) => known(`${domain}/${key}`) };
};
