/** A control plane on a free port of loopback, for tests and benchmarks. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createAds } from '../server.ts';
import { SnapshotCache } from '../snapshot-cache.ts';

export interface ControlPlane extends AsyncDisposable {
  /** host:port. */
  readonly xdsAddress: string;
  /** Snapshots that clients get, all of them in the group "". */
  readonly snapshots: SnapshotCache;
}

/** Starts it. */
export async function startControlPlane(): Promise<ControlPlane> {
  const snapshots = new SnapshotCache();
  const ads = createAds({ snapshots });
  const server = new Server();
  ads.addTo(server);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    xdsAddress: `127.0.0.1:${port}`,
    snapshots,
    [Symbol.asyncDispose]: async () => {
      ads[Symbol.dispose]();
      server.forceShutdown();
    },
  };
}
