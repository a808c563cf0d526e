/**
 * Which characters a name may be made of: that of a service's file, and one that a service registers.
 *
 * Any script may be used. Refused is what can't be seen or changes how the text around it is shown (control and bidi
 * characters, joiners), and what would let one name be written in two ways: half of a surrogate pair, and letters that are
 * not composed (NFC). Letters of two scripts that look alike are two letters.
 */

/** Spaces and controls of Unicode, formats (bidi among them), halves of pairs, and what is ignored when it is shown. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const UNSEEN_ALL: RegExp = new RegExp(UNSEEN.source, "gu");

/** What most names are made of needs no further look. */
const PRINTABLE_ASCII = /^[ -~]*$/;

/** Says why no name may hold a text, or returns undefined if one may. */
export function faultOfCharacters(name: string): string | undefined {
  if (PRINTABLE_ASCII.test(name)) return undefined;
  const unseen = UNSEEN.exec(name)?.[0];
  if (unseen !== undefined) return `${describeCharacter(unseen)} can't be in a name`;
  const composed = name.normalize("NFC");
  if (composed === name) return undefined;
  return `a name is written in its composed form (NFC), here ${quoteName(composed)}`;
}

/** Puts a text into quotes; what can't be seen is shown by its number. */
export function quoteName(name: string): string {
  const quoted = JSON.stringify(name.slice(0, 200));
  return quoted.replace(UNSEEN_ALL, (character) => `\\u{${hexOf(character)}}`);
}

/** Names a character, as U+202E; one that can be seen is beside its number. */
export function describeCharacter(character: string): string {
  const number = `U+${hexOf(character).toUpperCase().padStart(4, "0")}`;
  return UNSEEN.test(character) ? number : `${JSON.stringify(character)} (${number})`;
}

function hexOf(character: string): string {
  return (character.codePointAt(0) as number).toString(16);
}
