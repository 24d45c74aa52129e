// Arrays that worker threads read without copying. Only the coordinator writes them.

/** Doubles in shared memory, all 0. */
export function sharedDoubles(length: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
}

/** Integers in shared memory, all 0. */
export function sharedIntegers(length: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
}

/** Bytes in shared memory, all 0. */
export function sharedBytes(length: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** A longer copy. Readers of the old array must be given the new one. */
export function grownDoubles(from: Float64Array, length: number): Float64Array<SharedArrayBuffer> {
  const to = sharedDoubles(length);
  to.set(from);
  return to;
}

/** A longer copy. */
export function grownIntegers(from: Int32Array, length: number): Int32Array<SharedArrayBuffer> {
  const to = sharedIntegers(length);
  to.set(from);
  return to;
}

/** A longer copy. */
export function grownBytes(from: Uint8Array, length: number): Uint8Array<SharedArrayBuffer> {
  const to = sharedBytes(length);
  to.set(from);
  return to;
}
