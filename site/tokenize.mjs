/**
 * The words of a text, for the index of the site's search and for what is typed into it. Chinese has
 * no blanks between words, so Node and the browser are asked where one ends. VitePress sends the
 * text of this function to the browser: it uses nothing from around it.
 *
 * @param {string} text
 */
export function tokenize(text) {
  /** @type {string[]} */
  const words = [];
  const segmenter = new Intl.Segmenter("zh", { granularity: "word" });
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (isWordLike) words.push(segment);
  }
  return words;
}
