/**
 * Measures a node agent's reading of statistics: control groups of so many pods with a sandbox and a container each, on the machine's real
 * control groups (root is needed), with a process in each sandbox. Prints the part of a processor that reading them every ten seconds takes.
 *
 *     scripts/node bench/src/node-statistics.ts --pods 100
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeCgroupTree } from '@gantry/node-agent/runtime/cgroups.ts';
import { readNodeStats } from '@gantry/node-agent/runtime/node-stats.ts';
import { CgroupFiles } from '@gantry/node-agent/statistics/cgroup-files.ts';
import { CgroupStats } from '@gantry/node-agent/statistics/cgroup-stats.ts';
import { defaultSampleMs, Sampler } from '@gantry/node-agent/statistics/sampler.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { readArguments } from './arguments.ts';
import { describeMachine } from './machine.ts';

const { pods: podCount, samples } = readArguments('The price of reading the usage of pods every ten seconds.', {
  pods: { type: 'number', about: 'pods, each with a sandbox and a container', default: 100 },
  samples: { type: 'number', about: 'readings to take the average of', default: 50 },
});
const cgroupRoot = '/gantry-bench/node-1';
const mount = '/sys/fs/cgroup';
const isV2 = existsSync(join(mount, 'cgroup.controllers'));
const hierarchies = isV2 ? [''] : ['cpuacct', 'cpu', 'memory'];
const uids = Array.from({ length: podCount }, (_, index) => `uid-${index}`);
const children = uids.map((uid) => {
  const child = spawn('sleep', ['3600'], { stdio: 'ignore' });
  for (const hierarchy of hierarchies) {
    for (const group of ['sandbox', `main-${uid}`]) {
      const directory = join(mount, hierarchy, cgroupRoot, `pod${uid}`, group);
      mkdirSync(directory, { recursive: true });
      if (group === 'sandbox') writeFileSync(join(directory, 'cgroup.procs'), String(child.pid));
    }
  }
  return child;
});

const running = { kind: 'running', startedAtMs: 0 };
const pods = {
  workers: () => uids.map((uid) => ({ uid, pod: { metadata: {}, spec: { containers: [] } } })).values(),
  sandboxesOf: (uid: string) => [
    { id: 'sandbox', containers: [{ id: `main-${uid}`, sandboxId: 'sandbox', name: 'main', state: running }] },
  ],
};
const runtime = { containers: async () => [], node: async () => readNodeStats('/', Date.now()) };
const deps = { files: new CgroupFiles(), cgroupRoot, pods, runtime, clock: systemClock };
try {
  await using sampler = new Sampler(
    { stats: new CgroupStats(deps as never), clock: systemClock, log: silentLogger },
    3_600_000,
  );
  await sampler.sample();
  const before = process.cpuUsage();
  for (let sample = 0; sample < samples; sample++) await sampler.sample();
  const { user, system } = process.cpuUsage(before);
  const { containers, pods: measured } = sampler.latest;
  if (containers.size !== podCount || measured.size !== podCount)
    throw new Error(`only ${containers.size} containers were read`);
  const cpuMs = (user + system) / 1_000 / samples;
  console.log(describeMachine());
  console.log(
    `${podCount} pods, control groups v${isV2 ? 2 : 1}: ${cpuMs.toFixed(1)} ms of processor time a sample, ` +
      `${((cpuMs / defaultSampleMs) * 100).toFixed(2)} % of a core at one sample each ${defaultSampleMs / 1_000} s`,
  );
} finally {
  await Promise.all(
    children.map((child) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
      return promise;
    }),
  );
  await removeCgroupTree('/gantry-bench');
}
