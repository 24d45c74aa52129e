import { describe, expect, it } from 'vitest';
import { readConfig } from './options.ts';

describe('options of the process', () => {
  it('come from flags, or else from the environment', () => {
    const options = readConfig(
      ['--node-name=n1', '--driver', 'process', '--address', '10.0.0.1', '--label', 'zone=a'],
      {
        GANTRY_NODE_NAME: 'other',
        GANTRY_SERVER: '10.0.0.9:7443',
        GANTRY_ROOT_DIR: '/data',
        GANTRY_HEARTBEAT_MS: '500',
      },
    );
    expect(options).toMatchObject({
      api: '10.0.0.9:7443',
      driver: 'process',
      agent: {
        nodeName: 'n1',
        rootDir: '/data',
        addresses: ['10.0.0.1'],
        listen: { host: '10.0.0.1', port: 0 },
        labels: { zone: 'a' },
      },
    });
    expect(options.agent.nodeTimes).toMatchObject({ heartbeatMs: 500 });
    expect(options.agent.network).toBeUndefined();
  });

  it('say what the node is, where a provider has made its machine', () => {
    const { agent } = readConfig(['--provider-id', 'local://n1', '--capacity', 'cpu=2', '--taint', 'a=b:NoSchedule'], {
      GANTRY_LABEL: 'zone=a,team=b',
    });
    expect(agent).toMatchObject({
      providerId: 'local://n1',
      capacity: { cpu: '2' },
      taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }],
      labels: { zone: 'a', team: 'b' },
    });
  });

  it('enter the node’s network namespace where one is named', () => {
    const { agent } = readConfig(['--netns', '/run/netns/n1', '--cluster-cidr', '10.64.0.0/16'], {});
    expect(agent.network).toEqual({
      commandPrefix: ['nsenter', '--net=/run/netns/n1'],
      clusterCidr: '10.64.0.0/16',
      serviceCidr: '10.96.0.0/16',
      dnsAddress: '10.96.0.10',
    });
  });

  it.each([
    [['--driver', 'docker'], '--driver: Unsupported value: "docker"'],
    [['--max-pods', 'many'], '--max-pods: Invalid value: "many"'],
    [['--max-pods', '-1'], "Option '--max-pods"],
    [['--listen', 'nowhere'], '--listen: Invalid value: "nowhere"'],
    [
      ['--cluster-cidr', '10.64.0.0/16', '--service-cidr', '10.97.0.0/16'],
      '--service-cidr: Invalid value: "10.97.0.0/16": must contain the address of --cluster-dns, 10.96.0.10',
    ],
    [['--capacity', 'cpu=much'], '--capacity: Invalid value: "cpu=much": must be resource=quantity'],
    [['--taint', 'a=b'], '--taint: Invalid value: "a=b": must be key=value:effect'],
    [['--label', 'x'], '--label: Invalid value: "x"'],
    [['--nope'], "Unknown option '--nope'"],
  ])('%j are refused', (argv, message) => {
    expect(() => readConfig(argv, {})).toThrow(message);
  });
});
