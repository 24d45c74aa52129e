import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import { type PodLabels, PodRevisions, type PodSource } from './pod-revisions.ts';
import type { Split } from './splits.ts';

const split: Split = { label: 'l', stable: 'a', canary: undefined, canaryWeight: 0, draining: undefined };
type Change = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: PodLabels };

/** A source that a test drives. */
class Source implements PodSource {
  readonly sync = Promise.withResolvers<void>();
  readonly hasSynced = this.sync.promise;
  isClosed = false;
  #handler: (change: Change) => void = () => {};

  onChange(handler: (change: Change) => void): void {
    this.#handler = handler;
    // As an informer tells of what is there already.
    this.tell('ADDED', 'there', 'a');
  }

  tell(type: Change['type'], uid: string, revision: string): void {
    this.#handler({ type, object: { metadata: { uid, labels: { l: revision } } } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
  }
}

function follow(...services: string[]) {
  const sources = new Map<string, Source>();
  const changes = { count: 0 };
  const clock = new FakeClock();
  const revisions = new PodRevisions(
    (namespace, label) => {
      const source = new Source();
      sources.set(`${namespace} ${label}`, source);
      return source;
    },
    () => {
      changes.count += 1;
    },
    clock,
  );
  revisions.follow(new Map(services.map((service) => [service, split])));
  return { revisions, sources, changes, clock };
}

describe('PodRevisions', () => {
  it('follows a namespace once, and only those that have a split', () => {
    const { sources } = follow('shop/web', 'shop/api', 'other/web');
    expect([...sources.keys()]).toEqual(['shop l', 'other l']);
  });

  it('knows nothing before it has seen all pods', async () => {
    const { revisions, sources, changes } = follow('shop/web');
    const source = sources.get('shop l')!;
    source.tell('ADDED', 'u1', 'a');
    expect([revisions.of('shop', 'l'), changes.count]).toEqual([undefined, 0]);
    source.sync.resolve();
    await revisions.synced();
    expect(['u1', 'there', 'nobody'].map(revisions.of('shop', 'l')!)).toEqual(['a', 'a', undefined]);
    expect(changes.count).toBe(1);
    expect(revisions.of('other', 'l')).toBeUndefined();
  });

  it('tells of new pods and other revisions, and not of the rest of what happens to a pod', async () => {
    const { revisions, sources, changes } = follow('shop/web');
    const source = sources.get('shop l')!;
    source.sync.resolve();
    await revisions.synced();
    source.tell('ADDED', 'u1', 'a');
    source.tell('MODIFIED', 'u1', 'a');
    expect(changes.count).toBe(2);
    source.tell('MODIFIED', 'u1', 'b');
    expect([changes.count, revisions.of('shop', 'l')?.('u1')]).toEqual([3, 'b']);
    source.tell('DELETED', 'u1', 'b');
    expect([changes.count, revisions.of('shop', 'l')?.('u1')]).toEqual([3, undefined]);
  });

  it('waits a minute for pods that cannot be read, and then knows of none', async () => {
    const { revisions, clock } = follow('shop/web');
    const waiting = revisions.synced();
    clock.advance(60_000);
    expect(revisions.of('shop', 'l')).toBeUndefined();
    clock.advance(1);
    await waiting;
    expect(revisions.of('shop', 'l')?.('there')).toBeUndefined();
    expect(revisions.of('shop', 'l')).toBeDefined();
  });

  it('stops to wait when it is disposed of', async () => {
    const { revisions } = follow('shop/web');
    const waiting = revisions.synced();
    await revisions[Symbol.asyncDispose]();
    await expect(waiting).rejects.toThrow();
  });

  it('lets go of a namespace whose splits are gone', () => {
    const { revisions, sources } = follow('shop/web', 'other/web');
    revisions.follow(new Map([['other/web', split]]));
    expect([...sources].map(([key, { isClosed }]) => [key, isClosed])).toEqual([
      ['shop l', true],
      ['other l', false],
    ]);
  });
});
