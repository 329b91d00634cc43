import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createDecoder } from "./decoder.js";
import { noise } from "./geometry.js";

const file = (name) => {
  const data = readFileSync(new URL(`../../../../checkpoints/${name}.safetensors`, import.meta.url));
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
};

for (const name of ["digits/vae-2", "objects/ae-8"])
  test(`${name} is decoded to the same picture with SIMD and without`, () => {
    const [fast, plain] = [true, false].map((simd) => createDecoder(file(name), { simd }));
    const { channels, size, latent_dim } = fast.config;
    for (let seed = 0; seed < 3; seed += 1) {
      const z = noise(seed, latent_dim);
      const [a, b] = [fast, plain].map((own) => own.decode(z, new Uint8Array(channels * size * size)));
      assert.ok(a.every((v, i) => Math.abs(v - b[i]) <= 1));
      assert.ok(new Set(a).size > 10);
    }
  });

test("what is no half precision is refused with the tensor's name", () => {
  const header = { __metadata__: { config: "{}" }, "decoder.0.weight": { dtype: "F32", shape: [1], data_offsets: [0, 4] } };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const buffer = new ArrayBuffer(8 + text.length + 4);
  new DataView(buffer).setBigUint64(0, BigInt(text.length), true);
  new Uint8Array(buffer).set(text, 8);
  assert.throws(() => createDecoder(buffer), /decoder\.0\.weight is F32/);
});
