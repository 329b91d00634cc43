// A 3 x 3 convolution in WebAssembly with SIMD, written out as bytes here because it is one small loop: twenty times as
// fast as the same loop in JavaScript. Layout of pictures: rows of pixels of channels, so that the three pixels below a
// row of the kernel are one run of numbers; four neighbouring pixels and 4 or 8 output channels are summed at once.

const [I32, V128, GET, SET, TEE, LOOP, END, BR_IF, AGAIN] = [0x7f, 0x7b, 0x20, 0x21, 0x22, 0x03, 0x0b, 0x0d, 0x40];

const unsigned = (n) => (n > 127 ? [(n & 127) | 128, ...unsigned(n >>> 7)] : [n]);
const section = (id, body) => [id, ...unsigned(body.length), ...body];
const name = (text) => [text.length, ...new TextEncoder().encode(text)];

const [get, set, tee] = [GET, SET, TEE].map((op) => (local) => [op, ...unsigned(local)]);
const int = (n) => [0x41, n]; // 0 to 63
const [below, plus, times] = [[0x49], [0x6a], [0x6c]];
const load = (offset) => [0xfd, 0x00, 0, ...unsigned(offset)];
const spread = [0xfd, 0x09, 0, 0]; // one number in all four lanes
const store = (offset) => [0xfd, 0x0b, 0, ...unsigned(offset)];
const [vplus, vtimes] = [
  [0xfd, 0xe4, 0x01],
  [0xfd, 0xe6, 0x01],
];
const loop = (...body) => [LOOP, AGAIN, ...body.flat(), BR_IF, 0, END];

export const PIXELS = 4;
const EACH = [0, 1, 2, 3];

// Parameters: addresses of the source, result, weights and biases; bytes of a pixel and of a row of the source, then of
// the result; height, width. The width is rounded up to a multiple of PIXELS.
const [SOURCE, RESULT, WEIGHTS, BIAS, PIXEL, ROW, PIXEL_OUT, ROW_OUT, HEIGHT, WIDTH] = Array(10).keys();

// One function for 4 * vectors output channels.
const convolution = (vectors) => {
  const [y, x, dy, line, at, stop, to] = [10, 11, 12, 13, 14, 15, 16];
  const pixel = (j) => 17 + j;
  const each = [...Array(vectors).keys()];
  const weight = (v) => 21 + v;
  const number = 21 + vectors;
  const sum = (j, v) => number + 1 + j * vectors + v;
  const code = loop(
    get(SOURCE), get(y), get(ROW), times, plus, set(line),
    int(0), set(x),
    loop(
      ...each.map((v) => [...get(BIAS), ...load(16 * v), ...set(weight(v))]),
      ...EACH.flatMap((j) => each.map((v) => [...get(weight(v)), ...set(sum(j, v))])),
      get(WEIGHTS), set(at),
      int(0), set(dy),
      loop(
        get(line), get(dy), get(ROW), times, plus, get(x), get(PIXEL), times, plus, set(pixel(0)),
        ...EACH.slice(1).map((j) => [...get(pixel(j - 1)), ...get(PIXEL), ...plus, ...set(pixel(j))]),
        get(at), get(PIXEL), int(12 * vectors), times, plus, set(stop), // three pixels' worth of weights
        loop(
          ...each.map((v) => [...get(at), ...load(16 * v), ...set(weight(v))]),
          ...EACH.map((j) => [
            ...get(pixel(j)), ...spread, ...set(number),
            ...get(pixel(j)), ...int(4), ...plus, ...set(pixel(j)),
            ...each.flatMap((v) => [...get(sum(j, v)), ...get(number), ...get(weight(v)), ...vtimes, ...vplus, ...set(sum(j, v))]),
          ]),
          get(at), int(16 * vectors), plus, tee(at), get(stop), below,
        ),
        get(dy), int(1), plus, tee(dy), int(3), below,
      ),
      get(RESULT), get(y), get(ROW_OUT), times, plus, get(x), get(PIXEL_OUT), times, plus, set(to),
      ...EACH.map((j) => [
        ...each.flatMap((v) => [...get(to), ...get(sum(j, v)), ...store(16 * v)]),
        ...get(to), ...get(PIXEL_OUT), ...plus, ...set(to),
      ]),
      get(x), int(PIXELS), plus, tee(x), get(WIDTH), below,
    ),
    get(y), int(1), plus, tee(y), get(HEIGHT), below,
  ); // prettier-ignore
  const locals = [2, 11, I32, vectors * 5 + 1, V128];
  const body = [...locals, ...code, END];
  return [...unsigned(body.length), ...body];
};

const bytes = () =>
  new Uint8Array([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 10, ...Array(10).fill(I32), 0]),
    ...section(2, [1, ...name("page"), ...name("memory"), 2, 0, 1]),
    ...section(3, [2, 0, 0]),
    ...section(7, [2, ...name("four"), 0, 0, ...name("eight"), 0, 1]),
    ...section(10, [2, ...convolution(1), ...convolution(2)]),
  ]); // prettier-ignore

let compiled;

// {four, eight}: convolutions over a WebAssembly.Memory, or null where the browser has no SIMD.
export const convolutions = (memory) => {
  compiled ??= WebAssembly.validate(bytes()) ? new WebAssembly.Module(bytes()) : null;
  return compiled && new WebAssembly.Instance(compiled, { page: { memory } }).exports;
};

// The same over Float32Array: all addresses and lengths in bytes too.
export const plainConvolutions = (memory) => {
  const f = new Float32Array(memory.buffer);
  const make =
    (channels) =>
    (...given) => {
      const [source, result, weights, bias, pixel, row, pixelOut, rowOut] = given.slice(0, 8).map((n) => n / 4);
      const [height, width] = given.slice(8);
      for (let y = 0; y < height; y += 1)
        for (let x = 0; x < width; x += 1)
          for (let o = 0; o < channels; o += 4) {
            let [a, b, c, d] = [f[bias + o], f[bias + o + 1], f[bias + o + 2], f[bias + o + 3]];
            let at = weights + o;
            for (let dy = 0; dy < 3; dy += 1) {
              let from = source + (y + dy) * row + x * pixel;
              for (const stop = from + 3 * pixel; from < stop; from += 1, at += channels) {
                const v = f[from];
                a += v * f[at];
                b += v * f[at + 1];
                c += v * f[at + 2];
                d += v * f[at + 3];
              }
            }
            const to = result + y * rowOut + x * pixelOut + o;
            f[to] = a;
            f[to + 1] = b;
            f[to + 2] = c;
            f[to + 3] = d;
          }
    };
  return { four: make(4), eight: make(8) };
};
