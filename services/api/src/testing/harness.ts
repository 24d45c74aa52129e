import { type Client, connect } from '@gantry/client/client.ts';
import { tokenCredentials } from '@gantry/client/credentials.ts';
import type { EventBus } from '@gantry/events/events.ts';
import { openBus } from '@gantry/events/open.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import { type ApiConfig, defaultApiConfig } from '../config.ts';
import type { RunningApi } from '../running.ts';
import { type ApiDeps, startApi } from '../service.ts';

/** Settings that the api of a test and the services around it share. */
export const testCredentials = tokenCredentials(() => 'the-token-of-the-tests');

/** An api with its store and a client of it, for tests. */
export interface TestApi extends AsyncDisposable {
  readonly api: RunningApi;
  readonly client: Client;
  readonly store: OpenStore;
  /** The bus on which the api publishes changes. */
  readonly bus: EventBus;
}

/** Starts an api on a free port over a store of its own, in memory where no address is given. */
export async function startTestApi(
  config: Partial<ApiConfig> = {},
  storeUrl = 'sqlite::memory:',
  deps: Partial<ApiDeps> = {},
): Promise<TestApi> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openStore(storeUrl));
  const bus = stack.use(await openBus('memory:'));
  // Raw clients of tests present nothing; what is refused has tests of its own.
  const settings = {
    ...defaultApiConfig,
    listen: '127.0.0.1:0',
    trustNetwork: true,
    ...config,
  };
  const api = stack.use(
    await startApi(settings, { store, bus, log: silentLogger, credentials: testCredentials, ...deps }),
  );
  const client = stack.use(connect(api.address, { credentials: testCredentials }));
  const owned = stack.move();
  return { api, client, store, bus, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A pod that asks for `cpu`. */
export function podNamed(
  name: string,
  fields: { cpu?: string; namespace?: string; labels?: Record<string, string> } = {},
): Pod {
  const { cpu = '100m', namespace = 'default', labels } = fields;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...(labels ? { labels } : {}) },
    spec: { containers: [{ name: 'main', image: 'pause:3', resources: { requests: { cpu } } }] },
  };
}
