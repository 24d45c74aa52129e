import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeImageTar } from '../../images/image.ts';
import { busyboxImage, busyboxImageName } from '../../images/local.ts';
import { runtimeContract } from '../contract.ts';
import { openProcessRuntime } from './driver.ts';

runtimeContract('process', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gantry-process-'));
  const open = () => openProcessRuntime({ directory: join(directory, 'state'), address: '127.0.0.1' });
  const runtime = await open();
  const tar = join(directory, 'busybox.tar');
  await writeImageTar(tar, [await busyboxImage()]);
  await runtime.images.importTar(tar);
  return {
    runtime,
    image: busyboxImageName,
    runsCommands: true,
    reopen: open,
    [Symbol.asyncDispose]: async () => {
      await runtime[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
