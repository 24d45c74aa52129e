import { messageSchema } from '@gantry/model/schema.ts';
import { describe, expect, it } from 'vitest';
import { formatObjects, objectLabel } from './objects.ts';
import { formatOutline } from './outline.ts';
import { formatTable } from './table.ts';

describe('formatTable', () => {
  it('makes columns as wide as their widest cell', () => {
    expect(
      formatTable(
        ['NAME', 'AGE'],
        [
          ['web', '5m'],
          ['database', '10s'],
        ],
      ),
    ).toBe('NAME       AGE\nweb        5m\ndatabase   10s\n');
    expect(formatTable(undefined, [['a', 'b']])).toBe('a   b\n');
  });
});

describe('formatOutline', () => {
  it('tells fields by title, leaves users’ words alone and passes over what is empty', () => {
    const outline = formatOutline({
      name: 'web',
      labels: { app: 'x' },
      podIP: '10.0.0.1',
      args: ['a', 'b'],
      containers: [{ name: 'c', image: 'i' }],
      nothing: {},
    });
    expect(outline).toBe(
      'Name:    web\nLabels:\n  app:  x\nPod IP:  10.0.0.1\nArgs:    a, b\nContainers:\n  c:\n    Image:  i\n',
    );
  });
});

describe('titles', () => {
  it.each([
    ['podIPs', 'Pod IPs'],
    ['clusterIPs', 'Cluster IPs'],
    ['podCIDRs', 'Pod CIDRs'],
    ['targetWWNs', 'Target WWNs'],
    ['apiVersion', 'API Version'],
    ['qosClass', 'QoS Class'],
    ['hostIPC', 'Host IPC'],
    ['setHostnameAsFQDN', 'Set Hostname As FQDN'],
    ['loadBalancerIP', 'Load Balancer IP'],
    ['downwardAPI', 'Downward API'],
    ['ip', 'IP'],
  ])('of %s is %s', (field, title) => {
    expect(formatOutline({ [field]: 'x' })).toBe(`${title}:  x\n`);
  });

  it('of every field of the schema are whole words', () => {
    const fields = new Set<string>();
    const seen = new Set<string>();
    const walk = (message: string): void => {
      if (seen.has(message)) return;
      seen.add(message);
      for (const { name, type } of messageSchema(message).fields) {
        fields.add(name);
        if (type.kind === 'message') walk(type.name);
      }
    };
    for (const name of ['api.v1.Object', 'meta.v1.ObjectMeta']) walk(`gantry.${name}`);
    const titles = [...fields].map((field) => formatOutline({ [field]: 'x' }).split(':')[0]!);
    expect(titles.length).toBeGreaterThan(500);
    expect(titles.filter((title) => / [A-Za-z]( |$)/.test(title))).toEqual([]);
  });
});

describe('objects', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } };

  it('are labelled with their group', () => {
    expect(objectLabel(pod)).toBe('pod/web');
    expect(objectLabel({ ...pod, apiVersion: 'apps/v1', kind: 'Deployment' })).toBe('deployment.apps/web');
  });

  it('are printed alone or as a list', async () => {
    expect(await formatObjects('yaml', [pod], false)).toBe('apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n');
    expect(JSON.parse(await formatObjects('json', [pod], true))).toMatchObject({ kind: 'List', items: [pod] });
  });
});
