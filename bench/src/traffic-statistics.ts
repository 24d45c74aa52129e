/** The price of statistics about requests: processor time and memory of xds-lb and Envoy, with and without them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultConfig } from '@gantry/xds-lb/config.ts';
import { findGantryEnvoy } from '@gantry/xds-lb/envoy.ts';
import { startXdsLb } from '@gantry/xds-lb/service.ts';
import { endpoint, ListSource, PodList, service, slice } from '@gantry/xds-lb/testing/fixtures.ts';
import { byRouteAnnotation } from '@gantry/xds-lb/traffic/keys.ts';
import { envoyMetrics } from '@gantry/xds-lb/traffic/sink.ts';
import { spawnEnvoy } from 'envoy-control-plane-ts/process/envoy-process.ts';
import { startEcho } from 'envoy-control-plane-ts/testing/http-echo.ts';
import { describeMachine } from './machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    services: { type: 'string', default: '1000' },
    endpoints: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '200' },
    /** Envoy counts each route by itself, too. */
    'by-route': { type: 'boolean', default: false },
  },
});
const [services, endpoints, seconds, rate] = [values.services, values.endpoints, values.seconds, values.rate].map(
  Number,
) as [number, number, number, number];
/** Ports of the listeners, one a Service. */
const firstPort = 21_000;

/** An xds-lb over objects in memory, whose address is told to the parent. */
async function serve(echoPort: number): Promise<void> {
  const noLease = (): never => {
    throw new Error('no statistics are served');
  };
  const [serviceList, sliceList] = [new ListSource<never>(), new ListSource<never>()];
  const empty = new ListSource<never>();
  empty.set([]);
  const names = Array.from({ length: services }, (_, i) => `web-${i}`);
  serviceList.set(
    names.map((name, i) => {
      const made = service(name, [{ name: 'http', port: firstPort + i }]);
      const annotations = { [byRouteAnnotation]: String(values['by-route']) };
      return { ...made, metadata: { ...made.metadata, annotations } } as never;
    }),
  );
  sliceList.set(
    names.map((name, i) => {
      const pods = Array.from({ length: endpoints }, (_, j) => endpoint(`127.${1 + (i >> 8)}.${i & 255}.${1 + j}`));
      return slice(name, { name: 'http', port: echoPort }, pods) as never;
    }),
  );
  const xds = await startXdsLb(
    {
      ...defaultConfig,
      xdsPort: 0,
      trustNetwork: true,
      loadBalancer: { ...defaultConfig.loadBalancer, deniedEndpoints: [] },
    },
    {
      ...{
        services: serviceList,
        endpointSlices: sliceList,
        nodes: empty,
        rollouts: empty,
        openPods: new PodList().open,
      },
      statusWriter: { updateStatus: async () => {} },
      leases: { get: noLease, list: noLease, create: noLease, update: noLease, delete: noLease },
      events: { record: () => {} },
      log: silentLogger,
    },
  );
  process.send!(xds.xdsAddress);
}

/** Processor time in milliseconds and memory in MiB of a process. */
async function costOf(pid: number): Promise<{ readonly cpuMs: number; readonly rssMib: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const rssMib = Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, rssMib };
}

function ask(port: number, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = get({ host: '127.0.0.1', port, agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', reject);
  });
}

async function run(withStatistics: boolean, byRoute: boolean, echoPort: number): Promise<string> {
  const sizes = { services, endpoints, seconds, rate };
  const flags = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, String(value)]);
  if (byRoute) flags.push('--by-route');
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['serve', String(echoPort), ...flags]);
  const [xdsAddress] = (await once(child, 'message')) as [string];
  const folder = await mkdtemp(join(tmpdir(), 'bench-envoy-'));
  const binary = findGantryEnvoy(fileURLToPath(new URL('../../.gantry', import.meta.url)));
  if (binary === undefined) throw new Error('Envoy is not installed; npm run setup does it');
  const options = { binary, xdsAddress, nodeId: 'bench', adminSocket: join(folder, 'admin.sock'), concurrency: 1 };
  const envoy = spawnEnvoy({ ...options, ...(withStatistics ? { metrics: envoyMetrics } : {}) });
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  try {
    await envoy.ready(AbortSignal.timeout(60_000));
    for (let i = 0; i < services; i++) {
      while ((await ask(firstPort + i, agent).catch(() => 0)) !== 200) await delay(50);
    }
    await delay(6_000);
    const before = [await costOf(child.pid!), await costOf(envoy.pid!)] as const;
    const untilMs = performance.now() + seconds * 1_000;
    let sent = 0;
    const startedMs = performance.now();
    while (performance.now() < untilMs) {
      if (sent < ((performance.now() - startedMs) / 1_000) * rate) await ask(firstPort + (sent++ % services), agent);
      else await delay(2);
    }
    const after = [await costOf(child.pid!), await costOf(envoy.pid!)] as const;
    const percent = (i: 0 | 1): string => ((after[i].cpuMs - before[i].cpuMs) / seconds / 10).toFixed(2);
    const parts = (['xds-lb', 'Envoy'] as const).map(
      (name, i) => `${name} ${percent(i as 0 | 1)} % of a core, ${after[i as 0 | 1].rssMib.toFixed(0)} MiB`,
    );
    return `${withStatistics ? 'with' : 'without'} statistics${byRoute ? ' by route' : ''}, ${(sent / seconds).toFixed(0)} requests/s: ${parts.join('; ')}`;
  } finally {
    agent.destroy();
    await envoy[Symbol.asyncDispose]();
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

if (positionals[0] === 'serve') await serve(Number(positionals[1]));
else {
  console.log(describeMachine());
  console.log(`${services} Services of ${endpoints} endpoints, ${seconds} s each`);
  // All endpoints are addresses of this machine.
  await using echo = await startEcho('bench', 0, '0.0.0.0');
  const runs = [[false, false], [true, false], ...(values['by-route'] ? [[true, true] as const] : [])] as const;
  for (const [withStatistics, byRoute] of runs) console.log(await run(withStatistics, byRoute, echo.port));
  process.exit(0);
}
