import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it, vi } from 'vitest';
import type { Door } from './doors.ts';
import { WaitingRoom } from './waiting-room.ts';

const shut: Door = { service: 'default/web', isOpen: false, maxWaiting: 2, timeoutMs: 30_000 };
const open: Door = { ...shut, isOpen: true };
const forever = new AbortController().signal;

function room(settled: () => Promise<void> = async () => {}) {
  const clock = new FakeClock();
  const onWaiting = vi.fn();
  const onOutcome = vi.fn();
  const made = new WaitingRoom({ clock, onWaiting, settled, onOutcome });
  return { clock, onWaiting, onOutcome, room: made };
}

/** Lets everything that is due happen. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('WaitingRoom', () => {
  it('lets everybody through an open door, and through one that nobody knows', async () => {
    const { room: made, onWaiting } = room();
    made.know(new Map([['web', open]]));
    await turn();
    expect(await made.enter('web', forever)).toBe('opened');
    expect(await made.enter('other', forever)).toBe('opened');
    expect(onWaiting).not.toHaveBeenCalled();
  });

  it('holds requests until the door opens and Envoys know of the pods', async () => {
    const settled = Promise.withResolvers<void>();
    const { room: made, onWaiting, onOutcome, clock } = room(() => settled.promise);
    made.know(new Map([['web', shut]]));
    const waits = [made.enter('web', forever), made.enter('web', forever)];
    await turn();
    expect(made.waitingFor('default/web')).toBe(2);
    expect(onWaiting).toHaveBeenCalledExactlyOnceWith('default/web');
    clock.advance(700);
    made.know(new Map([['web', open]]));
    await turn();
    // Envoy would have no pod for one that comes now.
    made.know(new Map([['web', { ...open, maxWaiting: 3 }]]));
    waits.push(made.enter('web', forever));
    await turn();
    expect(made.waitingFor('default/web')).toBe(3);
    settled.resolve();
    expect(await Promise.all(waits)).toEqual(['opened', 'opened', 'opened']);
    expect(made.waitingFor('default/web')).toBe(0);
    expect(onOutcome).toHaveBeenCalledWith('opened', 700);
  });

  it('lets few go on at a time, and none where the door shuts meanwhile', async () => {
    const { room: made, clock } = room();
    made.know(new Map([['web', { ...shut, maxWaiting: 100 }]]));
    const waits = Array.from({ length: 20 }, () => made.enter('web', forever));
    await turn();
    made.know(new Map([['web', open]]));
    await turn();
    expect(made.waitingFor('default/web')).toBe(12);
    clock.advance(5);
    await turn();
    expect(made.waitingFor('default/web')).toBe(4);
    made.know(new Map([['web', shut]]));
    clock.advance(5);
    await turn();
    expect(made.waitingFor('default/web')).toBe(4);
    made.know(new Map([['web', open]]));
    await turn();
    clock.advance(5);
    expect(new Set(await Promise.all(waits))).toEqual(new Set(['opened']));
  });

  it('refuses those beyond the bound of the Service, whatever their port', async () => {
    const { room: made } = room();
    made.know(
      new Map([
        ['a', shut],
        ['b', shut],
      ]),
    );
    void made.enter('a', forever);
    void made.enter('b', forever);
    await turn();
    expect(await made.enter('a', forever)).toBe('full');
  });

  it('ends a wait when its time is up, or nobody waits any more', async () => {
    const { room: made, clock } = room();
    made.know(new Map([['web', shut]]));
    const left = new AbortController();
    const waits = [made.enter('web', forever), made.enter('web', left.signal)];
    await turn();
    left.abort();
    expect(await waits[1]).toBe('gone');
    clock.advance(30_000);
    expect(await waits[0]).toBe('late');
    expect(made.waitingFor('default/web')).toBe(0);
  });

  it('tells again while requests wait, and no longer', async () => {
    const { room: made, clock, onWaiting } = room();
    made.know(new Map([['web', shut]]));
    const wait = made.enter('web', forever);
    await turn();
    for (let i = 0; i < 2; i++) {
      clock.advance(5_000);
      await turn();
    }
    expect(onWaiting).toHaveBeenCalledTimes(3);
    made.know(new Map([['web', open]]));
    await wait;
    clock.advance(5_000);
    await turn();
    clock.advance(5_000);
    await turn();
    expect(onWaiting).toHaveBeenCalledTimes(3);
    // The next wait is told at once.
    made.know(new Map([['web', shut]]));
    void made.enter('web', forever);
    await turn();
    expect(onWaiting).toHaveBeenCalledTimes(4);
  });

  it('tells at once of a wait that begins right after another ended', async () => {
    const { room: made, onWaiting } = room();
    made.know(new Map([['web', shut]]));
    const first = made.enter('web', forever);
    await turn();
    made.know(new Map([['web', open]]));
    await first;
    made.know(new Map([['web', shut]]));
    void made.enter('web', forever);
    await turn();
    expect(onWaiting).toHaveBeenCalledTimes(2);
  });

  it('holds requests until the doors are known, after a start', async () => {
    const { room: made } = room();
    const wait = made.enter('web', forever);
    await turn();
    made.know(new Map([['web', shut]]));
    await turn();
    expect(made.waitingFor('default/web')).toBe(1);
    made.know(new Map([['web', open]]));
    expect(await wait).toBe('opened');
  });

  it('lets those go on whose Service went', async () => {
    const { room: made } = room();
    made.know(new Map([['web', shut]]));
    const wait = made.enter('web', forever);
    await turn();
    made.know(new Map());
    expect(await wait).toBe('opened');
  });
});
