import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ChangeMessage,
  decodeChange,
  decodeProgress,
  encodeChange,
  encodeProgress,
  maxInlineJsonBytes,
} from './change.ts';
import { ChangeCursor } from './cursor.ts';

const change: ChangeMessage = {
  type: 'ADDED',
  revision: 12,
  previous: 10,
  epoch: 2,
  json: '{"a":"ü"}',
};

describe('messages', () => {
  test('a change comes back, the object text verbatim, line breaks and all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
        const message = { ...change, json: `{"a":${JSON.stringify(text)},\n "b": 1.0}` };
        expect(decodeChange(encodeChange(message))).toEqual(message);
      }),
    );
  });

  test('an object too large for a message is left out', () => {
    const { json: _, ...header } = change;
    expect(decodeChange(encodeChange({ ...change, json: 'ü'.repeat(maxInlineJsonBytes / 2 + 1) }))).toEqual(header);
    const largest = { ...change, json: 'x'.repeat(maxInlineJsonBytes) };
    expect(decodeChange(encodeChange(largest))).toEqual(largest);
    expect(encodeChange(largest).length).toBeLessThanOrEqual(1024 * 1024);
  });

  test('progress comes back', () => {
    const progress = {
      epoch: 3,
      revision: 50,
      start: 40,
      history: 1_700_000_000_000,
      last: { pods: 49, 'deployments.apps': 50 },
    };
    expect(decodeProgress(encodeProgress(progress))).toEqual(progress);
  });

  test('bytes of any other kind are no message, and nothing throws', () => {
    for (const text of [
      '',
      '\n',
      'null',
      '{}',
      '{"type":"ADDED"}',
      '{"type":"X","revision":1,"previous":0,"epoch":1}',
      '[',
    ]) {
      expect(decodeChange(Buffer.from(text))).toBeUndefined();
      expect(decodeProgress(Buffer.from(text))).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        expect(decodeChange(bytes)).toBeUndefined();
      }),
    );
  });
});

describe('ChangeCursor', () => {
  test('changes in a chain are taken, duplicates left, a hole is a gap until the state was read', () => {
    const cursor = new ChangeCursor();
    cursor.readTo(10);
    expect(cursor.change({ epoch: 1, revision: 12 }, 9)).toBe('next');
    expect(cursor.change({ epoch: 1, revision: 12 }, 9)).toBe('old');
    expect(cursor.change({ epoch: 1, revision: 20 }, 15)).toBe('gap');
    expect(cursor.change({ epoch: 1, revision: 20 }, 15)).toBe('gap');
    cursor.readTo(18);
    expect(cursor.change({ epoch: 1, revision: 20 }, 15)).toBe('next');
  });

  test('progress finds a lost last change and moves an idle space on', () => {
    const cursor = new ChangeCursor();
    cursor.readTo(10);
    expect(cursor.progress(1, 10, 30)).toBe('complete');
    expect(cursor.revision).toBe(30);
    expect(cursor.progress(1, 31, 40)).toBe('gap');
    expect(cursor.revision).toBe(30);
  });

  test('a replaced relay is not listened to', () => {
    const cursor = new ChangeCursor();
    cursor.readTo(10);
    expect(cursor.progress(2, 5, 10)).toBe('complete');
    expect(cursor.change({ epoch: 1, revision: 11 }, 10)).toBe('old');
    expect(cursor.progress(1, 20, 20)).toBe('old');
    expect(cursor.change({ epoch: 2, revision: 11 }, 10)).toBe('next');
  });

  test('another line of revisions makes it begin again, once, and not on the word of a replaced relay', () => {
    const cursor = new ChangeCursor();
    cursor.readTo(100);
    expect(cursor.isNewHistory(2, 7)).toBe(false);
    expect(cursor.isNewHistory(1, 8)).toBe(false);
    expect(cursor.isNewHistory(2, 8)).toBe(true);
    expect([cursor.revision, cursor.isNewHistory(2, 8)]).toEqual([0, false]);
    cursor.readTo(40);
    expect(cursor.change({ epoch: 2, revision: 41 }, 40)).toBe('next');
  });

  test('whatever is lost, repeated or published by an older relay: no change is ever skipped unnoticed', () => {
    const delivery = fc.record({
      index: fc.nat({ max: 39 }),
      epoch: fc.integer({ min: 1, max: 2 }),
      isProgress: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 40 }),
        fc.array(delivery),
        (raw, deliveries) => {
          const revisions = raw.sort((a, b) => a - b);
          const cursor = new ChangeCursor();
          const known = new Set<number>();
          for (const { index, epoch, isProgress } of deliveries) {
            const at = Math.min(index, revisions.length - 1);
            const revision = revisions[at]!;
            const verdict = isProgress
              ? cursor.progress(epoch, revision, revision)
              : cursor.change({ epoch, revision }, revisions[at - 1] ?? 0);
            if (verdict === 'next') known.add(revision);
            if (verdict === 'gap') {
              for (const read of revisions.slice(0, at + 1)) known.add(read);
              cursor.readTo(revision);
            }
            expect(revisions.filter((each) => each <= cursor.revision && !known.has(each))).toEqual([]);
          }
        },
      ),
    );
  });
});
