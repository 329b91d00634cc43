// Comma-separated values. Pure functions.

// A field of comma-separated values (RFC 4180); what a spreadsheet would take for a formula begins with an apostrophe.
const cell = (value) => {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
export const csv = (rows) => rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
