import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenCredentials } from '@gantry/client/credentials.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import type { NodeAgentConfig } from '../config.ts';
import { type HollowRuntime, openHollowRuntime } from '../runtime/hollow/driver.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type NodeAgent, startNodeAgent } from '../service.ts';
import { FakeApi } from './fake-api.ts';

/** How long a test waits for what must come, in milliseconds; far more than it takes. */
const patienceMs = 20_000;

/** Resolves to the first value that is neither undefined nor false. Rejects after a long time. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const untilMs = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > untilMs) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A node whose containers exist in memory only, its agent, and an api. */
export interface TestNode extends AsyncDisposable {
  readonly api: FakeApi;
  readonly runtime: HollowRuntime;
  readonly agent: NodeAgent;
  readonly rootDir: string;
  /** Ends the agent and starts another one. */
  restartAgent(): Promise<void>;
}

/** The configuration of a node in tests: everything quick. */
export function testConfig(rootDir: string, extra: Partial<NodeAgentConfig> = {}): NodeAgentConfig {
  return {
    nodeName: 'node-1',
    rootDir,
    addresses: ['127.0.0.1'],
    nodeTimes: { heartbeatMs: 1_000, healthMs: 1_000, reportMs: 60_000 },
    observation: { idleMs: 50, gapMs: 1 },
    ...extra,
  };
}

/** Credentials that callers of a test's agent present. */
export const testCredentials = tokenCredentials(() => 'the-token-of-the-tests');

/** Starts an agent with a runtime for a test. */
export function startTestAgent(api: FakeApi, runtime: Runtime, config: NodeAgentConfig): Promise<NodeAgent> {
  return startNodeAgent(config, {
    client: api,
    runtime,
    clock: systemClock,
    log: silentLogger,
    credentials: testCredentials,
  });
}

export async function startTestNode(extra: Partial<NodeAgentConfig> = {}): Promise<TestNode> {
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-agent-'));
  const api = new FakeApi();
  const runtime = openHollowRuntime({ startMs: 1, addressPrefix: '10.200.7', cpuCount: 4, memoryBytes: 8 * 2 ** 30 });
  const config = testConfig(rootDir, extra);
  let agent = await startTestAgent(api, runtime, config);
  return {
    api,
    runtime,
    rootDir,
    get agent() {
      return agent;
    },
    async restartAgent() {
      await agent[Symbol.asyncDispose]();
      agent = await startTestAgent(api, runtime, config);
    },
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await runtime[Symbol.asyncDispose]();
      await rm(rootDir, { recursive: true, force: true });
    },
  };
}

/** Resolves to the pod once `wanted` holds. */
export function podWhen(api: FakeApi, name: string, what: string, wanted: (pod: Pod) => boolean): Promise<Pod> {
  return eventually(`pod ${name}: ${what}`, () => {
    const pod = api.peek('Pod', name);
    return pod !== undefined && wanted(pod) && pod;
  });
}

/** The state of a pod's first container. */
export function firstState(
  pod: Pod,
): NonNullable<NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['state']> {
  return pod.status?.containerStatuses?.[0]?.state ?? {};
}
