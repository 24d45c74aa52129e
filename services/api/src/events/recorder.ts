import { eventObject } from '@gantry/client/event-object.ts';
import { genericKindOf } from '@gantry/model/built-in.ts';
import type { Event } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Operation, Store } from '@gantry/store/store.ts';
import type { Entropy } from '../core/metadata.ts';
import { type AnyObject, encodeValue } from '../core/stored-object.ts';
import { type Entries, ownersBy, ownManager, setEntries } from '../ownership/track.ts';

const events = genericKindOf('Event');

/** Something that happened to an object, as its owner reads it. */
export interface Occurrence {
  readonly about: AnyObject;
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** The part that says so, such as the scheduler's name. */
  readonly component: string;
}

export interface RecorderDeps {
  readonly store: Pick<Store, 'commit'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  /** Occurrences that wait; the oldest are dropped past this. */
  readonly maxPending: number;
}

interface Known {
  readonly key: string;
  readonly event: Event;
  /** Revision of the stored event; 0 if it is not stored yet. */
  readonly revision: number;
}

/** Events of one commit. */
const maxPerCommit = 500;
/** Events whose repetition is recognised: what happens again raises a count. */
const maxKnown = 10_000;
/** Attempts of one commit; each drops the event that was in the way. */
const maxAttempts = 5;
/** A burst goes before its events: they are written once nothing was recorded for `lullMs`, but in any case after `longestWaitMs`. */
const lullMs = 20;
const longestWaitMs = 1_000;

/**
 * Writes what the api itself does to objects (bindings, evictions) as Event objects, in large commits behind the
 * requests' backs: 5,000 pods a second may be bound, and none of them waits for its event. When the store is slower than
 * that, the oldest are dropped; an event is a comment, not state. Its namespace is not looked at: an event that outlives
 * its namespace ends with its time to live.
 */
export class ApiEvents implements AsyncDisposable {
  readonly #deps: RecorderDeps;
  readonly #pending: Occurrence[] = [];
  readonly #known = new Map<string, Known>();
  readonly #flush = new AbortController();
  #writing: Promise<void> | undefined;
  #recorded = 0;
  #dropped = 0;

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
  }

  /** Records an occurrence; never waits and never fails. */
  record(occurrence: Occurrence): void {
    this.#pending.push(occurrence);
    this.#recorded++;
    if (this.#pending.length > this.#deps.maxPending) {
      this.#dropped += this.#pending.splice(0, this.#pending.length - this.#deps.maxPending).length;
    }
    this.#writing ??= this.#writeAll();
  }

  /** Writes what was recorded, without waiting for a lull from now on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush.abort();
    while (this.#writing) await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) {
      await this.#lull();
      for (let left = this.#pending.length; left > 0; left -= maxPerCommit) {
        await this.#write(this.#pending.splice(0, maxPerCommit)).catch((error: unknown) => {
          this.#deps.log.debug({ error }, 'events were not written');
        });
      }
    }
    if (this.#dropped > 0) this.#deps.log.warn({ dropped: this.#dropped }, 'events were dropped: too many at once');
    this.#dropped = 0;
    this.#writing = undefined;
  }

  async #lull(): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonic() + longestWaitMs;
    for (let seen = -1; seen !== this.#recorded && clock.monotonic() < untilMs; ) {
      seen = this.#recorded;
      await clock.sleep(lullMs, this.#flush.signal).catch(() => {});
    }
  }

  async #write(occurrences: readonly Occurrence[]): Promise<void> {
    const next = new Map<string, Known>();
    for (const occurrence of occurrences) {
      const identity = identityOf(occurrence);
      next.set(identity, this.#following(next.get(identity) ?? this.#known.get(identity), occurrence));
    }
    for (let attempt = 1; attempt <= maxAttempts && next.size > 0; attempt++) {
      const entries = [...next];
      const operations = entries.map(([, { key, event, revision }]): Operation => {
        return { type: 'put', key, value: encodeValue(event as unknown as AnyObject), expected: revision };
      });
      const result = await this.#deps.store.commit(operations);
      if (result.ok) {
        for (const [index, [identity, known]] of entries.entries()) {
          this.#remember(identity, { ...known, revision: result.revisions[index]! });
        }
        return;
      }
      // Somebody removed or changed it: it is told anew the next time.
      const [identity] = entries[result.failedIndex]!;
      next.delete(identity);
      this.#known.delete(identity);
    }
  }

  #following(known: Known | undefined, occurrence: Occurrence): Known {
    const now = rfc3339(this.#deps.clock.now());
    if (known === undefined) return this.#first(occurrence, now);
    const { metadata } = known.event;
    const managedFields = metadata.managedFields?.map((entry) => ({ ...entry, time: now }));
    const count = (known.event.count ?? 1) + 1;
    return { ...known, event: { ...known.event, metadata: { ...metadata, managedFields }, count, lastTimestamp: now } };
  }

  #first({ about: subject, ...occurrence }: Occurrence, now: string): Known {
    const uid = this.#deps.entropy.uid();
    const told = eventObject({ subject, ...occurrence }, uid.replaceAll('-', '').slice(0, 16), now);
    const event = { ...told, metadata: { ...told.metadata, uid, creationTimestamp: now } };
    setEntries(event as unknown as AnyObject, this.#ownersOf(event as unknown as AnyObject));
    return { key: `events/${event.metadata.namespace}/${event.metadata.name}`, event, revision: 0 };
  }

  #ownersOf(event: AnyObject): Entries {
    return ownersBy({ manager: ownManager, subresource: '', nowMs: this.#deps.clock.now() })(events, event, undefined);
  }

  #remember(identity: string, known: Known): void {
    this.#known.delete(identity);
    this.#known.set(identity, known);
    if (this.#known.size <= maxKnown) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}

function identityOf({ about, type, reason, message, component }: Occurrence): string {
  return [about.metadata.uid, type, reason, message, component].join('\0');
}
