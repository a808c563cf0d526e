/**
 * The anchor of a heading as GitHub makes it: lower case, letters of any script, no punctuation.
 *
 * The site, the check of translations and the tests of links share it, so that a link works in all.
 *
 * @param {string} heading
 */
export function anchorOf(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
    .replaceAll(" ", "-");
}
