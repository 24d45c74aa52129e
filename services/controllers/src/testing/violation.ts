/** A broken promise of the controllers. */
export class Violation extends Error {}
