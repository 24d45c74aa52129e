import { describe, expect, it } from 'vitest';
import { isSettled, nextResponse } from './plan.ts';
import { rawResource } from './resource.ts';
import { createSnapshot, type Snapshot } from './snapshot.ts';
import { receiveSotw } from './sotw.ts';
import { openStream, type StreamState } from './stream-state.ts';
import { edsCluster, endpoints, httpListener, routes, webResources } from './testing/fixtures.ts';
import { clusterType, endpointType, listenerType, routeType } from './type-urls.ts';

const blue = createSnapshot(webResources({ name: 'web', listenPort: 80, endpointPorts: [1] }));
const green = createSnapshot([
  edsCluster('green'),
  endpoints('green', [2]),
  httpListener('web', 80),
  routes('web', 'green'),
]);

const subscriptions: readonly (readonly [string, readonly string[]])[] = [
  [clusterType, []],
  [endpointType, ['web', 'green']],
  [listenerType, []],
  [routeType, ['web']],
];

function subscribed(): StreamState {
  return subscriptions.reduce(
    (state, [typeUrl, resourceNames]) => receiveSotw(state, { typeUrl, resourceNames, node: { id: 'n' } }).state,
    openStream('sotw'),
  );
}

/** Sends everything until the client is up to date; each response is accepted. Returns what was sent, in order. */
function converge(state: StreamState, snapshot: Snapshot): { state: StreamState; sent: string[] } {
  const sent: string[] = [];
  let current = state;
  for (let step = nextResponse(current, snapshot); step; step = nextResponse(current, snapshot)) {
    const { typeUrl, nonce, resources } = step.response;
    sent.push(`${typeUrl.split('.').at(-1)}: ${resources.map(({ name }) => name).join(' ')}`);
    const resourceNames = subscriptions.find(([subscribedType]) => subscribedType === typeUrl)![1];
    current = receiveSotw(step.state, { typeUrl, responseNonce: nonce, resourceNames }).state;
  }
  return { state: current, sent };
}

describe('the order of responses', () => {
  it('is clusters, endpoints, listeners, routes', () => {
    const { state, sent } = converge(subscribed(), blue);
    expect(sent).toEqual(['Cluster: web', 'ClusterLoadAssignment: web', 'Listener: web', 'RouteConfiguration: web']);
    expect(isSettled(state, blue)).toBe(true);
    expect(isSettled(state, green)).toBe(false);
  });

  it('makes before it breaks: the old cluster goes after the routes have left it', () => {
    const { state } = converge(subscribed(), blue);
    expect(converge(state, green).sent).toEqual([
      'Cluster: green web',
      'ClusterLoadAssignment: green',
      'RouteConfiguration: web',
      'Cluster: green',
    ]);
  });

  it('sends endpoints without waiting for their cluster to be accepted, and nothing that routes to it', () => {
    const clusters = nextResponse(subscribed(), blue)!;
    const assignments = nextResponse(clusters.state, blue)!;
    expect(assignments.response.typeUrl).toBe(endpointType);
    expect(nextResponse(assignments.state, blue)).toBeUndefined();
  });

  it('has no endpoints of a cluster that has not been sent', () => {
    const sent = nextResponse(subscribed(), blue)!.state;
    const next = nextResponse(sent, green);
    // Only "web" is announced; its endpoints are gone, and Envoy must not wait for them: it gets an empty list.
    expect(next?.response.resources.map(({ name }) => name)).toEqual(['web']);
    expect(nextResponse(next!.state, green)).toBeUndefined();
  });

  it('changes no endpoints of a cluster whose end is under way, though it comes again', () => {
    const idle = createSnapshot([edsCluster('web'), endpoints('web', [1])]);
    const moved = createSnapshot([edsCluster('web'), endpoints('web', [2])]);
    const end = nextResponse(converge(subscribed(), idle).state, createSnapshot([]))!;
    expect(end.response).toMatchObject({ typeUrl: clusterType, resources: [] });
    expect(nextResponse(end.state, moved)).toBeUndefined();
  });

  it('sends the endpoints of a changed cluster again, for which Envoy waits', () => {
    const { state } = converge(subscribed(), blue);
    const changed = createSnapshot([
      edsCluster('web', 5),
      endpoints('web', [1]),
      httpListener('web', 80),
      routes('web', 'web'),
    ]);
    expect(converge(state, changed).sent).toEqual(['Cluster: web', 'ClusterLoadAssignment: web']);
  });

  it('keeps a cluster while the routes that leave it are refused', () => {
    const { state } = converge(subscribed(), blue);
    let current = state;
    for (let step = nextResponse(current, green); step; step = nextResponse(current, green)) {
      const { typeUrl, nonce, resources } = step.response;
      if (typeUrl === clusterType) expect(resources.map(({ name }) => name)).toContain('web');
      const resourceNames = subscriptions.find(([type]) => type === typeUrl)![1];
      const errorDetail = typeUrl === routeType ? { code: 3, message: 'no' } : undefined;
      current = receiveSotw(step.state, { typeUrl, responseNonce: nonce, resourceNames, errorDetail }).state;
    }
    expect(current.subscriptions.get(routeType)?.rejection?.names).toEqual(['web']);
  });

  it('does not hold up other types', () => {
    const typeUrl = 'type.googleapis.com/test.Secret';
    const secret = rawResource({ typeUrl, name: 's', value: new Uint8Array([1]), references: [] });
    const snapshot = createSnapshot([...webResources({ name: 'web', listenPort: 80, endpointPorts: [1] }), secret]);
    const waiting = nextResponse(nextResponse(subscribed(), snapshot)!.state, snapshot)!.state;
    const { state } = receiveSotw(waiting, { typeUrl, resourceNames: ['s'] });
    expect(nextResponse(state, snapshot)?.response).toMatchObject({ typeUrl, resources: [{ name: 's' }] });
  });
});

describe('a state-of-the-world response', () => {
  it('lists all clusters, but only the endpoints that changed', () => {
    const two = (port: number): Snapshot =>
      createSnapshot([
        ...['web', 'green'].map((name) => edsCluster(name)),
        endpoints('web', [1]),
        endpoints('green', [port]),
      ]);
    const { state } = converge(subscribed(), two(1));
    expect(converge(state, two(2)).sent).toEqual(['ClusterLoadAssignment: green']);
  });

  it('says that a listener asked for by name is not there, once', () => {
    const state = receiveSotw(openStream('sotw'), { typeUrl: listenerType, resourceNames: ['nobody'] }).state;
    const step = nextResponse(state, blue)!;
    expect(step.response.resources).toEqual([]);
    const acked = receiveSotw(step.state, {
      typeUrl: listenerType,
      responseNonce: '1',
      resourceNames: ['nobody'],
    }).state;
    expect(nextResponse(acked, blue)).toBeUndefined();
  });

  it('is not sent for endpoints that are not there', () => {
    const state = receiveSotw(openStream('sotw'), { typeUrl: endpointType, resourceNames: ['nobody'] }).state;
    expect(nextResponse(state, blue)).toBeUndefined();
  });

  it('bears the version of the snapshot, and another one while it keeps what is gone', () => {
    const { state } = converge(subscribed(), blue);
    const kept = nextResponse(state, green)!.response.version;
    expect(kept).not.toBe(green.types.get(clusterType)!.version);
    expect(kept).not.toBe(blue.types.get(clusterType)!.version);
  });
});
