// The page's address is its state. read() gives the words in it; write() changes some of them, a moment later.

export const read = () => Object.fromEntries(new URLSearchParams(location.search));

const waiting = new Map();
let timer = 0;

// patch: {word: value}; null or "" removes a word.
export const write = (patch) => {
  for (const [word, value] of Object.entries(patch)) waiting.set(word, value);
  clearTimeout(timer);
  timer = setTimeout(flush, 120);
};

export const flush = () => {
  const url = new URL(location.href);
  for (const [word, value] of waiting) {
    if (value === null || value === undefined || value === "") url.searchParams.delete(word);
    else url.searchParams.set(word, value);
  }
  waiting.clear();
  if (url.href !== location.href) history.replaceState(history.state, "", url);
};
