/** Spaces of indentation a level. */
const indent = 2;

/** Maps whose keys are written by users, and are no names of fields. */
const maps = new Set(
  'labels annotations matchLabels selector nodeSelector data stringData binaryData limits requests capacity allocatable overhead'.split(
    ' ',
  ),
);

/**
 * Any value as an outline that people read: `Image Pull Policy:  Always`. Empty values are left out; entries of a list
 * that have a name stand under it.
 */
export function formatOutline(fields: Readonly<Record<string, unknown>>, level = 0, titleOf = titleOfField): string {
  const shown = Object.entries(fields).filter(([, value]) => !isEmpty(value));
  const width = Math.max(0, ...shown.filter(([, value]) => isScalar(value)).map(([key]) => titleOf(key).length));
  return shown.map(([key, value]) => formatField(key, titleOf(key), value, width, level)).join('');
}

function formatField(key: string, title: string, value: unknown, width: number, level: number): string {
  const pad = ' '.repeat(indent * level);
  if (isScalar(value)) return `${pad}${`${title}:`.padEnd(width + 2)} ${String(value)}\n`;
  if (!Array.isArray(value)) {
    return `${pad}${title}:\n${formatOutline(value as Record<string, unknown>, level + 1, maps.has(key) ? String : titleOfField)}`;
  }
  if (value.every(isScalar)) return `${pad}${`${title}:`.padEnd(width + 2)} ${value.join(', ')}\n`;
  const entries = (value as Record<string, unknown>[]).map((entry, index) => {
    const { name, type, ...rest } = entry;
    const label = String(name ?? type ?? index + 1);
    const inner = name === undefined ? rest : { type, ...rest };
    return `${pad}${' '.repeat(indent)}${label}:\n${formatOutline(inner, level + 2)}`;
  });
  return `${pad}${title}:\n${entries.join('')}`;
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Acronyms that names of fields begin with, which they write in small letters. */
const acronyms = new Map(
  'API AWS CPU CSI DNS FC FS GCE GID GMSA gRPC HTTP HTTPS IP IPs IQN iSCSI LUN NFS OS PID QoS RBD SSL TCP TLS TTY UID URI URL'
    .split(' ')
    .map((acronym) => [acronym.toLowerCase(), acronym]),
);

/** `podIPs` → `Pod IPs`, `apiVersion` → `API Version`. */
function titleOfField(key: string): string {
  if (!/^[a-z][a-zA-Z0-9]*$/.test(key)) return key;
  // An acronym may be a plural; it ends before the capital of the next word.
  const [first = '', ...others] = key.match(/[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]/g)!;
  return [acronyms.get(first) ?? first.slice(0, 1).toUpperCase() + first.slice(1), ...others].join(' ');
}
