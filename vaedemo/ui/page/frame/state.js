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

// A row whose value stands in the state under `field`; `usual` (a value, or a function of the state) is not said, and without
// one the value always is.
export const word = (name, parse, usual, field = name) => ({
  name,
  parse,
  put: (state, value) => (state[field] = value),
  format: (state, about) => (state[field] === (typeof usual === "function" ? usual(state, about) : usual) ? null : state[field]),
});

// The rows of a word that is 1 or not there; of the domain, always said, where enter(state, domain, about) makes a state of it;
// and of the example at hand, which is not said of a drawing that has a word of its own.
export const flag = (name, may = () => true) => ({
  name,
  parse: (text, state, about) => (text === "1" && may(state, about)) || undefined,
  put: (state) => (state[name] = true),
  format: (state) => (state[name] ? 1 : null),
});
export const domain = (enter, names = Object.keys) => ({
  name: "domain",
  parse: oneOf((_, { table }) => names(table)),
  put: enter,
  format: (state) => state.domain,
});
export const example = () => ({ ...word("example", oneOf("examples")), format: (state, about) => (about.word ? null : state.example) });

// Parsers. list: values, a function of the state that gives them, or the name of a list in the domain's row of about.table.
const listed = (list, state, about) => {
  if (typeof list === "string") return about.table[state.domain][list] ?? [];
  return (typeof list === "function" ? list(state, about) : list) ?? [];
};
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
