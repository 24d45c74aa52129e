/** Throws when an invariant of Gantry itself does not hold; bad input gets a GantryError instead. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

/** For the default branch of a switch over a discriminated union: the compiler proves that it is never reached. */
export function unreachable(value: never): never {
  throw new Error(`invariant broken: unexpected ${JSON.stringify(value)}`);
}
