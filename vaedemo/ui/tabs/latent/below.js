// A section below the maps: of the same domain as they are, with a state of its own and words for it in the address.

import { Section } from "../../page/frame/shell.js";
import { fromAddress, toAddress } from "../../page/frame/state.js";
import { KINDS } from "./state.js";

export class Below extends Section {
  // words: a table as that of a tab; what the address says wrongly is left out.
  constructor(root, tab, words, standard) {
    super(root);
    Object.assign(this, { tab, words });
    Object.assign(this, fromAddress(tab.words, words, standard(this), this).state);
  }

  get domain() {
    return this.tab.state.domain;
  }

  get row() {
    return this.tab.table[this.domain];
  }

  get kinds() {
    return KINDS.filter((kind) => this.row.kinds[kind]?.length);
  }

  tell() {
    Object.assign(this.tab.extra, toAddress(this.words, this, this));
    this.tab.write();
  }

  // begin(), after the first drawing, is what a section draws by itself.
  draw() {
    const first = !this.p;
    super.draw();
    if (first) this.begin();
  }
}
