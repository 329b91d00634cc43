// What the server tells of a domain's models and examples, asked for once; of a failure nothing is kept.

const known = new WeakMap();

// Promise of {domain, figures, examples}, or of {error}.
export const aboutOf = (context, domain) => {
  const own = known.get(context) ?? new Map();
  known.set(context, own);
  if (!own.has(domain)) {
    const asked = context.ask("domain", { domain });
    own.set(domain, asked);
    asked.then((answer) => answer.error && own.delete(domain));
  }
  return own.get(domain);
};
