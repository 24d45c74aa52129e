/**
 * Records what is to be seen of Jobs on a real Kubernetes, whose kube-controller-manager runs them while a script plays the kubelet:
 *
 *     PEERS=FOLDER scripts/node test/integration/played-jobs/record.ts
 *
 * PEERS names a folder whose bin/ holds etcd, kube-apiserver and kube-controller-manager.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControllerManager } from '@gantry/bench/kubernetes/cluster.ts';
import type { HttpLoad } from '@gantry/bench/kubernetes/load.ts';
import { startKubernetes } from '@gantry/bench/kubernetes/servers.ts';
import { play, type Sight, type Stage, setStage } from './play.ts';
import { plays } from './scenarios.ts';

/** kube-controller-manager gathers changes for a second. */
const quietMs = 3_500;

const { PEERS: peers } = process.env;
if (!peers) throw new Error('PEERS must name a folder with the binaries of Kubernetes');
const folder = await mkdtemp(join(tmpdir(), 'gantry-played-'));
try {
  await using server = await startKubernetes(join(peers, 'bin'), folder);
  await using _manager = await startControllerManager(join(peers, 'bin'), folder, server, [
    '--controllers=job-controller',
  ]);
  const stage = stageOf(server.loads[0]);
  await setStage(stage);
  const seen = await Promise.all(
    plays.map(async (one): Promise<[string, Sight[]]> => [one.name, await play(stage, one)]),
  );
  const path = join(import.meta.dirname, 'kubernetes.json');
  await writeFile(path, `${JSON.stringify(Object.fromEntries(seen), undefined, 1)}\n`);
  console.log(`${seen.length} Jobs, ${seen.flatMap(([, sights]) => sights).length} looks`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

function stageOf(load: HttpLoad): Stage {
  return {
    quietMs,
    send: async (method, path, body, type) => ({
      code: 200,
      body: JSON.parse(await load.send(method, path, body as object | undefined, type)) as Record<string, unknown>,
    }),
  };
}
