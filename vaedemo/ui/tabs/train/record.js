// Moments of a run: as many as a page can keep, the whole run always among them. Pure functions.

export const MOST = 300;
export const MOST_BYTES = 30e6;

export const bytesOf = (moment) => ["codes", "map", "rows", "probe"].reduce((sum, name) => sum + (moment[name]?.length ?? 0), 0);

// A record with one more moment; where there are too many every second one is dropped, but not the first and the last.
export const added = ({ moments, bytes }, moment) => {
  const all = [...moments, moment];
  const sum = bytes + bytesOf(moment);
  if (all.length <= MOST && sum <= MOST_BYTES) return { moments: all, bytes: sum };
  const kept = all.filter((_, i) => i % 2 === 0 || i === all.length - 1);
  return { moments: kept, bytes: kept.reduce((total, m) => total + bytesOf(m), 0) };
};

export const empty = () => ({ moments: [], bytes: 0 });

// Shares of `span` from the centre, pairs of int16 as the server sends them: [[a, b], ...] from -1 to 1.
export const coordinates = (bytes) => {
  const values = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
  return Array.from({ length: values.length >> 1 }, (_, i) => [values[2 * i] / 32767, values[2 * i + 1] / 32767]);
};

// The index of the last moment that is not after a step.
export const until = (moments, step) =>
  Math.max(
    0,
    moments.findLastIndex((m) => m.step <= step),
  );
