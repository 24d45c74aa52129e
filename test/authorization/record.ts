/**
 * Records a real kube-apiserver's answers to the questions of the table: `npm run authorization`, with PEERS as the differential tests
 * have it.
 */
import { writeFile } from 'node:fs/promises';
import type { ClusterRole } from '@gantry/model/gen/gantry.rbac.v1.ts';
import { aggregatedRules } from '@gantry/model/kinds/clusterrole/aggregation.ts';
import { Oracle } from '../differential/oracle.ts';
import { askers, bindingsOfAskers, ownNamespace, questions, specOf } from './table.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** Sends a request and throws where it fails. */
async function must(oracle: Oracle, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await oracle.send(method, path, body);
  if (answer.code >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Gives aggregated roles their rules, as a controller does in a whole cluster: innermost first. */
async function aggregate(oracle: Oracle): Promise<void> {
  for (const name of ['view', 'edit', 'admin']) {
    const { items } = (await must(oracle, 'GET', `${rbac}/clusterroles`)) as { items: ClusterRole[] };
    const role = items.find(({ metadata }) => metadata.name === name)!;
    await must(oracle, 'PUT', `${rbac}/clusterroles/${name}`, { ...role, rules: aggregatedRules(role, items) });
  }
}

const { PEERS: peers } = process.env;
if (peers === undefined) throw new Error('PEERS names the folder whose bin/ holds etcd and kube-apiserver');
await using oracle = await Oracle.start(peers, 'Node,RBAC');
await aggregate(oracle);
await must(oracle, 'POST', '/api/v1/namespaces', { metadata: { name: ownNamespace } });
for (const binding of bindingsOfAskers() as { kind: string; metadata: { namespace?: string } }[]) {
  const { namespace } = binding.metadata;
  const folder = namespace === undefined ? rbac : `${rbac}/namespaces/${namespace}`;
  await must(oracle, 'POST', `${folder}/${binding.kind.toLowerCase()}s`, binding);
}
const lines: string[] = [];
for (const question of questions) {
  const allowed: string[] = [];
  for (const asker of askers) {
    const spec = specOf(question, asker);
    const body = await must(oracle, 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec });
    if ((body.status as { allowed: boolean }).allowed) allowed.push(asker.name);
  }
  lines.push(`  ${JSON.stringify(question)}: ${JSON.stringify(allowed)}`);
}
await writeFile(new URL('./answers.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`);
