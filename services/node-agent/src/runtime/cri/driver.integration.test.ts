import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@gantry/runtime/log.ts';
import { decideHost } from '../../host/decide.ts';
import { detectHost } from '../../host/detect.ts';
import { startLocalCluster } from '../../host/local-cluster.ts';
import { writeImageTar } from '../../images/image.ts';
import { busyboxImage, busyboxImageName } from '../../images/local.ts';
import { runtimeContract } from '../contract.ts';

runtimeContract('cri', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gantry-cri-'));
  const decision = decideHost(await detectHost(directory));
  if (decision.driver !== 'cri') throw new Error(`no real containers here: ${decision.reasons.join('; ')}`);
  const config = { directory: join(directory, 'nodes'), nodes: ['node-1'], choices: decision.containerd };
  const cluster = await startLocalCluster(config, { log: silentLogger });
  const node = cluster.nodes[0]!;
  const runtime = await node.openRuntime();
  const tar = join(directory, 'busybox.tar');
  await writeImageTar(tar, [await busyboxImage()]);
  await runtime.images.importTar(tar);
  return {
    runtime,
    image: busyboxImageName,
    runsCommands: true,
    reopen: () => node.openRuntime(),
    [Symbol.asyncDispose]: async () => {
      await runtime[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
