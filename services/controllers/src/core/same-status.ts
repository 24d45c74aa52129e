import { sameJson } from '@gantry/model/same-json.ts';

/** True where two statuses are the same; what is zero or empty may be absent. */
export function sameStatus(a: object, b: object): boolean {
  return sameJson(withoutEmpty(a), withoutEmpty(b));
}

function withoutEmpty(status: object): unknown {
  const isEmpty = (value: unknown): boolean =>
    value === 0 || value === '' || (Array.isArray(value) && value.length === 0);
  return JSON.parse(JSON.stringify(status, (_name, value: unknown) => (isEmpty(value) ? undefined : value)));
}
