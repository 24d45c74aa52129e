import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerdPaths } from '@gantry/node-agent/host/containerd-config.ts';
import type { BuiltImage } from '@gantry/node-agent/images/image.ts';
import { startTestRegistry, type TestRegistry } from '@gantry/node-agent/images/testing/registry.ts';

/**
 * Serves images to the nodes of a cluster in the place of the registries that their names begin with: for pods that always pull.
 * @param stateDir Folder of everything that the cluster keeps.
 */
export async function serveImages(images: readonly BuiltImage[], stateDir: string): Promise<TestRegistry> {
  const nodes = join(stateDir, 'nodes', 'cri');
  const cluster = JSON.parse(await readFile(join(nodes, 'cluster.json'), 'utf8')) as {
    readonly plan: { readonly gateway: string };
    readonly nodes: readonly string[];
  };
  const named = images.map((image) => ({ ...image, name: image.name.slice(image.name.indexOf('/') + 1) }));
  const registry = await startTestRegistry(cluster.plan.gateway, named, { username: '', password: '' });
  const url = `http://${registry.address}`;
  const content = `server = "${url}"\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`;
  for (const host of new Set(images.map(({ name }) => name.slice(0, name.indexOf('/'))))) {
    for (const node of cluster.nodes) {
      const folder = join(containerdPaths(join(nodes, node)).registries, host);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'hosts.toml'), content);
    }
  }
  return registry;
}
