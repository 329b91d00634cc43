// The address of a tab as a table: a row a word, {name, parse, put, format}. parse(text, state, about) gives the value, or
// undefined where the text is none; put(state, value, about) keeps it, under the word's own name where a row has no put;
// format(state, about) gives what the address says, null for nothing. Rows are read in their order. Pure functions.

// The state after the words of an address, and whether some of them had to be left out.
export const fromAddress = (words, rows, standard, about) => {
  const state = { ...standard };
  let wrong = false;
  for (const { name, parse, put } of rows) {
    if (!Object.hasOwn(words, name)) continue;
    const value = parse(words[name], state, about);
    if (value === undefined) wrong = true;
    else if (put) put(state, value, about);
    else state[name] = value;
  }
  return { state, wrong };
};

export const toAddress = (rows, state, about) => Object.fromEntries(rows.map(({ name, format }) => [name, format(state, about) ?? null]));

// A row whose value stands in the state under `field`; `usual` (a value, or a function of the state) is not said.
export const word = (name, parse, usual, field = name) => ({
  name,
  parse,
  put: (state, value) => (state[field] = value),
  format: (state, about) => (state[field] === (typeof usual === "function" ? usual(state, about) : usual) ? null : state[field]),
});

// Parsers. list: values, or a function of the state that gives them.
const listed = (list, state, about) => (typeof list === "function" ? list(state, about) : list) ?? [];
export const oneOf = (list) => (text, state, about) => (listed(list, state, about).includes(text) ? text : undefined);
export const numberOf = (list) => (text, state, about) => {
  const value = text.trim() === "" ? NaN : Number(text);
  return listed(list, state, about).includes(value) ? value : undefined;
};
export const between = (low, high) => (text) => {
  const value = text.trim() === "" ? NaN : Number(text);
  return value >= low && value <= high ? value : undefined;
};
export const whole = (low, high) => (text) => {
  const value = between(low, high)(text);
  return Number.isInteger(value) ? value : undefined;
};
