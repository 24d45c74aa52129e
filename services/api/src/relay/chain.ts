import { type ChangeMessage, encodeChange, encodeProgress } from '@gantry/events/change.ts';
import { changeSubject, nodeProgressSubject, progressSubject } from '@gantry/events/subjects.ts';
import type { Change } from '@gantry/store/store.ts';
import { parseKey } from '../core/keys.ts';
import { decodeValue, type ObjectCache } from '../core/stored-object.ts';

/** A message for the bus. */
export interface Outgoing {
  readonly subject: string;
  readonly payload: Uint8Array;
}

/** A node's objects of a resource, and what consumers of just these were told. */
interface NodeSpace {
  readonly resource: string;
  readonly node: string;
  last: number;
  /** Progress messages still to be sent since the last change, one a tick. */
  owed: number;
}

/** After a change, so many ticks tell of it: as many messages in a row must be lost for it to go unnoticed. */
const progressPerChange = 3;

/** Nodes where nothing changes are told so once in so many ticks; this finds what even those losses left. */
const ticksPerRound = 30;

/**
 * What a relay says, and nothing else: the messages for each change, with the revisions that chain them, and for each
 * tick. It knows nothing of what was published before `start`: the first change of everything names `start` as the one
 * before it, and so makes every consumer that does not know the state of `start` read it.
 */
export class Chain {
  readonly #cache: ObjectCache;
  readonly #epoch: number;
  readonly #history: number;
  readonly #start: number;
  #revision: number;
  readonly #last = new Map<string, number>();
  readonly #nodeSpaces = new Map<string, NodeSpace>();
  readonly #owing = new Set<NodeSpace>();
  #round: NodeSpace[] = [];

  /**
   * @param line.epoch Fencing token of the leader.
   * @param line.history See ProgressMessage.
   * @param line.start The first change comes after this revision.
   * @param cache Where objects may be decoded already.
   */
  constructor(
    { epoch, history, start }: { readonly epoch: number; readonly history: number; readonly start: number },
    cache: ObjectCache,
  ) {
    this.#cache = cache;
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
    const node = resource === 'pods' ? this.#nodeOf(change) : undefined;
    const message: ChangeMessage = {
      type: change.type === 'delete' ? 'DELETED' : change.previous === undefined ? 'ADDED' : 'MODIFIED',
      revision: change.revision,
      previous: this.#last.get(resource) ?? this.#start,
      ...(node === undefined ? {} : { previousOnNode: this.#advance(resource, node, change.revision) }),
      epoch: this.#epoch,
      json: change.value,
    };
    this.#last.set(resource, change.revision);
    const namespace = key.namespace === '_' ? undefined : key.namespace;
    return { subject: changeSubject({ resource, node, namespace, name }), payload: encodeChange(message) };
  }

  /** What is to be said each second: how far everything is published. */
  tick(): Outgoing[] {
    const epoch = this.#epoch;
    const revision = this.#revision;
    const last = Object.fromEntries(this.#last);
    const progress = { epoch, revision, start: this.#start, history: this.#history, last };
    const messages: Outgoing[] = [{ subject: progressSubject, payload: encodeProgress(progress) }];
    for (const space of this.#spacesToTell()) {
      const payload = encodeProgress({ epoch, last: space.last, revision });
      messages.push({ subject: nodeProgressSubject(space.resource, space.node), payload });
    }
    return messages;
  }

  /** The node that a pod is on. Only pods are on nodes, and a pod's node never changes once it has one. */
  #nodeOf(change: Change): string | undefined {
    const { spec } =
      change.type === 'put' ? this.#cache.decode(change).object : decodeValue(change.value, change.revision);
    return (spec?.nodeName as string | undefined) || undefined;
  }

  /** Notes a change on a node; returns the revision of the one before it. */
  #advance(resource: string, node: string, revision: number): number {
    const key = `${resource}/${node}`;
    const space = this.#nodeSpaces.get(key) ?? { resource, node, last: this.#start, owed: 0 };
    const previous = space.last;
    space.last = revision;
    space.owed = progressPerChange;
    this.#nodeSpaces.set(key, space);
    this.#owing.add(space);
    return previous;
  }

  #spacesToTell(): Set<NodeSpace> {
    const spaces = new Set(this.#owing);
    for (const space of this.#owing) {
      space.owed--;
      if (space.owed === 0) this.#owing.delete(space);
    }
    if (this.#round.length === 0) this.#round = [...this.#nodeSpaces.values()];
    const share = Math.ceil(this.#nodeSpaces.size / ticksPerRound);
    for (const space of this.#round.splice(-share, share)) spaces.add(space);
    return spaces;
  }
}
