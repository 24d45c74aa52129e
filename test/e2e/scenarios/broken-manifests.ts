import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kindNames } from '@gantry/model/built-in.ts';
import { brokenManifests } from '@gantry/model/testing/broken-manifests.ts';
import { describe, expect, test } from 'vitest';
import { gantry } from '../command.ts';
import type { TestCluster } from '../harness.ts';

/** Inputs that the command takes as no manifest, or as several: it splits files before it sends them. */
const fineAsFiles = new Set(['nothing', 'comments only', 'two documents']);

/** Input that must be refused with a reason, whatever it is. */
export function brokenManifestScenarios(cluster: () => TestCluster): void {
  describe('a hundred broken manifests', () => {
    test('are each refused by the api, which lives, and holds nothing of them', async () => {
      const before = await everything();
      const pids = await cluster().pids();
      for (const { name, manifest, problem, reason } of brokenManifests) {
        const refusal: unknown = await cluster()
          .client.apply(manifest)
          .catch((error: unknown) => error);
        const text = reason === 'RequestEntityTooLarge' ? 'larger than' : problem;
        expect(refusal, name).toMatchObject({ reason, message: expect.stringContaining(text) });
      }
      expect(brokenManifests.length).toBeGreaterThanOrEqual(100);
      expect(await addedTo(before)).toEqual([]);
      expect(await cluster().pids()).toEqual(pids);
    });

    test('are each named by the command, with what is wrong', async () => {
      const before = await everything();
      const folder = await mkdtemp(join(tmpdir(), 'gantry-broken-'));
      const files = brokenManifests.filter(({ name }) => !fineAsFiles.has(name));
      for (const [index, { manifest }] of files.entries()) await writeFile(join(folder, `${index}.yaml`), manifest);
      const { code, stdout, stderr } = await gantry(cluster(), ['apply', '-f', folder]);
      await rm(folder, { recursive: true });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      const unnamed = files.filter(
        (_, index) => !stderr.includes(`error when applying "${join(folder, `${index}.yaml`)}`),
      );
      expect(unnamed.map(({ name }) => name)).toEqual([]);
      expect(await addedTo(before)).toEqual([]);
    });
  });

  /** Names of all objects but those that the cluster writes about itself. */
  async function everything(): Promise<ReadonlySet<string>> {
    const kinds = kindNames.filter((kind) => kind !== 'Event' && kind !== 'Lease');
    const lists = await Promise.all(kinds.map(async (kind) => (await cluster().client.list(kind)).items));
    return new Set(lists.flat().map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`));
  }

  async function addedTo(before: ReadonlySet<string>): Promise<string[]> {
    return [...(await everything())].filter((name) => !before.has(name));
  }
}
