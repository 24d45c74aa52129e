/** Brings answers into a form in which both sides can be compared: without what differs by chance, and without what differs on purpose. */
import type { Answer, Cause, Json, Step } from './request.ts';

/** Kubernetes' seconds on a node that is not ready, and Gantry's; see preparePodForCreate. */
const deadNodeSeconds = [300, 30];
const deadNodeTaints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Both answers in a form that can be compared. Where kube-apiserver fails with an error of its own (HTTP 500 for malformed requests),
 * only that Gantry refuses is compared.
 */
export function compared(recorded: Answer, given: Answer, step: Step): readonly [expected: Answer, actual: Answer] {
  const refused = { code: 500 };
  const isOfHook = recorded.message?.includes('webhook') === true;
  if (recorded.code === 500 && given.code >= 400 && !isOfHook) return [refused, refused];
  return [comparable(recorded, step), comparable(given, step)];
}

/** The answer without uids, times, versions, field managers, and addresses, ports and names that the server chose. */
function comparable(answer: Answer, step: Step): Answer {
  const asked = JSON.stringify(step);
  const { code, reason, message, causes, object, warnings } = answer;
  // kubectl words refusals of its own: only that there is one is compared.
  if (step.apply !== undefined && object === undefined) return { code: 400 };
  const isPatch = reason === 'Invalid' && isAboutPatch(causes ?? [], message ?? '', step);
  return {
    code,
    ...(warnings === undefined
      ? {}
      : { warnings: warnings.filter((text) => !text.includes('is not enforced')).toSorted() }),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined || isPatch ? {} : { message: comparableMessage(reason, withoutChance(message, asked)) }),
    // Refusals of what cannot be decoded name no fields in Kubernetes; Gantry's do.
    ...(causes === undefined || isPatch || reason === 'BadRequest' ? {} : { causes: comparableCauses(causes, asked) }),
    ...(object === undefined || isEnding(object, step) ? {} : { object: comparableAnswer(object, step) }),
  };
}

/** A pod that a deletion ends at once: Kubernetes answers with its last state, which Gantry does too but tells apart. */
function isEnding({ kind, metadata }: Json, step: Step): boolean {
  const { deletionGracePeriodSeconds, finalizers } = (metadata ?? {}) as Json;
  return step.delete !== undefined && kind === 'Pod' && deletionGracePeriodSeconds === 0 && finalizers === undefined;
}

function withoutChance(text: string, asked: string): string {
  return text
    .replace(/StorageError: .*AdditionalErrorMsg: /, '')
    .replace(/\b(gen-)[a-z0-9]{5}\b/gi, '$1<given>')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>')
    .replace(/10\.96\.\d+\.\d+/g, (address) => (asked.includes(address) ? address : '<given>'))
    .replace(/(ResourceVersion in record) \(\d+\)/g, '$1 (<version>)');
}

/** Causes are compared one by one, and those of decoding by what kind of fault they are: Gantry also names the value and the whole path. */
function comparableMessage(reason: string | undefined, text: string): string {
  if (reason === 'Invalid') return text.replace(/(is invalid: ).*$/s, '$1<causes>');
  const malformed = /^(invalid JSON patch|error decoding patch)/.exec(text);
  if (malformed !== null) return malformed[1]!;
  const decoding = /cannot be handled as a \w+: (?!strict)/.exec(text);
  return decoding === null ? text : `${text.slice(0, decoding.index)}${decoding[0]}<what is wrong>`;
}

/** Kubernetes shows the whole patch where what it makes of an object cannot be decoded. */
function isAboutPatch(causes: readonly Cause[], message: string, step: Step): boolean {
  if (step.patch === undefined && step.http?.method !== 'PATCH') return false;
  return / patch: Invalid value|^patch: |^a patch must/.test(message) || causes.some(({ field }) => field === 'patch');
}

/** Sorted, the same ones once, with one cause for a field that is empty and must not be: Kubernetes words that in many ways, often in several at once. */
function comparableCauses(causes: readonly Cause[], asked: string): Cause[] {
  const isEmpty = ({ reason, message }: Cause): boolean =>
    reason === 'FieldValueRequired' || /^(Invalid|Unsupported) value: ""/.test(message);
  const empty = new Set(causes.filter(isEmpty).map(({ field }) => field));
  const others = causes.filter(({ field }) => !empty.has(field));
  const all = [
    ...[...empty].map((field) => ({ reason: 'FieldValueRequired', field, message: 'Required value' })),
    ...others.map((cause) => ({ ...cause, message: withoutValue(withoutChance(cause.message, asked)) })),
  ];
  return [...new Map(all.map((cause) => [JSON.stringify(cause), cause])).values()].toSorted(byText);
}

/** Kubernetes shows values as its internal types have them, adds a comparison to some messages, and lists what is supported in any order. */
function withoutValue(message: string): string {
  const text = message.replace(/\n(@@| {2}).*$/s, '').replace(/ \(changed: [^)]*\)$/, '');
  const supported = /^(Unsupported value: ).*?: supported values: (.*)$/s.exec(text);
  if (supported !== null) return `${supported[1]}${supported[2]!.split(', ').toSorted().join(', ')}`;
  if (text.startsWith('Duplicate value: ')) return 'Duplicate value';
  return text.replace(/^Invalid value: ("(?:[^"\\]|\\.)*"|[{[].*[}\]…]|[^:]*): /s, 'Invalid value: ');
}

function byText(left: object, right: object): number {
  const [a, b] = [JSON.stringify(left), JSON.stringify(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** An object or a list of them, in a form that can be compared. */
function comparableAnswer(given: Json, step: Step): Json {
  const asked = JSON.stringify(step);
  if (Array.isArray(given.columnDefinitions)) return comparableTable(given);
  if (!Array.isArray(given.items)) return comparableObject(given, asked, step.http?.managers);
  const items = (given.items as Json[]).map((item) => comparableObject(item, asked, step.http?.managers));
  const { resourceVersion: _, ...metadata } = (given.metadata ?? {}) as Json;
  // Lists of objects that definitions make say that nothing follows.
  if (metadata.continue === '') delete metadata.continue;
  return { ...given, metadata, items };
}

/** Headings as kubectl prints them, and cells as text; how old an object is differs. */
function comparableTable({ columnDefinitions, rows }: Json): Json {
  const columns = (columnDefinitions as Json[]).map(({ name, priority }) => {
    return { name: String(name).toUpperCase(), priority };
  });
  const cellOf = (cell: unknown, index: number): string =>
    ['AGE', 'CREATED AT'].includes(columns[index]!.name) ? '<age>' : String(cell ?? '');
  return { columns, rows: (rows as { cells: unknown[] }[]).map(({ cells }) => cells.map(cellOf)) };
}

/** Entries of managedFields without their times, which also decide on their order. */
function comparableManagers(entries: readonly Json[]): Json[] {
  const name = ({ operation, manager, apiVersion, subresource }: Json): string =>
    [operation, manager, apiVersion, subresource].join(' ');
  return entries.map(({ time: _, ...entry }) => entry).toSorted((a, b) => (name(a) < name(b) ? -1 : 1));
}

function comparableObject(given: Json, asked: string, withManagers = false): Json {
  const { uid } = (given.metadata ?? {}) as { uid?: string };
  // Some kinds put their uid into labels and selectors.
  const text = JSON.stringify(given).replaceAll(uid ?? '<uid>', '<uid>');
  const object = withoutNulls(JSON.parse(text)) as Json;
  if (typeof object.metadata !== 'object') return object;
  const metadata = object.metadata as Json;
  for (const field of ['uid', 'resourceVersion', 'creationTimestamp']) delete metadata[field];
  if (!withManagers) delete metadata.managedFields;
  else if (metadata.managedFields !== undefined) {
    metadata.managedFields = comparableManagers(metadata.managedFields as Json[]);
  }
  const { status } = object as { status?: Json };
  // When a volume changed its phase is not kept yet.
  delete status?.lastPhaseTransitionTime;
  if (metadata.deletionTimestamp !== undefined) metadata.deletionTimestamp = '<time>';
  if (metadata.generateName !== undefined) metadata.name = '<generated>';
  const annotations = metadata.annotations as Json | undefined;
  // The manifest itself is compared: that of a client may be spelled in any way.
  if (typeof annotations?.[lastApplied] === 'string')
    annotations[lastApplied] = withoutNulls(JSON.parse(annotations[lastApplied]));
  // Several loops of Kubernetes tell the conditions of a definition, in any order.
  if (object.kind === 'CustomResourceDefinition')
    (status?.conditions as { type: string }[] | undefined)?.sort((a, b) => (a.type < b.type ? -1 : 1));
  for (const condition of (status?.conditions ?? []) as Json[]) {
    if (!asked.includes(String(condition.lastTransitionTime))) delete condition.lastTransitionTime;
  }
  // When an eviction was granted.
  const granted = (status?.disruptedPods ?? {}) as Json;
  for (const name of Object.keys(granted)) if (!asked.includes(String(granted[name]))) granted[name] = '<time>';
  // A loop of either side says at some time of its own whether the server of a version answers.
  if (object.kind === 'APIService' && (object.spec as Json).service !== undefined) object.status = {};
  if (object.kind === 'Service') hideAllocations(object.spec as Json, asked);
  if (object.kind === 'Pod') hidePodDifferences(object);
  return object;
}

function hideAllocations(spec: Json, asked: string): void {
  const hide = (value: unknown): unknown =>
    value === undefined || value === 'None' || value === '' || asked.includes(String(value)) ? value : '<given>';
  for (const field of ['clusterIP', 'healthCheckNodePort']) if (spec[field]) spec[field] = hide(spec[field]);
  if (Array.isArray(spec.clusterIPs)) spec.clusterIPs = spec.clusterIPs.map(hide);
  for (const port of (spec.ports ?? []) as Json[]) if (port.nodePort) port.nodePort = hide(port.nodePort);
}

function hidePodDifferences({ metadata, spec }: Json): void {
  const fields = spec as Json;
  for (const toleration of (fields.tolerations ?? []) as Json[]) {
    const isDefault = deadNodeTaints.includes(String(toleration.key)) && toleration.effect === 'NoExecute';
    if (isDefault && deadNodeSeconds.includes(Number(toleration.tolerationSeconds)))
      delete toleration.tolerationSeconds;
  }
  // Kubernetes' admission of service accounts, which the recording leaves out, gives every pod the account.
  if (fields.serviceAccountName === 'default') {
    delete fields.serviceAccountName;
    delete fields.serviceAccount;
  }
  for (const { fieldsV1 } of ((metadata as Json).managedFields ?? []) as { fieldsV1?: { 'f:spec'?: Json } }[]) {
    delete fieldsV1?.['f:spec']?.['f:serviceAccountName'];
    delete fieldsV1?.['f:spec']?.['f:serviceAccount'];
  }
}

/** Go writes null for times and for some lists that are not set; Gantry leaves times out and writes empty lists. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([, inner]) => inner !== null && !(Array.isArray(inner) && inner.length === 0),
  );
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)]));
}
