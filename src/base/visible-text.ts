/**
 * Texts of others, made fit for a log and for a terminal: what a client sends must neither begin a line of its own nor steer
 * the terminal of whoever reads it.
 *
 * Control characters (ESC and C1 too), the controls of bidirectional text, and Unicode's ends of lines are written as `\x1b`,
 * `\u202e`. All other characters stay as they are, the backslash as well: this is for people, and can't be undone.
 */

const BIDI_AND_LINE_ENDS = "\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069";

/** All but the tab and the line feed. */
const CONTROLS = new RegExp(`[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f${BIDI_AND_LINE_ENDS}]`);
const ALL_CONTROLS = new RegExp(CONTROLS.source, "g");
/** What JSON leaves as it is. */
const BEYOND_JSON = new RegExp(`[\\x7f-\\x9f${BIDI_AND_LINE_ENDS}]`, "g");
/** Colours and the like, which move nothing. */
const STYLE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
const STYLE_END = "\x1b[0m";

/** Shows what steers a terminal or turns text round; lines and tabs stay. */
export function showControls(text: string): string {
  if (!CONTROLS.test(text)) return text;
  return text.replaceAll("\r\n", "\n").replace(ALL_CONTROLS, showCharacter);
}

/** The same, for what has to stay in one line. */
export function showInLine(text: string): string {
  const shown = showControls(text);
  return shown.includes("\n") ? shown.replaceAll("\n", "\\n") : shown;
}

/** The same, with colours left as they are; they end with their line. */
export function showStyled(text: string): string {
  if (!text.includes("\x1b[")) return showControls(text);
  return text
    .split("\n")
    .map((line) => {
      const shown = line.split(STYLE).map(showControls);
      const styles = line.match(STYLE) ?? [];
      if (styles.length === 0) return shown.join("");
      return shown.map((part, index) => part + (styles[index] ?? "")).join("") + STYLE_END;
    })
    .join("\n");
}

/** Indents the lines behind the first one that are not indented, so that none of them passes for a line of its own. */
export function indentMore(text: string, indent: string): string {
  return text.includes("\n") ? text.replace(/\n(?! {2}|\t)/g, `\n${indent}`) : text;
}

/** Writes a value as JSON, which keeps it; it shows on a terminal as {@link showInLine} does it. */
export function showJson(value: unknown): string {
  return JSON.stringify(value).replace(BEYOND_JSON, (character) => `\\u${hex(character, 4)}`);
}

function showCharacter(character: string): string {
  if (character === "\r") return "\\r";
  return character < "\u0100" ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
}

function hex(character: string, length: number): string {
  return character.charCodeAt(0).toString(16).padStart(length, "0");
}
