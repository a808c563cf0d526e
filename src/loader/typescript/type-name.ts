/**
 * Whether a TypeScript text speaks of a name as a type.
 *
 * It is asked only where a name is exported and nothing of that name is left once the types are gone:
 * was it a type, or is it misspelt? A look at the text answers that; it need not be exact, since no
 * code can use what it lets pass.
 */

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Tells whether a text declares, imports or exports a type of this name. */
export function mentionsType(text: string, name: string): boolean {
  if (!text.includes(name) || !NAME.test(name)) return false;
  const word = name.replaceAll("$", "\\$");
  const letter = "[\\p{ID_Continue}$]";
  const start = `(?<!${letter}|\\.)`;
  const end = `(?!${letter})`;
  const kind =
    "(?:interface|type|namespace|declare\\s+(?:abstract\\s+|const\\s+)?(?:class|enum|module|const|let|var|function))";
  const declared = `${kind}\\s+(?:${letter}+\\s+as\\s+)?${word}${end}`;
  const listed = `(?:import|export)\\s+type\\s+(?:${letter}+\\s*,\\s*)?(?:\\{[^{}]*(?<!${letter})${word}${end}|(?:\\*\\s*as\\s+)?${word}${end})`;
  return new RegExp(`${start}(?:${declared}|${listed})`, "u").test(text);
}
