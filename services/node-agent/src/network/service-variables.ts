import type { Pod, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EnvVar } from '../runtime/runtime.ts';
import { hasClusterIp, protocolOf } from './endpoints.ts';

/** The service of the api, which each container is told of. */
const apiServiceName = 'kubernetes';

/**
 * The services that a pod's containers are told of: those of its namespace, unless it wants none, and everywhere that of the api. One
 * of the same name in the pod's namespace counts more.
 * @param ofDefault Services of the namespace default.
 */
export function linkedServices(
  ofDefault: readonly Service[],
  ofNamespace: readonly Service[],
  { spec: { enableServiceLinks } }: Pick<Pod, 'spec'>,
): Service[] {
  const own = enableServiceLinks === false ? [] : ofNamespace;
  const hasOwn = own.some(({ metadata }) => metadata.name === apiServiceName);
  return [...(hasOwn ? [] : ofDefault.filter(({ metadata }) => metadata.name === apiServiceName)), ...own];
}

/** Variables that tell a container of the services of its namespace, as Docker's links did: `WEB_SERVICE_HOST` and so on. */
export function serviceVariables(services: readonly Service[]): EnvVar[] {
  return services.filter(hasClusterIp).flatMap((service) => {
    const prefix = (service.metadata.name ?? '').toUpperCase().replaceAll('-', '_');
    const ip = service.spec?.clusterIP ?? '';
    const ports = service.spec?.ports ?? [];
    const [first] = ports;
    if (first === undefined) return [];
    const variables: [string, string][] = [
      [`${prefix}_SERVICE_HOST`, ip],
      [`${prefix}_SERVICE_PORT`, String(first.port)],
      ...ports
        .filter(({ name }) => name)
        .map(({ name = '', port }): [string, string] => [
          `${prefix}_SERVICE_PORT_${name.toUpperCase().replaceAll('-', '_')}`,
          String(port),
        ]),
      [`${prefix}_PORT`, `${protocolOf(first).toLowerCase()}://${ip}:${first.port}`],
      ...ports.flatMap((port): [string, string][] => {
        const protocol = protocolOf(port).toLowerCase();
        const link = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
        return [
          [link, `${protocol}://${ip}:${port.port}`],
          [`${link}_PROTO`, protocol],
          [`${link}_PORT`, String(port.port)],
          [`${link}_ADDR`, ip],
        ];
      }),
    ];
    return variables.map(([name, value]) => ({ name, value }));
  });
}
