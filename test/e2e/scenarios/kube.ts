import { readFile, stat } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { gantryOk } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { podsOf, untilReady } from '../hello.ts';
import { eventually } from '../wait.ts';

/** The way in for kubectl: the kubeconfig that the start wrote leads to the api over TLS. */
export function kubeScenarios(cluster: () => TestCluster): void {
  describe('the kubeconfig', () => {
    test('leads to the objects of the cluster and to the logs of its pods', async () => {
      const version = await ask(cluster(), '/version');
      expect(JSON.parse(version.text)).toMatchObject({ major: '1', platform: expect.stringContaining('linux') });
      const nodes = await ask(cluster(), '/api/v1/nodes');
      expect(nodes.code).toBe(200);
      const names = JSON.parse(nodes.text).items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
      expect(names).toEqual(['node-1', 'node-2']);
      const [pod] = await podsOf(cluster(), 'hello');
      const log = await ask(cluster(), `/api/v1/namespaces/default/pods/${pod!.metadata.name}/log`);
      expect(log).toMatchObject({ code: 200, text: expect.stringContaining('listening on port 8080') });
    });

    test('of a second user, made by one command, gives what roles give', async () => {
      const path = join(cluster().stateDir, 'ann.kubeconfig');
      await gantryOk(cluster(), ['user', 'create', 'ann', '--kubeconfig', path]);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const pods = (namespace: string) => askBy(path, `/api/v1/namespaces/${namespace}/pods`);
      expect(await pods('default')).toMatchObject({
        code: 403,
        text: expect.stringContaining('User \\"ann\\" cannot list'),
      });
      const metadata = { name: 'ann', namespace: 'default' };
      await cluster().client.create({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ann' }],
      });
      await eventually('ann may look', async () => (await pods('default')).code === 200);
      expect(await pods('kube-system')).toMatchObject({ code: 403 });
      expect(await askBy(path, '/api/v1/namespaces/default/secrets')).toMatchObject({ code: 403 });
    });

    test("is not needed in pods: each has its account's token, which ends with the pod", async () => {
      const [pod] = await untilReady(cluster(), 'hello', 3);
      const { name } = pod!.metadata;
      const file = (path: string) =>
        gantryOk(cluster(), ['exec', name, '--', 'cat', `/var/run/secrets/kubernetes.io/serviceaccount/${path}`]);
      const [token, ca, namespace] = await Promise.all(['token', 'ca.crt', 'namespace'].map(file));
      expect(namespace).toBe('default');
      const { server } = parse(await readFile(join(cluster().stateDir, 'kubeconfig'), 'utf8')).clusters[0].cluster;
      const headers = { authorization: `Bearer ${token}` };
      const use = () => send(server, '/api/v1/nodes', { ca, servername: 'kubernetes.default.svc', headers });
      expect(await use()).toMatchObject({
        code: 403,
        text: expect.stringContaining('User \\"system:serviceaccount:default:default\\" cannot list'),
      });
      await gantryOk(cluster(), ['delete', 'pod', name]);
      await eventually('the token ends', async () => (await use()).code === 401);
      await untilReady(cluster(), 'hello', 3);
    });

    test('is of no use without the authority of the cluster', async () => {
      await expect(ask(cluster(), '/version', '')).rejects.toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    });
  });
}

/** Asks as a client does that reads the administrator's kubeconfig. */
function ask({ stateDir }: TestCluster, path: string, authority?: string): Promise<Told> {
  return askBy(join(stateDir, 'kubeconfig'), path, authority);
}

/** Asks as a client does that reads a kubeconfig. */
async function askBy(kubeconfig: string, path: string, authority?: string): Promise<Told> {
  const config = parse(await readFile(kubeconfig, 'utf8'));
  const { server, 'certificate-authority-data': data, 'tls-server-name': servername } = config.clusters[0].cluster;
  const { 'client-certificate-data': certificate, 'client-key-data': clientKey } = config.users[0].user;
  const [ca = '', cert, key] = [data, certificate, clientKey].map((each) => Buffer.from(each, 'base64').toString());
  const trusted = authority ?? ca;
  return await send(server, path, { cert, key, servername, ...(trusted === '' ? {} : { ca: trusted }) });
}

/** An answer. */
interface Told {
  readonly code: number;
  readonly text: string;
}

async function send(server: string, path: string, more: RequestOptions): Promise<Told> {
  const options = { agent: false, ...more };
  return await new Promise((resolve, reject) => {
    const asked = request(new URL(path, server), options, async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve({ code: response.statusCode ?? 0, text });
    });
    asked.on('error', reject);
    asked.end();
  });
}
