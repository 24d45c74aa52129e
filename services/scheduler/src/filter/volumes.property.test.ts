import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { compileClaim, compileStorageClass, compileVolume } from '../compile/volumes.ts';
import { spreadProfile } from '../profiles.ts';
import { Scheduler } from '../scheduler.ts';
import { arbitraryNodes } from '../testing/arbitrary.ts';
import { arbitraryStorage, claimNames } from '../testing/arbitrary-storage.ts';
import { nodeNamed, podNamed, volumesOf } from '../testing/builders.ts';
import { mayTake, type Picture, type PlacedPod } from '../testing/oracle.ts';

const podClaims = fc.array(fc.uniqueArray(fc.constantFrom(...claimNames), { minLength: 1, maxLength: 2 }), {
  minLength: 1,
  maxLength: 8,
});

test('pods with claims get nodes that the oracle allows, and wait only where it allows none', () => {
  fc.assert(
    fc.property(arbitraryNodes, arbitraryStorage, podClaims, (nodeFields, { claims, volumes, classes }, pods) => {
      const compiler = new PodCompiler();
      const scheduler = new Scheduler({ profiles: { p: spreadProfile }, seed: 1, batchSize: 3 });
      const nodes = nodeFields.map((fields, index) => compileNode(nodeNamed(`n${index}`, fields)));
      const storage = {
        claims: new Map(claims.map((claim) => [`default/${claim.metadata.name}`, compileClaim(claim)])),
        volumes: new Map(volumes.map((volume) => [volume.metadata.name, compileVolume(volume)])),
        classes: new Map(classes.map((one) => [one.metadata.name, compileStorageClass(one)])),
      };
      for (const node of nodes) scheduler.setNode(node);
      for (const [key, claim] of storage.claims) scheduler.setClaim(key, claim);
      for (const [name, volume] of storage.volumes) scheduler.setVolume(name, volume);
      for (const [name, storageClass] of storage.classes) scheduler.setStorageClass(name, storageClass);
      const placed: PlacedPod[] = [];
      const allowed = (pod: PlacedPod['pod'], before: number): string[] => {
        const picture: Picture = { nodes, namespaces: new Map(), placed: placed.slice(0, before), storage };
        return nodes.filter((node) => mayTake(pod.requirement, node, picture)).map(({ name }) => name);
      };
      for (const [index, names] of pods.entries()) {
        const fields = { schedulerName: 'p', requests: { cpu: '100m' }, volumes: volumesOf(...names) };
        scheduler.setPod(compiler.compile(podNamed(`p${index}`, fields)));
        const { placements, waiting } = scheduler.cycle(0);
        for (const { entry, nodeName } of placements) {
          expect(allowed(entry.info, placed.length), `${entry.pod.name} was put on ${nodeName}`).toContain(nodeName);
          placed.push({ pod: entry.info, node: nodeName, devices: [] });
        }
        for (const { entry } of waiting) expect(allowed(entry.info, placed.length)).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
}, 60_000);
