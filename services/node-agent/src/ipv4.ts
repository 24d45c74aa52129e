/** A run of IPv4 addresses, as numbers. */
export interface Ipv4Range {
  readonly first: number;
  readonly last: number;
}

/** The range of `10.1.0.0/16`, or of a single address; undefined for what is neither. */
export function parseRange(text: string): Ipv4Range | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const octets = match.slice(1, 5).map(Number) as [number, number, number, number];
  const bits = Number(match[5] ?? 32);
  if (bits > 32 || octets.some((octet) => octet > 255)) return undefined;
  const [a, b, c, d] = octets;
  const size = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = address - (address % size);
  return { first, last: first + size - 1 };
}

/** Whether two ranges have an address in common. */
export function overlaps(a: Ipv4Range, b: Ipv4Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Whether an address lies in a range, both as text; false where either is none. */
export function isWithin(address: string, range: string): boolean {
  const [inner, outer] = [parseRange(address), parseRange(range)];
  return inner !== undefined && outer !== undefined && outer.first <= inner.first && inner.last <= outer.last;
}
