import type { GrpcServer } from '@gantry/client/serve.ts';
import { formatAddress, parseAddress } from '@gantry/runtime/address.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Diagnostics } from '@gantry/runtime/metrics.ts';
import type { Running } from '@gantry/runtime/service.ts';
import type { Advertiser } from './advertise/advertise.ts';
import type { ResourceApi } from './core/api.ts';
import type { RestServer } from './rest/server.ts';

/** A running api. */
export interface RunningApi extends Running {
  /** `host:port` of gRPC, with the port that it got. */
  readonly address: string;
  /** Port of /metrics and /healthz; undefined if they are not served. */
  readonly diagnosticsPort: number | undefined;
  /** Port of the REST edge; undefined if it is not served. */
  readonly restPort: number | undefined;
  /** The core, for edges beside gRPC. */
  readonly resources: ResourceApi;
  /**
   * Serves REST at a further address, and tells pods of it where they can reach it. Only where REST is served at all.
   * @param address `host:port`; port 0 for any free one.
   */
  serveRestAt(address: string): Promise<void>;
}

/** An api that runs, of its parts. Disposing of it ends the loops first, then what it owns. */
export function running(parts: {
  readonly host: string;
  readonly server: GrpcServer;
  readonly rest: RestServer | undefined;
  readonly advertiser: Advertiser | undefined;
  readonly diagnostics: Diagnostics | undefined;
  readonly resources: ResourceApi;
  readonly background: Promise<void>;
  readonly stop: AbortController;
  readonly owned: AsyncDisposableStack;
}): RunningApi {
  const { host, server, rest, advertiser, diagnostics, resources, background, stop, owned } = parts;
  return {
    address: formatAddress(host, server.port),
    diagnosticsPort: diagnostics?.port,
    restPort: rest?.port,
    resources,
    serveRestAt: async (address) => {
      if (rest === undefined) throw new GantryError('BadRequest', 'this api serves no REST');
      const { host } = parseAddress(address);
      advertiser?.add(formatAddress(host, await rest.alsoListen(parseAddress(address))));
    },
    done: background,
    [Symbol.asyncDispose]: async () => {
      server.setServing(false);
      stop.abort();
      await background.catch(() => undefined);
      await owned.disposeAsync();
    },
  };
}
