// The decoder of an ae or vae, convolutional or dense, exactly, in the browser: a checkpoint's header and the tensors of its
// decoder (safetensors, half precision) -> pictures of codes. It mirrors ConvDecoder and DenseDecoder of vaedemo/models/blocks.py
// and LinearDecoder of vaedemo/models/linear.py.

import { PIXELS, convolutions, plainConvolutions } from "./simd.js";

const POWERS = Float64Array.from({ length: 32 }, (_, e) => 2 ** ((e || 1) - 25));
const fromHalf = (h) => {
  const e = (h >> 10) & 31;
  return ((h & 1023) + (e ? 1024 : 0)) * POWERS[e] * (h & 0x8000 ? -1 : 1);
};

// {config, tensors: name -> {shape, values}} of a safetensors file, of which the end may be missing.
const parsed = (buffer) => {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const { __metadata__: about, ...entries } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = {};
  const bytes = ({ data_offsets: [from, to] }) => buffer.slice(8 + length + from, 8 + length + to);
  const halves = (entry) => Float32Array.from(new Uint16Array(bytes(entry)), fromHalf);
  for (const [name, entry] of Object.entries(entries)) {
    if (!name.startsWith("decoder.") && name !== "log_sigma") continue;
    const { dtype, shape } = entry;
    if (dtype !== "F16" && dtype !== "I8") throw new Error(`${name} is ${dtype}, not F16 or I8`);
    if (dtype === "I8") {
      const scales = halves(entries[`${name}.scale`]);
      const row = shape.slice(1).reduce((n, k) => n * k, 1);
      const values = Float32Array.from(new Int8Array(bytes(entry)), (v, i) => v * scales[Math.floor(i / row)]);
      tensors[name.replace("decoder.", "")] = { shape, values };
    } else tensors[name.replace("decoder.", "")] = { shape, values: halves(entry) };
  }
  const older = { depth: 1, neck: 8, linear: false, spatial: false }; // files of before these had names lack them
  return { config: { ...older, ...JSON.parse(about.config) }, tensors };
};

const silu = (v) => v / (1 + Math.exp(-v));
const same = (v) => v;
const roundUp = (n, step) => Math.ceil(n / step) * step;

// Weights (O, I, 3, 3) in the order in which they are used: blocks of 8 or 4 outputs; row, column, input, output.
const packed = (weight, inputs, outputs, block) => {
  const made = new Float32Array(weight.length);
  let to = 0;
  for (let first = 0; first < outputs; first += block)
    for (let k = 0; k < 9; k += 1)
      for (let i = 0; i < inputs; i += 1) for (let o = first; o < first + block; o += 1) made[to++] = weight[(o * inputs + i) * 9 + k];
  return made;
};

// A network as it is computed: places in one memory, given out from its start; what they hold from the beginning; and steps, functions
// of nothing, in order. A feature map is {at, side, depth, columns}, its rows a multiple of PIXELS long; a framed one has zeros all around.
class Network {
  constructor(tensors) {
    Object.assign(this, { tensors, size: 0, maps: new Map(), fills: [], steps: [], f: null, kernel: null });
  }

  // Every place has a multiple of 16 bytes.
  take(numbers) {
    const start = this.size;
    this.size += roundUp(4 * numbers, 16);
    return start;
  }

  map(purpose, side, depth, edges = 0) {
    const key = [purpose, side, depth].join();
    const columns = roundUp(side, PIXELS) + edges;
    if (!this.maps.has(key)) this.maps.set(key, { at: this.take((side + edges) * columns * depth), side, depth, columns });
    return this.maps.get(key);
  }

  // A dense layer: numbers -> numbers.
  dense(from, layer, act) {
    const { shape: [outputs, inputs], values } = this.tensors[`${layer}.weight`]; // prettier-ignore
    const bias = this.tensors[`${layer}.bias`].values;
    const to = new Float32Array(outputs);
    this.steps.push(() => {
      for (let o = 0, at = 0; o < outputs; o += 1) {
        let sum = bias[o];
        for (let k = 0; k < inputs; k += 1, at += 1) sum += values[at] * from[k];
        to[o] = act(sum);
      }
    });
    return to;
  }

  // The numbers (C, side, side) as a map.
  spread(from, to) {
    const { side, columns, at, depth } = to;
    this.steps.push(() => {
      for (let c = 0, k = 0; c < depth; c += 1)
        for (let y = 0; y < side; y += 1)
          for (let x = 0; x < side; x += 1, k += 1) this.f[at / 4 + (y * columns + x) * depth + c] = from[k];
    });
  }

  // A picture (channels, size, size) that is linear in the numbers of a code; `places` a side of a spatial one, whose numbers at a
  // place are linear in the patch of pixels there, or 0.
  linear(z, places, size) {
    const scale = this.tensors.scale.values;
    const scaled = new Float32Array(scale.length);
    this.steps.push(() => scale.forEach((s, i) => (scaled[i] = s * z[i])));
    return places ? this.patches(scaled, places, size) : this.dense(scaled, "linear", same);
  }

  patches(code, places, size) {
    const { shape: [numbers, channels, patch], values } = this.tensors["linear.weight"]; // prettier-ignore
    const bias = this.tensors["linear.bias"].values;
    const to = new Float32Array(channels * size * size);
    this.steps.push(() => {
      for (let c = 0, k = 0; c < channels; c += 1)
        for (let y = 0; y < size; y += 1)
          for (let x = 0; x < size; x += 1, k += 1) {
            const from = Math.floor(y / patch) * places + Math.floor(x / patch);
            const within = (c * patch + (y % patch)) * patch + (x % patch);
            let sum = bias[c];
            for (let n = 0; n < numbers; n += 1) sum += values[n * channels * patch * patch + within] * code[n * places * places + from];
            to[k] = sum;
          }
    });
    return to;
  }

  // The 2 x 2 pixels of such a picture, -2 to 2, as the last channels of a framed map's pixels.
  beside(to, picture, channels) {
    const [side, first] = [to.side, to.depth - 4 * channels];
    this.steps.push(() => {
      for (let y = 0; y < side; y += 1)
        for (let x = 0; x < side; x += 1) {
          let put = to.at / 4 + ((y + 1) * to.columns + x + 1) * to.depth + first;
          for (let c = 0; c < channels; c += 1)
            for (let k = 0; k < 4; k += 1)
              this.f[put++] = 4 * (picture[(c * 2 * side + 2 * y + (k >> 1)) * 2 * side + 2 * x + (k & 1)] - 0.5);
        }
    });
  }

  // from, perhaps activated, perhaps doubled -> a framed map, with room for `more` channels.
  frame(from, { act = false, double = false, more = 0 } = {}) {
    const side = double ? 2 * from.side : from.side;
    const to = this.map("framed", side, from.depth + more, 2);
    const [count, shift] = [from.depth, double ? 1 : 0];
    this.steps.push(() => {
      const { f } = this;
      for (let y = 0; y < side; y += 1)
        for (let x = 0; x < side; x += 1) {
          const start = from.at / 4 + ((y >> shift) * from.columns + (x >> shift)) * count;
          let put = to.at / 4 + ((y + 1) * to.columns + x + 1) * to.depth;
          if (act) for (let k = start; k < start + count; k += 1) f[put++] = f[k] / (1 + Math.exp(-f[k]));
          else for (let k = start; k < start + count; k += 1) f[put++] = f[k];
        }
    });
    return to;
  }

  convolve(from, layer, purpose) {
    const { shape: [outputs, inputs], values } = this.tensors[`${layer}.weight`]; // prettier-ignore
    const bias = this.tensors[`${layer}.bias`].values;
    if (outputs % 4) throw new Error(`${layer} has ${outputs} outputs, no multiple of 4`);
    const block = outputs % 8 ? 4 : 8;
    const to = this.map(purpose, from.side, outputs);
    const [weights, biases] = [this.take(values.length), this.take(outputs)];
    this.fills.push(() => {
      this.f.set(packed(values, inputs, outputs, block), weights / 4);
      this.f.set(bias, biases / 4);
    });
    const [pixel, pixelOut] = [4 * inputs, 4 * outputs];
    this.steps.push(() => {
      const run = block === 8 ? this.kernel.eight : this.kernel.four;
      for (let o = 0; o < outputs; o += block)
        run(from.at, to.at + 4 * o, weights + 36 * inputs * o, biases + 4 * o, pixel, from.columns * pixel, pixelOut,
          to.columns * pixelOut, from.side, from.side); // prettier-ignore
    });
    return to;
  }

  residual(stream, layer) {
    const inner = this.convolve(this.frame(stream, { act: true }), `${layer}.conv1`, "inner");
    const change = this.convolve(this.frame(inner, { act: true }), `${layer}.conv2`, "inner");
    const count = stream.side * stream.columns * stream.depth;
    this.steps.push(() => {
      const { f } = this;
      for (let k = 0; k < count; k += 1) f[stream.at / 4 + k] += f[change.at / 4 + k];
    });
  }

  // With its memory; simd: false computes in JavaScript.
  ready(simd) {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(this.size / 65536) });
    this.f = new Float32Array(memory.buffer);
    this.kernel = (simd && convolutions(memory)) || plainConvolutions(memory);
    for (const fill of this.fills) fill();
  }
}

// The layers of ConvDecoder; z: the numbers of a code -> {last, picture}: the last map, whose pixels are shuffled, and the linear picture
// that it corrects, if there is one. `layer` counts as nn.Sequential does; where there is, the layers are two Sequentials.
const layOut = (network, z, { size, channels, depth, neck, widths, blocks, linear, spatial }) => {
  const side = size / 2 ** widths.length;
  const picture = linear ? network.linear(z, spatial ? side : 0, size) : null;
  let [code, largest] = [z, Infinity];
  const named = (i) => (!linear ? i : i < largest ? `inner.${i}` : `outer.${i - largest}`);
  const acts = depth > 0 || linear; // outside the residual blocks
  const dense = spatial ? -1 : depth; // the number of the last dense layer
  for (let i = 0; i <= dense; i += 1) code = network.dense(code, named(2 * i), acts ? silu : same); // the last one's is that before the maps
  const levels = widths.map((_, i) => (i === widths.length - 1 ? blocks : 1)).reverse();
  let layer = spatial ? 1 : 2 * depth + 1 + (acts ? 1 : 0) + 1;
  let stream = network.map("stream", side, neck);
  network.spread(code, stream);
  levels.forEach((count, i) => {
    layer += i > 0 ? 1 : 0;
    const beside = linear && i === levels.length - 1;
    const framed = network.frame(stream, { double: i > 0, more: beside ? 4 * channels : 0 });
    if (beside) {
      largest = layer;
      network.beside(framed, picture, channels);
    }
    stream = network.convolve(framed, named(layer++), "stream");
    for (let b = 0; b < count; b += 1) network.residual(stream, named(layer++));
  });
  const last = network.convolve(network.frame(stream, { act: acts }), named(layer + (acts ? 1 : 0)), "last");
  return { last, picture };
};

// Where the value of each pixel (C, H, W) is in the network's memory after its last map, whose pixels are shuffled.
const shuffled = (last, { channels, size }) => {
  const places = new Uint32Array(channels * size * size);
  for (let c = 0, k = 0; c < channels; c += 1)
    for (let y = 0; y < size; y += 1)
      for (let x = 0; x < size; x += 1, k += 1)
        places[k] = last.at / 4 + ((y >> 1) * last.columns + (x >> 1)) * last.depth + 4 * c + 2 * (y & 1) + (x & 1);
  return places;
};

// The layers of DenseDecoder; the values of all pixels in their order.
const layOutDense = (network, z, { depth }) => {
  let code = z;
  for (let i = 0; i <= depth; i += 1) code = network.dense(code, 2 * i, i < depth ? silu : same);
  return code;
};

const clamp = (v) => (v < 0 ? 0 : v > 1 ? 1 : v);
const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));

// The mean of p(x|z), 0 to 1, from what the decoder gives: as in vaedemo/models/likelihoods.py.
const meanOf = ({ kind, likelihood }, { log_sigma: sigma }) => {
  if (!kind.endsWith("vae") || likelihood === "gaussian") return clamp;
  if (likelihood === "bernoulli") return (v) => 1 / (1 + Math.exp(-v));
  const scale = (Math.exp(sigma.values[0]) * Math.sqrt(3)) / Math.PI;
  return (v) => clamp(scale * (softplus(v / scale) - softplus((v - 1) / scale)));
};

// createDecoder(buffer) -> {config, decode(z, out)}: z any array of latent_dim numbers, out (C, H, W) bytes 0..255, filled
// with the mean picture; nothing is allocated. simd: false computes in JavaScript, as where there is no SIMD.
export const createDecoder = (buffer, { simd = true } = {}) => {
  const { config, tensors } = parsed(buffer);
  const { latent_dim } = config;
  const code = new Float32Array(latent_dim);
  const network = new Network(tensors);
  const dense = config.kind.startsWith("dense") && layOutDense(network, code, config);
  const { last, picture } = dense ? {} : layOut(network, code, config);
  const places = dense ? dense.map((_, k) => k) : shuffled(last, config);
  if (!dense) network.ready(simd);
  const { steps } = network;
  const values = dense || network.f;

  const mean = meanOf(config, tensors);
  const decode = (z, out) => {
    for (let i = 0; i < latent_dim; i += 1) code[i] = z[i];
    for (const step of steps) step();
    for (let k = 0; k < places.length; k += 1) {
      out[k] = 255 * mean(values[places[k]] + (picture ? picture[k] : 0)) + 0.5;
    }
    return out;
  };
  return { config, decode };
};
