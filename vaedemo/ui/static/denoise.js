// The tab "Denoise".

import { mountRestore } from "./restore.js";

export const mount = (given) => mountRestore("denoise", given);
