// The server's functions as calls that never fail.

import { t } from "./text.js";

// ask(name, body) -> the answer of server[name], or {error} with the page's own sentence where none came.
export const createAsk = (server) => async (name, body) => {
  const lost = () => ({ error: t("error.lost"), own: true });
  try {
    return (await server[name](body)) ?? lost();
  } catch {
    return lost();
  }
};
