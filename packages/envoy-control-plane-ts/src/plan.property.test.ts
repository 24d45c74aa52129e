import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receiveDelta } from './delta.ts';
import { isSettled, nextResponse, type PlannedResponse } from './plan.ts';
import { createSnapshot, type Snapshot } from './snapshot.ts';
import { receiveSotw } from './sotw.ts';
import { openStream, type Protocol, type StreamState } from './stream-state.ts';
import { edsCluster, endpoints, httpListener, routes } from './testing/fixtures.ts';
import { ModelClient } from './testing/model-client.ts';
import { listenerType, routeType } from './type-urls.ts';

const names = ['a', 'b', 'c'] as const;
/** Listeners on this port are refused by the client. */
const refusedPort = 666;

interface ServiceSpec {
  readonly connectTimeout: number;
  readonly endpointPort: number;
  readonly listenPort: number | undefined;
  /** Index into the services that are there. */
  readonly routeTo: number;
}

const serviceSpec: fc.Arbitrary<ServiceSpec | undefined> = fc.option(
  fc.record({
    connectTimeout: fc.constantFrom(1, 2),
    endpointPort: fc.constantFrom(1, 2, 3),
    listenPort: fc.constantFrom(undefined, 80, 81, refusedPort),
    routeTo: fc.nat(2),
  }),
  { nil: undefined },
);
const snapshotSpec = fc.tuple(serviceSpec, serviceSpec, serviceSpec);
type SnapshotSpec = readonly (ServiceSpec | undefined)[];

function build(spec: SnapshotSpec): Snapshot {
  const present = names.filter((_, i) => spec[i] !== undefined);
  return createSnapshot(
    names.flatMap((name, i) => {
      const service = spec[i];
      if (service === undefined) return [];
      const backend = [edsCluster(name, service.connectTimeout), endpoints(name, [service.endpointPort])];
      if (service.listenPort === undefined) return backend;
      const target = present[service.routeTo % present.length]!;
      return [...backend, httpListener(name, service.listenPort), routes(name, target)];
    }),
  );
}

type Command =
  | { readonly kind: 'snapshot'; readonly spec: SnapshotSpec }
  | { readonly kind: 'toClient' }
  | { readonly kind: 'toServer' }
  | { readonly kind: 'reconnect' };

const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: snapshotSpec.map((spec): Command => ({ kind: 'snapshot', spec })) },
    { weight: 8, arbitrary: fc.constant<Command>({ kind: 'toClient' }) },
    { weight: 8, arbitrary: fc.constant<Command>({ kind: 'toServer' }) },
    { weight: 1, arbitrary: fc.constant<Command>({ kind: 'reconnect' }) },
  ),
  { maxLength: 80 },
);

/** A server and a client with a wire between them that delivers when it is told to. */
class Conversation {
  readonly client: ModelClient;
  readonly #protocol: Protocol;
  #state: StreamState;
  #inbox: PlannedResponse[] = [];
  #snapshot: Snapshot;

  constructor(protocol: Protocol, refuses: boolean) {
    this.#protocol = protocol;
    this.#state = openStream(protocol);
    this.#snapshot = build([undefined, undefined, undefined]);
    this.client = new ModelClient({
      protocol,
      refuses: (resource) => (refuses && isRefused(resource.value, resource.typeUrl) ? 'port 666' : undefined),
    });
  }

  run(command: Command): void {
    switch (command.kind) {
      case 'snapshot':
        this.#snapshot = build(command.spec);
        break;
      case 'toClient': {
        const response = this.#inbox.shift();
        if (response) this.client.receive(response);
        break;
      }
      case 'toServer': {
        const request = this.client.outbox.shift();
        const receive = this.#protocol === 'sotw' ? receiveSotw : receiveDelta;
        if (request) this.#state = receive(this.#state, request).state;
        break;
      }
      case 'reconnect':
        this.#state = openStream(this.#protocol);
        this.#inbox = [];
        this.client.reconnect();
    }
    this.#pump();
  }

  /** Delivers everything; the bound is far above what a conversation needs. */
  drain(): void {
    for (let i = 0; i < 1000; i += 1) {
      if (this.#inbox.length === 0 && this.client.outbox.length === 0) return;
      this.run({ kind: 'toClient' });
      this.run({ kind: 'toServer' });
    }
    throw new Error('the conversation never ends');
  }

  get isSettled(): boolean {
    return isSettled(this.#state, this.#snapshot);
  }

  #pump(): void {
    for (let step = nextResponse(this.#state, this.#snapshot); step; step = nextResponse(this.#state, this.#snapshot)) {
      this.#state = step.state;
      this.#inbox.push(step.response);
    }
    // One response a type is all that a silent client can make the server hold.
    if (this.#inbox.length > 4) this.client.violations.push(`${this.#inbox.length} responses under way`);
  }
}

function isRefused(value: Uint8Array, typeUrl: string): boolean {
  // Port 666 as a varint in the listener's address.
  return typeUrl === listenerType && Buffer.from(value).includes(Buffer.from([0x18, 0x9a, 0x05]));
}

/** The inventory that a client which follows references has of a snapshot. */
function expected(spec: SnapshotSpec): string[] {
  const snapshot = build(spec);
  const conversationOrder = ['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration'];
  return conversationOrder.flatMap((type) =>
    [...snapshot.types]
      .filter(([typeUrl]) => typeUrl.endsWith(`.${type}`))
      .flatMap(([typeUrl, { resources }]) =>
        [...resources.values()].map(({ name, version }) => `${typeUrl} ${name} ${version}`).sort(),
      ),
  );
}

const withoutRefused = (spec: SnapshotSpec): SnapshotSpec =>
  spec.map(
    (service) => service && { ...service, listenPort: service.listenPort === refusedPort ? 80 : service.listenPort },
  );

describe.each(['sotw', 'delta'] as const)('a conversation in %s', (protocol) => {
  it('never breaks what the client has, and ends with the snapshot', () => {
    fc.assert(
      fc.property(commands, snapshotSpec, (script, last) => {
        const conversation = new Conversation(protocol, false);
        for (const command of script) conversation.run(command);
        conversation.run({ kind: 'snapshot', spec: last });
        conversation.drain();
        expect(conversation.client.violations).toEqual([]);
        expect(conversation.client.inventory()).toEqual(expected(last));
        expect(conversation.isSettled).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('never breaks a client that refuses listeners, and ends with the snapshot once it is good', () => {
    fc.assert(
      fc.property(commands, snapshotSpec, (script, last) => {
        const conversation = new Conversation(protocol, true);
        for (const command of script) conversation.run(command);
        conversation.drain();
        conversation.run({ kind: 'snapshot', spec: withoutRefused(last) });
        conversation.drain();
        expect(conversation.client.violations).toEqual([]);
        expect(conversation.client.inventory()).toEqual(expected(withoutRefused(last)));
        expect(conversation.isSettled).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

it('sotw and delta bring a client to the same', () => {
  fc.assert(
    fc.property(commands, (script) => {
      const [sotw, delta] = (['sotw', 'delta'] as const).map((protocol) => {
        const conversation = new Conversation(protocol, false);
        for (const command of script) conversation.run(command);
        conversation.drain();
        return conversation.client;
      });
      expect(sotw!.inventory()).toEqual(delta!.inventory());
      expect(sotw!.resources(routeType).size).toBe(delta!.resources(routeType).size);
    }),
    { numRuns: 200 },
  );
});
