/**
 * Numbers as Lua prints them.
 *
 * JavaScript has one kind of number: a whole one is printed as Lua's integers are, and who means a float says so.
 */

/** Prints a number: a whole one without a point, any other as a float. */
export function formatNumber(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : formatFloat(value);
}

/** Prints a float as Lua 5.5 does: `%.15g`, with 17 digits if these lose something, and `.0` behind a whole one. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const short = formatGeneral(value, 15);
  const text = Number(short) === value ? short : formatGeneral(value, 17);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** C's `%.<digits>g`. */
function formatGeneral(value: number, digits: number): string {
  const [mantissa = "", power = "0"] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < digits) return trim(value.toFixed(digits - 1 - exponent));
  const sign = exponent < 0 ? "-" : "+";
  return `${trim(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Takes the zeros behind the last digit away. */
function trim(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
