/** A deep copy of a JSON value; several times faster than structuredClone, which knows of much more than JSON. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const inner = cloneJson((value as Record<string, unknown>)[key]);
    // An assignment to `__proto__` would set the prototype.
    if (key === '__proto__') {
      Object.defineProperty(copy, key, { value: inner, enumerable: true, configurable: true, writable: true });
    } else copy[key] = inner;
  }
  return copy as T;
}
