import { readFile } from 'node:fs/promises';
import { arch, release } from 'node:os';
import type { NodeSystemInfo } from '@gantry/model/gen/gantry.core.v1.ts';
import type { RuntimeInfo } from '../runtime/runtime.ts';

/** Go's name of a processor architecture, which Kubernetes' labels use. */
const goArchitectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** System information of the machine. `version` is the agent's own. */
export async function systemInfo(runtime: RuntimeInfo, version: string): Promise<NodeSystemInfo> {
  const firstLine = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).trim();
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return {
    machineID: await firstLine('/etc/machine-id'),
    systemUUID: await firstLine('/sys/class/dmi/id/product_uuid'),
    bootID: await firstLine('/proc/sys/kernel/random/boot_id'),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? process.platform,
    containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
    kubeletVersion: version,
    operatingSystem: process.platform,
    architecture: goArchitectures[arch()] ?? arch(),
  };
}
