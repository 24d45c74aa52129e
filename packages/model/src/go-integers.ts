const [least, greatest] = [-(2n ** 63n), 2n ** 63n - 1n];

/** A 64-bit integer in the decimal form that Go reads; the problem in Go's words where a text is none. */
export function parseInt64(text: string): bigint | string {
  const problem = (what: string): string => `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${what}`;
  if (!/^[-+]?\d+$/.test(text)) return problem('invalid syntax');
  const number = BigInt(text.replace('+', ''));
  return number < least || number > greatest ? problem('value out of range') : number;
}
