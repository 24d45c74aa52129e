import { type ChangeMessage, encodeChange, encodeProgress } from '@gantry/events/change.ts';
import { changeSubject, progressSubject } from '@gantry/events/subjects.ts';
import type { Change } from '@gantry/store/store.ts';
import { parseKey } from '../core/keys.ts';

/** A message for the bus. */
export interface Outgoing {
  readonly subject: string;
  readonly payload: Uint8Array;
}

/** The beginning of a leader's chain of messages. */
export interface ChainStart {
  /** Fencing token of the leader. */
  readonly epoch: number;
  /** See ProgressMessage. */
  readonly history: number;
  /** The first change comes after this revision. */
  readonly start: number;
  /** Whether the objects of a resource stay off the bus, as those that are encrypted in the store do: consumers read them from the api. */
  readonly withholds?: ((resource: string) => boolean) | undefined;
}

/**
 * Builds the messages of a relay, without I/O: one for each change, with the revisions that chain them, and one for each
 * tick. It knows nothing of changes up to `start`: the first change of each resource names `start` as the one before it,
 * and so makes every consumer that does not know the state of `start` read it.
 */
export class Chain {
  readonly #epoch: number;
  readonly #history: number;
  readonly #start: number;
  readonly #withholds: (resource: string) => boolean;
  #revision: number;
  readonly #last = new Map<string, number>();

  constructor({ epoch, history, start, withholds = () => false }: ChainStart) {
    this.#withholds = withholds;
    this.#epoch = epoch;
    this.#history = history;
    this.#start = start;
    this.#revision = start;
  }

  /** Revision of the last change that was given out. */
  get revision(): number {
    return this.#revision;
  }

  /** The message for the next change; undefined for a key that is no object's. Changes come in revision order. */
  next(change: Change): Outgoing | undefined {
    this.#revision = change.revision;
    const key = parseKey(change.key);
    if (key === undefined) return undefined;
    const { resource, name } = key;
    const message: ChangeMessage = {
      type: change.type === 'delete' ? 'DELETED' : change.previous === undefined ? 'ADDED' : 'MODIFIED',
      revision: change.revision,
      previous: this.#last.get(resource) ?? this.#start,
      epoch: this.#epoch,
      ...(this.#withholds(resource) ? {} : { json: change.value }),
    };
    this.#last.set(resource, change.revision);
    const namespace = key.namespace === '_' ? undefined : key.namespace;
    return { subject: changeSubject({ resource, namespace, name }), payload: encodeChange(message) };
  }

  /** The message of each second: everything up to its revision is published. */
  tick(): Outgoing {
    const last = Object.fromEntries(this.#last);
    const progress = { epoch: this.#epoch, revision: this.#revision, start: this.#start, history: this.#history, last };
    return { subject: progressSubject, payload: encodeProgress(progress) };
  }
}
