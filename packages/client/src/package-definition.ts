import { fileURLToPath } from 'node:url';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

/**
 * Every message and service of gantry.api.v1 and what they use, with file descriptors: what a server's reflection
 * serves. Takes some 0.2 s and 10 MB, so only who serves reflection loads it; the services themselves are in protos.ts.
 */
export function loadPackageDefinition(): PackageDefinition {
  return loadSync(
    ['resources', 'scheduling', 'nodes', 'pods', 'placement'].map((name) => `gantry/api/v1/${name}.proto`),
    { includeDirs: [fileURLToPath(new URL('../../../proto', import.meta.url))], keepCase: true },
  );
}
