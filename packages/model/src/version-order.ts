/** Orders versions of an API, the preferred one first: stable before beta before alpha, later before earlier, other names last by name. */
export function byPreference(left: string, right: string): number {
  const [one, other] = [partsOf(left), partsOf(right)];
  if (one === undefined || other === undefined) {
    if (one !== undefined || other !== undefined) return one === undefined ? 1 : -1;
    return left < right ? -1 : left > right ? 1 : 0;
  }
  return other[0] - one[0] || other[1] - one[1] || other[2] - one[2];
}

function partsOf(version: string): readonly [stage: number, major: number, minor: number] | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version);
  if (match === null) return undefined;
  const [, major, stage, minor = '0'] = match;
  return [stage === 'alpha' ? 1 : stage === 'beta' ? 2 : 3, Number(major), Number(minor)];
}
