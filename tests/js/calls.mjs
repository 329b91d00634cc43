// node calls.mjs ADDRESS < CALLS: makes the calls of a JSON list [[endpoint, arguments], ...] one after another through
// @gradio/client, and prints a JSON list of {data} or {error}. An argument {"handle_file": PATH} is a file to send.
import { Client, handle_file } from "@gradio/client";
import { readFileSync } from "node:fs";

const given = (value) => (value?.handle_file ? handle_file(value.handle_file) : value);
const client = await Client.connect(process.argv[2], { events: ["data", "status"] });
const made = [];
for (const [endpoint, values] of JSON.parse(readFileSync(0, "utf8"))) {
  const data = Array.isArray(values)
    ? values.map(given)
    : Object.fromEntries(Object.entries(values).map(([name, value]) => [name, given(value)]));
  try {
    made.push({ data: (await client.predict(endpoint, data)).data });
  } catch (error) {
    made.push({ error: error.message });
  }
}
process.stdout.write(JSON.stringify(made), () => process.exit(0)); // the client keeps a connection open
