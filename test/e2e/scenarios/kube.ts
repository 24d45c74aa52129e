import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { TestCluster } from '../harness.ts';
import { podsOf } from '../hello.ts';

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

    test('is of no use without the authority of the cluster', async () => {
      await expect(ask(cluster(), '/version', '')).rejects.toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    });
  });
}

/** Asks as a client does that reads the kubeconfig. */
async function ask(
  { stateDir }: TestCluster,
  path: string,
  authority?: string,
): Promise<{ readonly code: number; readonly text: string }> {
  const config = parse(await readFile(join(stateDir, 'kubeconfig'), 'utf8'));
  const { server, 'certificate-authority-data': data } = config.clusters[0].cluster;
  const { 'client-certificate-data': certificate, 'client-key-data': clientKey } = config.users[0].user;
  const [ca = '', cert, key] = [data, certificate, clientKey].map((each) => Buffer.from(each, 'base64').toString());
  const trusted = authority ?? ca;
  const options = { cert, key, agent: false, ...(trusted === '' ? {} : { ca: trusted }) };
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
