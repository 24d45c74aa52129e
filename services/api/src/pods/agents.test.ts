import { noCredentials } from '@gantry/client/credentials.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { expect, test } from 'vitest';
import { AgentConnections } from './agents.ts';

const agent = (index: number) => ({ nodeName: `n${index}`, address: '127.0.0.1:1' });

test('connections that nobody uses for a minute are closed, but for some', async () => {
  const clock = new FakeClock();
  using agents = new AgentConnections(noCredentials, clock);
  const use = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => agents.call(agent(i), async () => i)));
  await use(100);
  clock.advance(59_999);
  agents.tidy();
  expect(agents.size).toBe(100);
  // Some are in use, or were until now.
  const busy = Promise.withResolvers<void>();
  const long = agents.call(agent(0), () => busy.promise);
  await agents.call(agent(1), async () => {});
  clock.advance(1);
  agents.tidy();
  expect(agents.size).toBe(64);
  busy.resolve();
  await long;
});

test('no more are kept than there is room for', async () => {
  const clock = new FakeClock();
  using agents = new AgentConnections(noCredentials, clock);
  for (let index = 0; index < 2_010; index++) await agents.call(agent(index), async () => {});
  expect(agents.size).toBe(2_000);
});
