import type { Endpoints } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { validateEndpoints } from './validation.ts';

/** core/v1 Endpoints. */
export const endpoints: Kind<Endpoints> = {
  kind: 'Endpoints',
  group: '',
  version: 'v1',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  message: 'gantry.core.v1.Endpoints',
  objectField: 'endpoints',
  hasStatus: false,
  setDefaults: ({ subsets = [] }) => {
    for (const { ports = [] } of subsets) for (const port of ports) port.protocol ||= 'TCP';
  },
  validate: validateEndpoints,
  selectableFields: {},
  columns: [{ name: 'ENDPOINTS', cell: formatEndpoints }],
};

/** Addresses that are shown before the rest is counted. */
const shown = 3;

/** The first addresses that take traffic, each with each port: `10.0.0.1:80,10.0.0.2:80 + 2 more...`. */
function formatEndpoints({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return '<none>';
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  );
  const text = all.slice(0, shown).join(',');
  return all.length > shown ? `${text} + ${all.length - shown} more...` : text;
}
