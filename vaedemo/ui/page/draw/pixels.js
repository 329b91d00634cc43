// Pictures as bytes (C, H, W): unpacked, measured, coloured, and drawn. A drawing is a function of a canvas; in a view it stands as
// <canvas .draw=${pixels(bytes, channels)}>. Pure functions apart from those.

// A plain loop: Uint8Array.from with a function takes ten times as long, a tenth of a second for a large grid.
export const unpack = (base64) => {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
};

// In parts: a function takes only so many arguments.
export const pack = (bytes) => {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
};

// Error at which every map saturates, on values in [0, 1]; the command line draws with the same.
export const LIMIT = 0.5;

// magma (van der Walt & Smith 2015) at equal steps, and a balanced blue - white - red (Brewer's RdBu).
const ABSOLUTE = ["000004", "140e36", "3b0f70", "641a80", "8c2981", "b73779", "de4968", "f7705c", "fe9f6d", "fecf92", "fcfdbf"];
const SIGNED = ["2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b"];

const table = (stops, size = 256) => {
  const rgb = stops.map((s) => [0, 2, 4].map((i) => parseInt(s.slice(i, i + 2), 16)));
  return Array.from({ length: size }, (_, i) => {
    const at = (i / (size - 1)) * (rgb.length - 1);
    const low = Math.min(Math.floor(at), rgb.length - 2);
    return rgb[low].map((v, c) => Math.round(v + (rgb[low + 1][c] - v) * (at - low)));
  });
};

const MAPS = { absolute: table(ABSOLUTE), signed: table(SIGNED) };

export const gradient = (mode) => `linear-gradient(to right, ${(mode === "signed" ? SIGNED : ABSOLUTE).map((s) => `#${s}`).join(",")})`;

// Mean over the channels of x_hat - x, or of its absolute value, on [0, 1]; Float32Array (H * W).
export const errors = (x, xHat, channels, mode) => {
  const n = x.length / channels;
  const out = new Float32Array(n);
  for (let i = 0; i < n; i += 1) {
    let sum = 0;
    for (let c = 0; c < channels; c += 1) {
      const e = (xHat[c * n + i] - x[c * n + i]) / 255;
      sum += mode === "signed" ? e : Math.abs(e);
    }
    out[i] = sum / channels;
  }
  return out;
};

export const colours = (values, mode) => {
  const map = MAPS[mode];
  const out = new Uint8ClampedArray(values.length * 4);
  values.forEach((v, i) => {
    const share = mode === "signed" ? (v / LIMIT + 1) / 2 : v / LIMIT;
    out.set(map[Math.max(0, Math.min(255, Math.round(share * 255)))], 4 * i);
    out[4 * i + 3] = 255;
  });
  return out;
};

export const rgba = (bytes, channels) => {
  const n = bytes.length / channels;
  const out = new Uint8ClampedArray(n * 4);
  for (let i = 0; i < n; i += 1) {
    for (let c = 0; c < 3; c += 1) out[4 * i + c] = bytes[(channels === 3 ? c * n : 0) + i];
    out[4 * i + 3] = 255;
  }
  return out;
};

export const paint = (canvas, data) => {
  canvas.classList.add("vd-pixels");
  const side = Math.sqrt(data.length / 4);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  canvas.getContext("2d").putImageData(new ImageData(data, side), 0, 0);
};

// Drawings: of a picture, where null leaves the canvas as it is; of |x - x_hat|, or of x_hat - x with its sign; of a heat map's
// bytes, 255 where its scale ends, in the colours of every error map; of a data URI at its own size; and of nothing.
export const pixels = (bytes, channels) => (canvas) => bytes && paint(canvas, rgba(bytes, channels));
export const errorMap = (x, xHat, channels, mode) => (canvas) => paint(canvas, colours(errors(x, xHat, channels, mode), mode));
const heat = (bytes) =>
  colours(
    Float32Array.from(bytes, (v) => (v / 255) * LIMIT),
    "absolute",
  );
export const heatMap = (bytes) => (canvas) => paint(canvas, heat(bytes));
// Those that take a while give false where another drawing was wanted meanwhile.
const wanted = (canvas) => {
  const { turn } = canvas;
  return () => canvas.turn === turn;
};
export const fromUri = (uri) => async (canvas) => {
  const still = wanted(canvas);
  const image = await imageOf(uri);
  if (!still()) return false;
  canvas.classList.toggle("vd-pixels", Math.max(image.width, image.height) <= 128);
  if (canvas.width !== image.width || canvas.height !== image.height) Object.assign(canvas, { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0);
  return true;
};
// A picture that is being made: what it is made of, darkened, and over it the tiles {box: shares of its sides: left, top, right,
// bottom, image} that are there. Images are promises, as imageOf() gives them.
export const imageOf = async (uri) => {
  const image = new Image();
  image.src = uri;
  await image.decode();
  return image;
};
export const underWay = (base, tiles) => async (canvas) => {
  const still = wanted(canvas);
  const [under, ...images] = await Promise.all([base, ...tiles.map((tile) => tile.image)]);
  if (!still()) return false;
  const { width, height } = Object.assign(canvas, { width: under.width, height: under.height });
  const ctx = canvas.getContext("2d");
  ctx.drawImage(under, 0, 0);
  ctx.fillStyle = "rgb(20 20 24 / 0.6)";
  ctx.fillRect(0, 0, width, height);
  images.forEach((image, i) => {
    const [left, top, right, bottom] = tiles[i].box;
    ctx.drawImage(image, left * width, top * height, (right - left) * width, (bottom - top) * height);
  });
  canvas.dataset.tiles = tiles.length;
  return true;
};
export const heatFromUri = (uri) => async (canvas) => {
  if (!(await fromUri(uri)(canvas))) return false;
  const ctx = canvas.getContext("2d");
  const image = ctx.getImageData(0, 0, canvas.width, canvas.height);
  image.data.set(heat(image.data.filter((_, i) => i % 4 === 0)));
  ctx.putImageData(image, 0, 0);
  return true;
};
// One that also tells what it has drawn, for whoever waits for it.
export const marked = (draw, key) => async (canvas) => {
  if ((await draw(canvas)) !== false) canvas.dataset.shown = key;
};
export const blank = (canvas) => canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);

// A picture as a data URI.
export const painted = (bytes, channels) => {
  const canvas = document.createElement("canvas");
  pixels(bytes, channels)(canvas);
  return canvas.toDataURL();
};

// A pixel's value for a person: 0.42, or 0.42 0.10 0.33 in colour.
export const valueAt = (bytes, channels, at) => {
  const n = bytes.length / channels;
  return Array.from({ length: channels }, (_, c) => (bytes[c * n + at] / 255).toFixed(2)).join(" ");
};
