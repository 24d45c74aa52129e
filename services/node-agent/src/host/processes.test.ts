import { describe, expect, it } from 'vitest';
import { parseStat, readProcess, signalProcess, withDescendants } from './processes.ts';

describe('processes', () => {
  it('reads a stat line whose name holds brackets and spaces', () => {
    const rest = 'S 42 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 20';
    expect(parseStat(`7 (a ) (b) c) ${rest}`)).toEqual({ state: 'S', parentPid: 42, startTime: 98765 });
    expect(parseStat('')).toBeUndefined();
  });

  it('knows this process and no other one', async () => {
    const self = await readProcess(process.pid);
    expect(self).toMatchObject({ pid: process.pid, parentPid: process.ppid });
    expect(await readProcess(2 ** 22 + 1)).toBeUndefined();
    // One that only shares the pid is left alone, or this test would not go on.
    await signalProcess({ ...self!, startTime: self!.startTime - 1 }, 'SIGKILL');
  });

  it('finds descendants in any order', () => {
    const of = (pid: number, parentPid: number) => ({ pid, parentPid, startTime: 0, command: [] });
    const all = [of(4, 3), of(3, 2), of(9, 1), of(2, 1)];
    expect(
      withDescendants([of(2, 1)], all)
        .map((each) => each.pid)
        .toSorted(),
    ).toEqual([2, 3, 4]);
  });
});
