import type { ServedKind } from './kinds.ts';

/** Uids that are remembered. One is small, and none is needed for long. */
const most = 65_536;

/** The uids of objects whose end was seen, with their kinds; the oldest are forgotten first. */
export class EndedUids {
  readonly #kinds = new Map<string, ServedKind>();

  note(uid: string, kind: ServedKind): void {
    this.#kinds.set(uid, kind);
    if (this.#kinds.size <= most) return;
    const [oldest] = this.#kinds.keys();
    this.#kinds.delete(oldest!);
  }

  kindOf(uid: string): ServedKind | undefined {
    return this.#kinds.get(uid);
  }
}
