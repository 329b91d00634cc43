// The tab "Inpaint".

import { mountRestore } from "./restore.js";

export const mount = (given) => mountRestore("inpaint", given);
