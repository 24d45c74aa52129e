/** Data that ConfigMaps and Secrets have in common. */

/** Bytes of all values together, at most: the object travels and is stored as one. */
export const maxDataBytes = 1024 * 1024;

/** Why nothing of an immutable one may change. */
export const immutableMessage = 'field is immutable when `immutable` is set';

/** How many bytes base64 text stands for. */
export function base64Bytes(text: string): number {
  return Buffer.byteLength(text, 'base64');
}
