/** Strings as sequences of code points, which is what expressions count in. */
const surrogates = /[\ud800-\udfff]/;

/** Number of code points. */
export function textLength(text: string): number {
  if (!surrogates.test(text)) return text.length;
  let length = 0;
  for (const _ of text) length++;
  return length;
}
/** Code points, each as a text of its own. */
export function codePoints(text: string): string[] {
  return surrogates.test(text) ? [...text] : text.split('');
}
