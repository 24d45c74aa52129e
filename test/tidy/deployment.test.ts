import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { options as apiOptions, defaultApiConfig } from '@gantry/api/config.ts';
import { parseEncryption } from '@gantry/api/encryption/config.ts';
import { options as controllersOptions } from '@gantry/controllers/config.ts';
import { options as nodeAgentOptions } from '@gantry/node-agent/options.ts';
import type { OptionSpec } from '@gantry/runtime/options.ts';
import { defaultSchedulerConfig, options as schedulerOptions } from '@gantry/scheduler/config.ts';
import { defaultConfig as defaultXdsConfig, options as xdsOptions } from '@gantry/xds-lb/config.ts';
import { envoyMetrics } from '@gantry/xds-lb/traffic/sink.ts';
import { bootstrap } from 'envoy-control-plane-ts/process/bootstrap.ts';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

// The Dockerfile, the compose file and the Helm chart are run by engines that no test has: this holds the promises that can
// be read from the files themselves.

const root = join(fileURLToPath(new URL('.', import.meta.url)), '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');

interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly network_mode?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const values = parse(read('helm/gantry/values.yaml'));
const templates = tracked.filter((path) => path.startsWith('helm/gantry/templates/')).map(read);

const [controlPlane, openApi] = [/kind: Deployment/, /kind: NetworkPolicy/].map(
  (kind) => templates.find((text) => kind.test(text))!,
) as [string, string];

/** Path from which services read the cluster's token. */
const credentialsSource = 'packages/client/src/credentials.ts';

/** Names of the variables that a service reads. */
function variablesOf(service: string): Set<string> {
  const sources = tracked.filter((path) => path.startsWith(`services/${service}/src/`) && !path.includes('.test.'));
  const shared = sources.some((path) => read(path).includes('credentialsFromEnv')) ? [credentialsSource] : [];
  const named = [...sources, ...shared].flatMap((path) => read(path).match(/GANTRY_[A-Z_]+/g) ?? []);
  return new Set([...named, ...Object.values(optionsOf[service]!).map(({ env }) => env)]);
}

const optionsOf: Readonly<Record<string, Readonly<Record<string, OptionSpec>>>> = {
  api: apiOptions,
  controllers: controllersOptions,
  'node-agent': nodeAgentOptions,
  scheduler: schedulerOptions,
  'xds-lb': xdsOptions,
};

/** The settings that open a port, other than Envoy's for the users' traffic. */
const opensPort = /_LISTEN$|_HOST$|_DIAGNOSTICS$/;

const services = Object.entries(compose.services);
const ours = services.filter(([, { command }]) => command?.[0]?.startsWith('services/'));

describe('docker-compose.yml', () => {
  it('opens no port beyond this machine', () => {
    for (const [name, service] of services) {
      expect(service, name).toMatchObject({ network_mode: 'host' });
      expect(service.ports, name).toBeUndefined();
      for (const [variable, value] of Object.entries(service.environment ?? {})) {
        if (opensPort.test(variable)) expect(value, `${name} ${variable}`).toMatch(/^127\.0\.0\.1(:|$)/);
      }
    }
    expect(compose.configs.redis!.content).toMatch(/^bind 127\.0\.0\.1$/m);
    expect(compose.configs.nats!.content).toMatch(/^listen: "127\.0\.0\.1:/m);
    // Defaults.
    expect([defaultApiConfig.listen, defaultSchedulerConfig.listen, defaultXdsConfig.xdsHost]).toEqual([
      '127.0.0.1:7443',
      '127.0.0.1:0',
      '127.0.0.1',
    ]);
    // A node agent listens on the node's address by itself.
    expect(compose.services['node-agent']!.environment).toHaveProperty('GANTRY_LISTEN');
  });

  it('trusts no network, and lets nobody in without a certificate, the token or the password', () => {
    for (const [name, { environment, volumes }] of ours) {
      expect(environment!.GANTRY_CERTS, name).toMatch(/^\/certs\/[a-z-]+/);
      // The authority's key is nobody's but its keeper's.
      expect(volumes, name).toContain('certs:/certs:ro');
    }
    const keepers = services.filter(([, { volumes }]) => volumes?.some((volume) => volume.startsWith('authority:')));
    expect(keepers.map(([name]) => name)).toEqual(['certs']);
    expect(ours.filter(([, { environment }]) => 'GANTRY_TOKEN' in environment!).map(([name]) => name)).toEqual(['api']);
    expect(compose.services.api!.environment!.GANTRY_TOKEN).toMatch(/^\$\{GANTRY_TOKEN:\?/);
    for (const [name, { environment = {} }] of services) {
      expect(
        Object.keys(environment).filter((variable) => variable.endsWith('_TRUST_NETWORK')),
        name,
      ).toEqual([]);
      for (const variable of ['GANTRY_STORE', 'GANTRY_EVENTS']) {
        if (variable in environment)
          expect(environment[variable]).toMatch(/^(rediss|tls):\/\/(gantry)?:\$\{GANTRY_PASSWORD\}@127/);
      }
    }
    expect(compose.configs.redis!.content).toMatch(/^requirepass \$\{GANTRY_PASSWORD\}$/m);
    expect(compose.configs.nats!.content).toMatch(
      /^authorization \{ user: "gantry", password: "\$\{GANTRY_PASSWORD\}" \}$/m,
    );
    expect(compose.configs.redis!.content).toMatch(/^port 0\ntls-port 7445$/m);
    expect(compose.configs.redis!.content).toMatch(/^tls-auth-clients yes$/m);
    expect(compose.configs.nats!.content).toMatch(/^tls \{ .*, verify: true \}$/m);
    // It has no default.
    expect(compose.services.redis!.environment!.REDISCLI_AUTH).toMatch(/^\$\{GANTRY_PASSWORD:\?/);
  });

  it('encrypts Secrets in the store by a key that has no default', () => {
    const text = compose.configs.encryption!.content;
    const [rule] = parseEncryption(
      text.replace(/\$\{GANTRY_ENCRYPTION_KEY:\?[^}]*\}/, Buffer.alloc(32).toString('base64')),
    );
    expect(rule).toMatchObject({ resources: ['secrets'], providers: [{ type: 'aesgcm' }, { type: 'identity' }] });
    expect(compose.services.api!.environment!.GANTRY_API_ENCRYPTION_CONFIG).toBe('/etc/gantry/encryption.yaml');
    expect(controlPlane).toContain('{ name: encryption, mountPath: /encryption, readOnly: true }');
  });

  it('gives a node the ranges that turn on service addresses and DNS', () => {
    const { environment } = compose.services['node-agent']!;
    expect(Object.keys(environment!)).toEqual(expect.arrayContaining(['GANTRY_POD_CIDR', 'GANTRY_CLUSTER_CIDR']));
  });
});

describe('settings', () => {
  it('in docker-compose.yml are ones that the services read', () => {
    expect(ours).not.toEqual([]);
    for (const [name, { environment, command }] of ours) {
      const known = variablesOf(command![0]!.split('/')[1]!);
      expect(
        Object.keys(environment!).filter((variable) => !known.has(variable)),
        name,
      ).toEqual([]);
    }
  });

  it('in the Helm chart are ones that the services read', () => {
    const known = new Set(['api', 'scheduler', 'controllers', 'xds-lb'].flatMap((name) => [...variablesOf(name)]));
    const used = templates.flatMap((text) => text.match(/GANTRY_[A-Z_]+/g) ?? []);
    expect(used).not.toEqual([]);
    expect(used.filter((variable) => !known.has(variable))).toEqual([]);
  });
});

describe('the Helm chart', () => {
  it('exposes nothing by default, and never trusts a network', () => {
    expect(values).toMatchObject({ hostNetwork: false, api: { exposed: false, allowFrom: [] } });
    expect(controlPlane).toContain('(ternary (printf "0.0.0.0:%v" .Values.api.port) $server .Values.api.exposed)');
    expect(controlPlane).toContain('$server := printf "127.0.0.1:%v"');
    expect(templates.join('')).not.toContain('TRUST_NETWORK');
  });

  it('opens only ports that change nothing', () => {
    const open = [...controlPlane.matchAll(/"(GANTRY_\w+)" "(?:0\.0\.0\.0|::)/g)].map(([, variable]) => variable);
    expect(open.filter((variable) => !/_DIAGNOSTICS(_HOST)?$|_TRAFFIC_LISTEN$/.test(variable!))).toEqual([]);
    // PlacementService moves pods for whoever asks: it stays where it listens by itself.
    expect(controlPlane).not.toContain('GANTRY_SCHEDULER_LISTEN');
  });

  it('opens the api only together with a policy that says to whom', () => {
    expect(openApi).toMatch(
      /^\{\{- if \.Values\.api\.exposed \}\}\n\{\{- if not \.Values\.api\.allowFrom \}\}\n\{\{- fail /,
    );
    expect(controlPlane).not.toContain('kind: Service\n');
  });

  it('gives each service its own certificate, and the authority’s key to their keeper alone', () => {
    expect(controlPlane).toContain('{ name: certs, mountPath: /certs, subPath: {{ .name }}, readOnly: true }');
    expect(controlPlane.match(/name: authority, mountPath/g)).toHaveLength(1);
    expect(controlPlane.match(/name: GANTRY_TOKEN/g)).toHaveLength(1);
    expect(controlPlane).toContain('scheme: HTTPS');
  });

  it('wants passwords for Redis and NATS, and keeps them and the token in a Secret', () => {
    expect(values).toMatchObject({ store: '', events: '' });
    expect(controlPlane.match(/fail "(store|events): Required value/g)).toHaveLength(2);
    expect(controlPlane).not.toMatch(/value: .*\.Values\.(store|events|token)/);
  });
});

describe('Envoy', () => {
  const { admin, static_resources, ...rest } = parse(read('helm/gantry/files/envoy.yaml'));

  it('is configured through the socket of xds-lb, which runs as the same user', () => {
    const socket = '/run/gantry/xds.sock';
    expect(JSON.stringify(static_resources)).toContain(`{"pipe":{"path":"${socket}"}}`);
    expect(compose.services['xds-lb']!.environment!.GANTRY_XDS_SOCKET).toBe(socket);
    expect(controlPlane).toContain(`"GANTRY_XDS_SOCKET" "${socket}"`);
    // The user `node` of the image.
    expect(compose.services.envoy).toHaveProperty('user', '1000:1000');
    expect(controlPlane).toContain('runAsUser: 1000');
  });

  const options = { xdsAddress: 'unix:/run/gantry/xds.sock', nodeId: 'envoy', adminSocket: '/tmp/envoy-admin.sock' };

  it('waits for xds-lb as every Envoy of Gantry does', () => {
    const made = bootstrap(options) as {
      readonly dynamic_resources: { readonly ads_config: object };
      readonly static_resources: { readonly clusters: readonly { readonly circuit_breakers: object }[] };
    };
    expect(rest.dynamic_resources.ads_config).toEqual(made.dynamic_resources.ads_config);
    expect(static_resources.clusters[0].circuit_breakers).toEqual(made.static_resources.clusters[0]!.circuit_breakers);
  });

  it('sends the statistics that xds-lb reads', () => {
    const { stats_flush_interval, stats_sinks, stats_config } = bootstrap({
      ...options,
      metrics: envoyMetrics,
    }) as Record<string, unknown>;
    expect(rest).toMatchObject({ stats_flush_interval, stats_sinks, stats_config });
  });

  it('has an admin interface that its own user alone can open', () => {
    expect(admin).toEqual({ address: { pipe: { path: '/tmp/envoy-admin.sock', mode: 0o600 } } });
  });
});

describe('the Dockerfile', () => {
  const dockerfile = read('Dockerfile');

  it('installs the packages of every workspace', () => {
    const manifests = tracked.filter((path) => path.endsWith('/package.json') && !path.includes('node_modules'));
    const missing = manifests.filter(
      (path) => !dockerfile.includes(`COPY ${path} ${path.replace(/package\.json$/, '')}\n`),
    );
    expect(missing).toEqual([]);
  });

  it('takes over every node_modules that npm made', () => {
    expect(dockerfile).toContain('COPY --from=dependencies /gantry ./\nCOPY . .\n');
    // Files of the second COPY must not lie over them.
    expect(read('.dockerignore').split('\n')).toContain('**/node_modules');
  });

  it('takes no secret into the image, and git takes none', () => {
    // Compose reads the token and the password from there.
    for (const list of ['.dockerignore', '.gitignore']) expect(read(list).split('\n'), list).toContain('.env');
    expect(read('.dockerignore').split('\n')).toContain('.gantry');
  });

  it('keeps its data in a volume that the user of the services owns', () => {
    const [, folder] = /^VOLUME (\S+)$/m.exec(dockerfile)!;
    expect(dockerfile).toMatch(new RegExp(`chown node:node .*${folder}`));
    expect(dockerfile).toMatch(/chown node:node .*\/run\/gantry/);
    expect(dockerfile).toContain(`ENV GANTRY_STORE=sqlite:${folder}/state.db\n`);
    expect(dockerfile.indexOf('chown')).toBeLessThan(dockerfile.indexOf('USER node'));
    expect(dockerfile).toMatch(new RegExp(`^#.*docker run .*--volume gantry:${folder} `, 'm'));
  });
});
