import { describe, expect, it } from 'vitest';
import { nextResponse } from './plan.ts';
import { createSnapshot } from './snapshot.ts';
import { receiveSotw } from './sotw.ts';
import { openStream, ProtocolError, type StreamState } from './stream-state.ts';
import { edsCluster, endpoints, webResources } from './testing/fixtures.ts';
import { clusterType, endpointType } from './type-urls.ts';

const web = { name: 'web', listenPort: 80, endpointPorts: [1] };
const snapshot = createSnapshot(webResources(web));
const changed = createSnapshot([edsCluster('web', 7), endpoints('web', [1]), ...webResources(web).slice(2)]);

/** A stream that asked for all clusters and was sent them with nonce 1. */
function withClustersSent(): StreamState {
  const asked = receiveSotw(openStream('sotw'), { typeUrl: clusterType, node: { id: 'n' } }).state;
  return nextResponse(asked, snapshot)!.state;
}

describe('state-of-the-world requests', () => {
  it('remember the node of the first request', () => {
    const { state } = receiveSotw(openStream('sotw'), { typeUrl: clusterType, node: { id: 'first' } });
    expect(receiveSotw(state, { typeUrl: endpointType }).state.node).toEqual({ id: 'first' });
  });

  it('without names mean all clusters, but no endpoints', () => {
    let { state } = receiveSotw(openStream('sotw'), { typeUrl: clusterType });
    state = receiveSotw(state, { typeUrl: endpointType }).state;
    expect([...state.subscriptions.values()].map(({ wildcard }) => wildcard)).toEqual([true, false]);
  });

  it('with "*" mean all, also together with names and for any type', () => {
    const { state } = receiveSotw(openStream('sotw'), { typeUrl: endpointType, resourceNames: ['*', 'a'] });
    expect(state.subscriptions.get(endpointType)).toMatchObject({ wildcard: true, names: new Set(['a']) });
  });

  it('without names mean none once the client has asked by name', () => {
    let { state } = receiveSotw(openStream('sotw'), { typeUrl: clusterType, resourceNames: ['web'] });
    state = nextResponse(state, snapshot)!.state;
    state = receiveSotw(state, { typeUrl: clusterType, responseNonce: '1', resourceNames: [] }).state;
    expect(state.subscriptions.get(clusterType)).toMatchObject({ wildcard: false, names: new Set() });
  });

  it('with the last nonce accept the response', () => {
    const { state, event } = receiveSotw(withClustersSent(), { typeUrl: clusterType, responseNonce: '1' });
    expect(event).toMatchObject({ kind: 'accepted', typeUrl: clusterType });
    expect(state.subscriptions.get(clusterType)).toMatchObject({ pending: undefined, rejection: undefined });
    expect(nextResponse(state, snapshot)).toBeUndefined();
  });

  it('with an error refuse it, and the error is kept until something is accepted', () => {
    const errorDetail = { code: 3, message: 'no such policy' };
    const { state, event } = receiveSotw(withClustersSent(), { typeUrl: clusterType, responseNonce: '1', errorDetail });
    expect(event).toMatchObject({ kind: 'rejected', rejection: { error: errorDetail, nonce: '1', names: ['web'] } });
    expect(state.subscriptions.get(clusterType)?.ackedVersion).toBe('');
    // The same is not sent again, a change is.
    expect(nextResponse(state, snapshot)).toBeUndefined();
    const next = nextResponse(state, changed)!;
    expect(next.response).toMatchObject({ nonce: '2' });
    expect(next.state.subscriptions.get(clusterType)?.rejection?.error).toEqual(errorDetail);
    const healed = receiveSotw(next.state, { typeUrl: clusterType, responseNonce: '2' }).state;
    expect(healed.subscriptions.get(clusterType)?.rejection).toBeUndefined();
  });

  it('with an older nonce are ignored altogether', () => {
    const acked = receiveSotw(withClustersSent(), { typeUrl: clusterType, responseNonce: '1' }).state;
    const { state } = nextResponse(acked, changed)!;
    const stale = receiveSotw(state, { typeUrl: clusterType, responseNonce: '1', resourceNames: ['other'] });
    expect(stale.event.kind).toBe('stale');
    expect(stale.state).toEqual(state);
  });

  it('with the last nonce again change the subscription without counting as an answer', () => {
    const acked = receiveSotw(withClustersSent(), { typeUrl: clusterType, responseNonce: '1' }).state;
    const errorDetail = { code: 3, message: 'late' };
    const { event } = receiveSotw(acked, { typeUrl: clusterType, responseNonce: '1', errorDetail });
    expect(event.kind).toBe('subscribed');
  });

  it('without a nonce start the type anew', () => {
    const { state, event } = receiveSotw(withClustersSent(), { typeUrl: clusterType });
    expect(event.kind).toBe('subscribed');
    expect(nextResponse(state, snapshot)?.response).toMatchObject({ nonce: '2', resources: [{ name: 'web' }] });
  });

  it('without a nonce take back no endpoints that are under way, though their cluster has gone meanwhile', () => {
    const ask = { typeUrl: endpointType, resourceNames: ['web'] };
    const sent = nextResponse(receiveSotw(withClustersSent(), ask).state, snapshot)!;
    const { state } = receiveSotw(sent.state, ask);
    expect(nextResponse(state, createSnapshot([]))?.response.resources).toEqual(sent.response.resources);
  });

  it('that take a name up again get its resource again', () => {
    const { typeUrl } = { typeUrl: endpointType };
    let { state } = receiveSotw(openStream('sotw'), { typeUrl, resourceNames: ['web'] });
    state = nextResponse(state, snapshot)!.state;
    state = receiveSotw(state, { typeUrl, responseNonce: '1', resourceNames: [] }).state;
    state = receiveSotw(state, { typeUrl, responseNonce: '1', resourceNames: ['web'] }).state;
    expect(nextResponse(state, snapshot)?.response.resources.map(({ name }) => name)).toEqual(['web']);
  });

  it('without a type, or beyond the limits, break the protocol', () => {
    const limits = { maxTypes: 1, maxNames: 2 };
    expect(() => receiveSotw(openStream('sotw'), {})).toThrow(ProtocolError);
    const { state } = receiveSotw(openStream('sotw'), { typeUrl: clusterType }, limits);
    expect(() => receiveSotw(state, { typeUrl: endpointType }, limits)).toThrow('at most 1 types');
    const resourceNames = ['a', 'b', 'c'];
    expect(() => receiveSotw(state, { typeUrl: clusterType, resourceNames }, limits)).toThrow('at most 2 names, got 3');
  });
});
