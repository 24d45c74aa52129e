import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine } from '../machine.ts';
import { type Server, startGantry, startKubernetes } from './servers.ts';

/**
 * Measures a real kube-apiserver with etcd and then Gantry's api, each started for it and ended after it.
 * @param peers Folder whose bin/ holds etcd and kube-apiserver.
 * @param stores Those that Gantry is measured with, one after another.
 */
export async function sideBySide(
  peers: string,
  stores: readonly Parameters<typeof startGantry>[0][],
  measure: (server: Server) => Promise<void>,
): Promise<void> {
  console.log(describeMachine());
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  try {
    for (const start of [
      () => startKubernetes(join(peers, 'bin'), join(folder, 'kubernetes')),
      ...stores.map((store) => () => startGantry(store, join(folder, store))),
    ]) {
      await using server = await start();
      await measure(server);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
