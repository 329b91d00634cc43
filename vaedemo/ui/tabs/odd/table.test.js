import assert from "node:assert/strict";
import { test } from "node:test";
import { csv } from "./table.js";

test("numbers stay numbers, and what a spreadsheet would compute is text", () => {
  assert.equal(csv([["file", "ratio"]]), "file,ratio\r\n");
  assert.equal(csv([["=1+2.png", -790.3, true, ""]]), "'=1+2.png,-790.3,true,\r\n");
  assert.equal(csv([['a "b", c.png', "two\nlines"]]), '"a ""b"", c.png","two\nlines"\r\n');
});
