import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';

/** An increase that was decided, written down before the provider is asked. */
export interface Note {
  readonly from: number;
  readonly to: number;
}

/** Annotation of the status ConfigMap with the increases under way, as JSON. */
export const notesAnnotation = 'gantry.dev/scale-ups';
/** Milliseconds after which an increase that was not answered and had no effect is taken for lost. */
export const doubtMs = 15_000;

/**
 * Increases that were asked for. An increase names a difference, so that one whose answer is lost must not be repeated before it is
 * certain that it had no effect: until then its nodes count as coming. The notes outlive the process in an annotation.
 */
export class Notes {
  readonly #notes = new Map<string, Note>();
  /** Since when the target size of a group is lower than its note says. */
  readonly #doubts = new Map<string, number>();

  /** Takes notes of others, where there are none of our own. */
  adopt(configMap: ConfigMap | undefined): void {
    for (const [group, note] of Object.entries(read(configMap?.metadata.annotations?.[notesAnnotation]))) {
      if (!this.#notes.has(group)) this.#notes.set(group, note);
    }
  }

  /** Notes an increase that is about to be asked for. */
  write(group: string, note: Note): void {
    this.#notes.set(group, note);
    this.#doubts.delete(group);
  }

  /** The provider has refused: it did nothing. */
  refused(group: string): void {
    this.#notes.delete(group);
    this.#doubts.delete(group);
  }

  /** Lets go of increases that have had their effect, and of those that have had none for so long that they never will. */
  settle(targets: ReadonlyMap<string, number>, nowMs: number): void {
    for (const [group, { to }] of this.#notes) {
      const target = targets.get(group);
      if (target === undefined) continue;
      const since = this.#doubts.get(group);
      if (target < to && since === undefined) this.#doubts.set(group, nowMs);
      else if (target >= to || nowMs - since! >= doubtMs) this.refused(group);
    }
  }

  /** The size that a group is to have by its note; its target size where there is none. */
  expected(group: string, targetSize: number): number {
    return this.#notes.get(group)?.to ?? targetSize;
  }

  has(group: string): boolean {
    return this.#notes.has(group);
  }

  get isEmpty(): boolean {
    return this.#notes.size === 0;
  }

  /** The annotation's text. */
  get text(): string {
    return JSON.stringify(Object.fromEntries([...this.#notes].sort(([a], [b]) => (a < b ? -1 : 1))));
  }
}

function read(text: string | undefined): Record<string, Note> {
  if (text === undefined) return {};
  try {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    const notes = Object.entries(parsed).filter((entry): entry is [string, Note] => isNote(entry[1]));
    return Object.fromEntries(notes);
  } catch {
    return {};
  }
}

function isNote(value: unknown): boolean {
  const { from, to } = (value ?? {}) as Partial<Note>;
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && to! > from! && from! >= 0;
}
