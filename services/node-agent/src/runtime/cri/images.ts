import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { run } from '../../host/commands.ts';
import type { ImageStatus, Images } from '../runtime.ts';
import type { CriClient } from './client.ts';
import type { CriImage } from './messages.ts';

/** A pull may be of gigabytes over a slow line. */
const pullTimeoutMs = 10 * 60_000;
const importTimeoutMs = 5 * 60_000;
/** How long CRI may take to notice an image that was imported behind its back; it takes some milliseconds. */
const noticeTimeoutMs = 5_000;
const noticePollMs = 5;

/** Images over CRI; tars go in by containerd's own client, because CRI has no call for that. */
export function criImages(client: CriClient, socketPath: string): Images {
  const status = async (ref: string, signal?: AbortSignal): Promise<ImageStatus | undefined> => {
    const response = await client.image<{ image: CriImage | null }>(
      'ImageStatus',
      { image: { image: ref } },
      { signal },
    );
    return response.image ? imageStatus(response.image) : undefined;
  };
  return {
    status,
    async pull(ref, auth, signal) {
      const request = { image: { image: ref }, ...(auth && { auth }) };
      const { imageRef } = await client.image<{ imageRef: string }>('PullImage', request, {
        timeoutMs: pullTimeoutMs,
        signal,
      });
      const pulled = await status(imageRef, signal);
      if (pulled === undefined) throw new GantryError('InternalError', `PullImage: ${ref} was pulled but is not there`);
      return pulled;
    },
    async list(signal) {
      const { images } = await client.image<{ images: CriImage[] }>('ListImages', {}, { signal });
      return images.map(imageStatus);
    },
    async remove(ref, signal) {
      try {
        await client.image('RemoveImage', { image: { image: ref } }, { signal });
      } catch (error) {
        if (!isError(error, 'NotFound')) throw error;
      }
    },
    async importTar(path, signal) {
      const names = await ctrImport(socketPath, path, signal);
      const deadline = performance.now() + noticeTimeoutMs;
      for (const name of names) {
        while ((await status(name, signal)) === undefined) {
          if (performance.now() > deadline)
            throw new GantryError('Timeout', `image ${name} was imported but does not show up`);
          await delay(noticePollMs);
        }
      }
      return names;
    },
  };
}

async function ctrImport(socketPath: string, path: string, signal?: AbortSignal): Promise<string[]> {
  if (!(await stat(path).catch(() => undefined))) throw new GantryError('NotFound', `image tar ${path} not found`);
  try {
    const args = ['--address', socketPath, '--namespace', 'k8s.io', 'images', 'import', path];
    return parseImported(await run('ctr', args, { timeoutMs: importTimeoutMs, signal }));
  } catch (error) {
    if (isError(error, 'InternalError'))
      throw new GantryError('Invalid', `image tar ${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The names from ctr's lines, such as `unpacking gantry.dev/pause:1 (sha256:…)...done`. */
export function parseImported(output: string): string[] {
  return [...output.matchAll(/^unpacking (\S+) \(sha256:[0-9a-f]+\)/gm)].map((match) => match[1]!);
}

function imageStatus(image: CriImage): ImageStatus {
  return {
    id: image.id,
    tags: image.repoTags,
    digests: image.repoDigests,
    sizeBytes: image.size,
    ...(image.uid && { user: image.uid.value }),
    ...(image.username !== '' && { userName: image.username }),
  };
}
