import type { ItemResult } from '@gantry/client/api.ts';
import type { PodReport } from '@gantry/client/object-messages.ts';
import type { PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GrpcCode } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { describe, expect, it } from 'vitest';
import { StatusReporter } from './reporter.ts';

const web = { namespace: 'default', name: 'web', uid: 'uid-1' };
const accepted = { code: 0 } as ItemResult;

const creating: PodStatus = {
  phase: 'Pending',
  containerStatuses: [{ name: 'main', state: { waiting: { reason: 'ContainerCreating' } } }],
};
const withAddress: PodStatus = { ...creating, podIP: '10.64.0.2' };
const running: PodStatus = {
  phase: 'Running',
  podIP: '10.64.0.2',
  containerStatuses: [{ name: 'main', state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }],
};

function fixture(answers: (batch: readonly PodReport[]) => Promise<readonly ItemResult[]>) {
  const clock = new FakeClock();
  const sent: PodStatus[][] = [];
  const send = (batch: readonly PodReport[]) => {
    sent.push(batch.map(({ status }) => status));
    return answers(batch);
  };
  const reporter = new StatusReporter(send, { clock, log: silentLogger });
  /** Lets time go on by so much, in small steps, and all that waits for it happen. */
  const pass = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 10) {
      clock.advance(10);
      await new Promise(setImmediate);
    }
  };
  return { reporter, sent, pass };
}

const acceptAll = async (batch: readonly PodReport[]) => batch.map(() => accepted);

describe('a status reporter', () => {
  it('tells of what is noticed together once, and of pods together', async () => {
    const { reporter, sent, pass } = fixture(acceptAll);
    reporter.report(web, creating, false);
    reporter.report(web, running, false);
    reporter.report({ ...web, name: 'other', uid: 'uid-2' }, creating, false);
    await pass(100);
    expect(sent).toEqual([[running, creating]]);
    await reporter[Symbol.asyncDispose]();
  });

  it('says nothing twice, in whatever order its fields come and while the answer is under way', async () => {
    const answer = Promise.withResolvers<readonly ItemResult[]>();
    const { reporter, sent, pass } = fixture(() => answer.promise);
    reporter.report(web, creating, false);
    await pass(100);
    reporter.report(web, { containerStatuses: creating.containerStatuses, phase: 'Pending' } as PodStatus, false);
    answer.resolve([accepted]);
    await pass(10_000);
    reporter.report(web, creating, false);
    await pass(10_000);
    expect(sent).toEqual([[creating]]);
    await reporter[Symbol.asyncDispose]();
  });

  it('lets details go with the news that follow them', async () => {
    const { reporter, sent, pass } = fixture(acceptAll);
    reporter.report(web, creating, false);
    await pass(100);
    reporter.report(web, withAddress, false);
    await pass(1_000);
    reporter.report(web, running, false);
    await pass(100);
    expect(sent).toEqual([[creating], [running]]);
    await reporter[Symbol.asyncDispose]();
  });

  it('tells of details soon where no news follow', async () => {
    const { reporter, sent, pass } = fixture(acceptAll);
    reporter.report(web, creating, false);
    await pass(100);
    reporter.report(web, withAddress, false);
    await pass(3_000);
    expect(sent).toEqual([[creating], [withAddress]]);
    await reporter[Symbol.asyncDispose]();
  });

  it('takes back details that are so no more', async () => {
    const { reporter, sent, pass } = fixture(acceptAll);
    reporter.report(web, creating, false);
    await pass(100);
    reporter.report(web, withAddress, false);
    reporter.report(web, creating, false);
    await pass(3_000);
    expect(sent).toEqual([[creating]]);
    await reporter[Symbol.asyncDispose]();
  });

  it('tells again what could not be told, the newest status only', async () => {
    let isAway = true;
    const { reporter, sent, pass } = fixture(async (batch) => {
      if (isAway) throw new Error('the api is gone');
      return acceptAll(batch);
    });
    reporter.report(web, creating, false);
    await pass(100);
    expect(sent).toEqual([[creating]]);
    isAway = false;
    reporter.report(web, running, false);
    await pass(60_000);
    expect(sent).toEqual([[creating], [running]]);
    await reporter[Symbol.asyncDispose]();
  });

  it('tells again of a refused status when it is noticed again, and not by itself where it is refused for good', async () => {
    const refused = { code: GrpcCode.INVALID_ARGUMENT, reason: 'Invalid', message: 'no' } as unknown as ItemResult;
    const { reporter, sent, pass } = fixture(async (batch) => batch.map(() => refused));
    reporter.report(web, creating, false);
    await pass(60_000);
    expect(sent.length).toBe(1);
    reporter.report(web, creating, false);
    await pass(100);
    expect(sent.length).toBe(2);
    await reporter[Symbol.asyncDispose]();
  });
});
