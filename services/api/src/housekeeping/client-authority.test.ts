import { CertificateHolder } from '@gantry/runtime/certificates.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { expect, test } from 'vitest';
import { startTestApi } from '../testing/harness.ts';
import { keepClientAuthority } from './client-authority.ts';

/** For machines with much else to do. */
const patient = { timeout: 15_000 };

test("the authority of the api's clients is told, again after a change or a deletion, and written only where it changed", async () => {
  await using running = await startTestApi();
  const clock = new FakeClock();
  const authority = new CertificateHolder({ ca: 'ONE', cert: '', key: '' });
  const frontProxy = { authority: undefined, onAuthority: () => ({ [Symbol.dispose]: () => undefined }) };
  const stop = new AbortController();
  const api = running.api.resources;
  const keeping = keepClientAuthority({ api, clock, log: silentLogger, frontProxy }, authority, stop.signal);
  const at = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
  const told = () =>
    running.client.get('ConfigMap', at).then(
      ({ data, metadata }) => [data, metadata.resourceVersion],
      () => [],
    );
  await expect.poll(async () => (await told())[0], patient).toEqual({ 'client-ca-file': 'ONE' });
  const [, version] = await told();
  authority.set({ ca: 'ONE', cert: 'renewed', key: '' });
  await running.client.get('Namespace', { name: 'default' });
  expect(await told()).toEqual([{ 'client-ca-file': 'ONE' }, version]);

  authority.set({ ca: 'ONE\nTWO', cert: '', key: '' });
  await expect.poll(async () => (await told())[0], patient).toEqual({ 'client-ca-file': 'ONE\nTWO' });
  await running.client.delete('ConfigMap', at);
  await expect
    .poll(async () => {
      clock.advance(30_000);
      return (await told())[0];
    }, patient)
    .toEqual({ 'client-ca-file': 'ONE\nTWO' });
  stop.abort();
  await keeping;
});
