/** True where two values have the same JSON, whatever the order of their properties; undefined properties do not count. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) && left.length === right.length && left.every((item, index) => sameJson(item, right[index]))
    );
  }
  if (!isRecord(left) || !isRecord(right) || Array.isArray(right)) return false;
  return hasAllOf(left, right) && hasAllOf(right, left, false);
}

/** True where `right` has every property of `left`, with the same value where `compare` says to look. */
function hasAllOf(left: Record<string, unknown>, right: Record<string, unknown>, compare = true): boolean {
  for (const key of Object.keys(left)) {
    const value = left[key];
    if (value === undefined) continue;
    const other = Object.hasOwn(right, key) ? right[key] : undefined;
    if (other === undefined || (compare && !sameJson(value, other))) return false;
  }
  return true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
