import type { Outgoing } from './answer.ts';

/** Characters of all warnings of one answer, and of one where all together are too long: kube-apiserver's bounds. */
const maxChars = 4 * 1024;
const maxCharsOfOne = 256;

/** The warnings of one answer, each told once, as Warning headers (RFC 7234, code 299: a persistent one). */
export class Warnings {
  readonly #texts: string[] = [];
  #chars = 0;

  /** Adds a warning. One beyond the bound is dropped; long ones are cut to make room. */
  add(text: string): void {
    const clean = text.replace(/[\p{Cc}\p{Cs}]/gu, ' ');
    if (clean === '' || this.#texts.includes(clean)) return;
    if (this.#chars + clean.length > maxChars) this.#cut();
    const next = this.#chars + clean.length > maxChars ? cut(clean) : clean;
    if (this.#chars + next.length > maxChars) return;
    this.#texts.push(next);
    this.#chars += next.length;
  }

  /** Puts the headers of all warnings on an answer that has not begun. */
  tell(response: Outgoing): void {
    if (this.#texts.length > 0 && !response.headersSent) response.setHeader('warning', this.#texts.map(headerOf));
  }

  #cut(): void {
    this.#texts.splice(0, this.#texts.length, ...this.#texts.map(cut));
    this.#chars = this.#texts.reduce((sum, { length }) => sum + length, 0);
  }
}

function cut(text: string): string {
  return text.slice(0, maxCharsOfOne);
}

/** Headers are bytes to Node: those of UTF-8, as Go writes them. */
function headerOf(text: string): string {
  const quoted = text.replace(/[\\"]/g, '\\$&');
  return Buffer.from(`299 - "${quoted}"`).toString('latin1');
}
