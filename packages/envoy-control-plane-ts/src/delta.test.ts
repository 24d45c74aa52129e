import { describe, expect, it } from 'vitest';
import { receiveDelta } from './delta.ts';
import { nextResponse, type PlannedResponse } from './plan.ts';
import { createSnapshot, resourcesOf, type Snapshot } from './snapshot.ts';
import { openStream, ProtocolError, type StreamState } from './stream-state.ts';
import { webResources } from './testing/fixtures.ts';
import { clusterType, endpointType, routeType } from './type-urls.ts';

const a = { name: 'a', listenPort: 80, endpointPorts: [1] };
const b = { name: 'b', listenPort: 81, endpointPorts: [2] };
const both = createSnapshot([...webResources(a), ...webResources(b)]);
const onlyA = createSnapshot(webResources(a));

type Request = Parameters<typeof receiveDelta>[1];

function ask(request: Request, state: StreamState = openStream('delta')): StreamState {
  return receiveDelta(state, request).state;
}

/** The next response, in short. */
function next(
  state: StreamState,
  snapshot: Snapshot,
): { state: StreamState; sent: string[]; removed: readonly string[]; response: PlannedResponse } {
  const step = nextResponse(state, snapshot);
  if (step === undefined) throw new Error('nothing is sent');
  const { response } = step;
  return { state: step.state, response, sent: response.resources.map(({ name }) => name), removed: response.removed };
}

const versionOfA = (typeUrl: string): string => resourcesOf(both, typeUrl).resources.get('a')!.version;

describe('delta requests', () => {
  it('without names mean all clusters; later ones without names change nothing', () => {
    const first = next(ask({ typeUrl: clusterType }), both);
    expect(first.sent).toEqual(['a', 'b']);
    const acked = ask({ typeUrl: clusterType, responseNonce: '1' }, first.state);
    expect(acked.subscriptions.get(clusterType)?.wildcard).toBe(true);
    expect(nextResponse(acked, both)).toBeUndefined();
  });

  it('are answered with what changed and what is gone', () => {
    const first = next(ask({ typeUrl: clusterType }), both);
    const acked = ask({ typeUrl: clusterType, responseNonce: '1' }, first.state);
    const second = next(acked, onlyA);
    expect([second.sent, second.removed]).toEqual([[], ['b']]);
  });

  it('for a name that is not there are told so, once, and get it when it comes', () => {
    const first = next(ask({ typeUrl: clusterType, resourceNamesSubscribe: ['b'] }), onlyA);
    expect([first.sent, first.removed]).toEqual([[], ['b']]);
    const acked = ask({ typeUrl: clusterType, responseNonce: '1' }, first.state);
    expect(nextResponse(acked, onlyA)).toBeUndefined();
    expect(next(acked, both).sent).toEqual(['b']);
  });

  it('for everything are answered even where there is nothing', () => {
    expect(next(ask({ typeUrl: clusterType }), createSnapshot([]))).toMatchObject({ sent: [], removed: [] });
  });

  it('of a client that comes back bring along what it has', () => {
    const initialResourceVersions = { a: versionOfA(clusterType), b: 'old', gone: '1' };
    const first = next(ask({ typeUrl: clusterType, initialResourceVersions }), both);
    expect([first.sent, first.removed]).toEqual([['b'], ['gone']]);
  });

  it('bring along nothing in later requests', () => {
    const state = ask({ typeUrl: clusterType, resourceNamesSubscribe: ['a'] });
    const initialResourceVersions = { a: versionOfA(clusterType) };
    expect(next(ask({ typeUrl: clusterType, initialResourceVersions }, state), both).sent).toEqual(['a']);
  });

  it('for a name again get its resource again', () => {
    const first = next(ask({ typeUrl: endpointType, resourceNamesSubscribe: ['a', 'b'] }), both);
    const again = { typeUrl: endpointType, responseNonce: '1', resourceNamesSubscribe: ['a'] };
    expect(next(ask(again, first.state), both).sent).toEqual(['a']);
  });

  it('that let go of a name hear of it no more', () => {
    const first = next(ask({ typeUrl: routeType, resourceNamesSubscribe: ['a', 'b'] }), both);
    const dropped = ask({ typeUrl: routeType, responseNonce: '1', resourceNamesUnsubscribe: ['b'] }, first.state);
    expect(nextResponse(dropped, onlyA)).toBeUndefined();
  });

  it('that let go of a name under a wildcard get it again', () => {
    const first = next(ask({ typeUrl: clusterType, resourceNamesSubscribe: ['*', 'a'] }), both);
    const dropped = ask({ typeUrl: clusterType, responseNonce: '1', resourceNamesUnsubscribe: ['a'] }, first.state);
    expect(next(dropped, both).sent).toEqual(['a']);
  });

  it('that let go of "*" keep the names', () => {
    const first = next(ask({ typeUrl: clusterType, resourceNamesSubscribe: ['*', 'a'] }), both);
    const dropped = ask({ typeUrl: clusterType, responseNonce: '1', resourceNamesUnsubscribe: ['*'] }, first.state);
    expect(dropped.subscriptions.get(clusterType)).toMatchObject({ wildcard: false, names: new Set(['a']) });
    expect(nextResponse(dropped, onlyA)).toBeUndefined();
  });

  it('with a stale nonce answer nothing, but still change the subscription', () => {
    const first = next(ask({ typeUrl: clusterType, resourceNamesSubscribe: ['a'] }), both);
    const stale = receiveDelta(first.state, {
      typeUrl: clusterType,
      responseNonce: '99',
      resourceNamesSubscribe: ['b'],
    });
    expect(stale.event.kind).toBe('stale');
    expect(stale.state.subscriptions.get(clusterType)).toMatchObject({
      pending: { nonce: '1' },
      names: new Set(['a', 'b']),
    });
  });

  it('with an error refuse the response, whose resources come again with the next change', () => {
    const first = next(ask({ typeUrl: clusterType }), onlyA);
    const refused = ask(
      { typeUrl: clusterType, responseNonce: '1', errorDetail: { code: 3, message: 'no' } },
      first.state,
    );
    expect(nextResponse(refused, onlyA)).toBeUndefined();
    expect(next(refused, both).sent).toEqual(['a', 'b']);
  });

  it('beyond the limits break the protocol', () => {
    const request = { typeUrl: clusterType, resourceNamesSubscribe: ['a', 'b', 'c'] };
    expect(() => receiveDelta(openStream('delta'), request, { maxTypes: 1, maxNames: 2 })).toThrow(ProtocolError);
  });
});
