import { isIP } from 'node:net';

/** A network, from text such as 10.0.0.0/8; undefined where it is none. */
export function parseCidr(text: string): { readonly addressPrefix: string; readonly prefixLen: number } | undefined {
  const [addressPrefix = '', length = '', ...rest] = text.trim().split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(addressPrefix) as 0 | 4 | 6];
  if (rest.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > bits) return undefined;
  return { addressPrefix, prefixLen: Number(length) };
}
