import { describe, expect, it } from 'vitest';
import { decodeManifest } from '../../decode.ts';
import type { Pod } from '../../gen/gantry.core.v1.ts';
import { pod } from './pod.ts';

function podOf(spec: string): Pod {
  const object = decodeManifest(`{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: ${spec}}`) as Pod;
  pod.setDefaults(object);
  return object;
}

const { transfer, validate } = pod.subresources!.resize!;

/** A stored pod after a client asked for another one by way of the resize. */
function resized(before: string, after: string): { readonly pod: Pod; readonly problems: string[] } {
  const stored = podOf(before);
  const object = structuredClone(stored);
  transfer!(object, podOf(after), 0);
  pod.setDefaults(object);
  return { pod: object, problems: validate!(object, stored).map(({ field, message }) => `${field}: ${message}`) };
}

const container = (resources: string, image = 'i') =>
  `{containers: [{name: c, image: ${image}, resources: ${resources}}]}`;

describe('a resize', () => {
  it('takes resources alone', () => {
    const { pod: object, problems } = resized(
      container('{requests: {cpu: 100m}}'),
      container('{requests: {cpu: 200m}, limits: {cpu: 300m}}', 'other'),
    );
    expect(problems).toEqual([]);
    expect(object.spec.containers[0]).toMatchObject({
      image: 'i',
      resources: { requests: { cpu: '200m' }, limits: { cpu: '300m' } },
    });
  });

  it.each([
    [
      container('{}'),
      container('{requests: {cpu: "1"}}'),
      'spec: Invalid value: "": Pod QOS Class may not change as a result of resizing',
    ],
    [
      container('{requests: {cpu: "1", memory: 1Gi}}'),
      container('{requests: {cpu: "1"}}'),
      'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
    ],
    [
      container('{requests: {cpu: "1"}}'),
      container('{requests: {cpu: "1", ephemeral-storage: 1Gi}}'),
      'spec: Forbidden: only cpu and memory resources are mutable',
    ],
    [
      container('{requests: {cpu: "1"}}'),
      '{containers: [{name: c, image: i, resources: {requests: {cpu: "1"}}}, {name: d, image: i}]}',
      'spec.containers: Forbidden: containers may not be added or removed on resize',
    ],
  ])('of %s to %s is refused', (before, after, problem) => {
    expect(resized(before, after).problems).toEqual([problem]);
  });

  it('keeps the resources of a pod as a whole where a client leaves them out', () => {
    const { pod: object, problems } = resized(
      '{containers: [{name: c, image: i, resources: {requests: {cpu: "1"}}}], resources: {requests: {cpu: "2"}}}',
      container('{requests: {cpu: 1500m}}'),
    );
    expect(problems).toEqual([]);
    expect(object.spec.resources).toEqual({ requests: { cpu: '2' } });
  });
});
