import { ask } from '@gantry/bench/http-load.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, test } from 'vitest';
import { gantryOk } from '../command.ts';
import type { Form, TestCluster } from '../harness.ts';
import { containerRuns, isReady, podsOf, untilReady } from '../hello.ts';
import { eventually } from '../wait.ts';

const url = 'http://127.0.0.1:8081/';

/** Four web servers that are given up a second after their node went silent. */
const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: movable}
spec:
  replicas: 4
  selector: {matchLabels: {app: movable}}
  template:
    metadata: {labels: {app: movable}}
    spec:
      terminationGracePeriodSeconds: 1
      tolerations:
        - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
        - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
      containers:
        - name: web
          image: gantry.dev/hello:1
          ports: [{name: http, containerPort: 8080}]
          env:
            - {name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
          readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: movable}
spec:
  type: LoadBalancer
  selector: {app: movable}
  ports: [{port: 8081, targetPort: http}]
`;

/** A node whose plug is pulled. */
export function nodeScenarios(form: Form, cluster: () => TestCluster): void {
  const nodesOf = (pods: readonly Pod[]): Set<string | undefined> => new Set(pods.map(({ spec }) => spec.nodeName));

  // In one process there is no agent that could be frozen by itself.
  if (form === 'distributed') {
    test('a node that is not heard is marked, and used again once it is heard, with the pods that it had', async () => {
      const before = containerRuns(await untilReady(cluster(), 'hello', 3));
      const { 'node-2': agent } = await cluster().pids();
      process.kill(agent!, 'SIGSTOP');
      await eventually('the node is marked', async () => !(await isNodeReady()));
      await eventually('its pods take no traffic', async () => !(await podsOf(cluster(), 'hello')).every(isReady));
      process.kill(agent!, 'SIGCONT');
      await eventually('the node is ready', isNodeReady);
      expect(containerRuns(await untilReady(cluster(), 'hello', 3))).toEqual(before);
    });
  }

  describe('a node that is switched off', () => {
    test('has its pods run elsewhere and leaves Envoy; switched on again, it is used again', async () => {
      await gantryOk(cluster(), ['apply', '-f', '-'], manifest);
      expect(nodesOf(await untilReady(cluster(), 'movable', 4))).toEqual(new Set(['node-1', 'node-2']));
      await eventually('both nodes answer', async () => (await answering()).size === 2);

      await cluster().powerOff('node-2');
      const offAtMs = performance.now();
      await eventually('all pods run on the other node', async () => {
        const pods = await untilReady(cluster(), 'movable', 4);
        return nodesOf(pods).size === 1;
      });
      await eventually('Envoy goes to the other node alone', async () => {
        const nodes = await answering();
        return nodes.size === 1 && nodes.has('node-1');
      });
      // For the reader: how long that takes depends on the machine, and is no part of the test.
      console.log(`pods moved ${Math.round(performance.now() - offAtMs)} ms after their node was switched off`);
      expect(await gantryOk(cluster(), ['get', 'nodes', '--no-headers'])).toMatch(
        /^node-1 +Ready .*\nnode-2 +NotReady /,
      );

      await cluster().powerOn('node-2');
      await eventually('the node is ready', isNodeReady);
      await gantryOk(cluster(), ['scale', 'deploy/movable', '--replicas', '8']);
      expect(nodesOf(await untilReady(cluster(), 'movable', 8))).toEqual(new Set(['node-1', 'node-2']));
      await eventually('both nodes answer again', async () => (await answering()).size === 2);
      // Pods that wait longer than the node was away are still its own.
      await untilReady(cluster(), 'hello', 3);
      await gantryOk(cluster(), ['delete', '-f', '-'], manifest);
      await untilReady(cluster(), 'movable', 0);
    });
  });

  async function isNodeReady(): Promise<boolean> {
    return /^node-2 +Ready /m.test(await gantryOk(cluster(), ['get', 'nodes', '--no-headers']));
  }

  /** The nodes that answer forty requests in a row. */
  async function answering(): Promise<Set<string>> {
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(url)));
    return new Set(answers.map((answer) => /on (\S+)$/.exec(answer)![1]!));
  }
}
