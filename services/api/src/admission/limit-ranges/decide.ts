import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from '@gantry/model/gen/gantry.core.v1.ts';
import { compareQuantities, formatQuantity, type Quantity, toMilli } from '@gantry/model/quantity.ts';
import { type Amounts, podTotals, readAmounts } from '@gantry/model/quota/amounts.ts';

const annotation = 'kubernetes.io/limit-ranger';

/** A pod with the requests and limits that the ranges of its namespace give to containers without their own; the same one if there are none. */
export function withDefaults(pod: Pod, ranges: readonly LimitRange[]): Pod {
  let next = pod;
  for (const range of ranges) {
    const given: string[] = [];
    const items = (range.spec?.limits ?? []).filter(({ type }) => type === 'Container');
    const limits = Object.assign({}, ...items.map((item) => item.default));
    const requests = Object.assign({}, ...items.map((item) => item.defaultRequest));
    const fill = (list: readonly Container[], word: string): Container[] =>
      list.map((container) => filled(container, { limits, requests }, word, given));
    const containers = fill(next.spec.containers, 'container');
    const initContainers = next.spec.initContainers && fill(next.spec.initContainers, 'init container');
    if (given.length === 0) continue;
    const annotations = { ...next.metadata.annotations, [annotation]: `LimitRanger plugin set: ${given.join('; ')}` };
    next = {
      ...next,
      metadata: { ...next.metadata, annotations },
      spec: { ...next.spec, containers, ...(initContainers && { initContainers }) },
    };
  }
  return next;
}

type Part = 'requests' | 'limits';
type Written = Readonly<Record<string, string>>;

function filled(container: Container, defaults: Record<Part, Written>, word: string, given: string[]): Container {
  const resources = { ...container.resources };
  for (const part of ['requests', 'limits'] as const) {
    const missing = Object.keys(defaults[part]).filter((name) => resources[part]?.[name] === undefined);
    if (missing.length === 0) continue;
    const added = Object.fromEntries(missing.map((name) => [name, defaults[part][name]!]));
    resources[part] = { ...resources[part], ...added };
    const what = part === 'requests' ? 'request' : 'limit';
    given.push(`${missing.sort().join(', ')} ${what} for ${word} ${container.name}`);
  }
  return { ...container, resources };
}

/** Bounds that a pod breaks, in Kubernetes' words. */
export function podProblems(pod: Pod, range: LimitRange): string[] {
  return (range.spec?.limits ?? []).flatMap((item) => {
    if (item.type === 'Container') {
      const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
      return containers.flatMap(({ resources }) => {
        return boundProblems(item, readAmounts(resources?.requests), readAmounts(resources?.limits));
      });
    }
    if (item.type !== 'Pod') return [];
    const [requests, limits] = (['requests', 'limits'] as const).map((part) =>
      podTotals(pod.spec, part, ({ resources }) => resources?.[part]),
    );
    return boundProblems(item, requests!, limits!);
  });
}

/** Bounds that a claim breaks. */
export function claimProblems(claim: PersistentVolumeClaim, range: LimitRange): string[] {
  const requests = readAmounts(claim.spec.resources?.requests);
  return (range.spec?.limits ?? [])
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((item) => [
      ...each(item.min, (name, least) => tooLittle(item.type, name, least, requests, new Map())),
      ...each(item.max, (name, most) => tooMuchAsked(item.type, name, most, requests)),
    ]);
}

/** All problems in one text, as Kubernetes joins them. */
export function joined(problems: readonly string[]): string | undefined {
  const distinct = [...new Set(problems)];
  return distinct.length > 1 ? `[${distinct.join(', ')}]` : distinct[0];
}

function boundProblems(item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return [
    ...each(item.min, (name, least) => tooLittle(item.type, name, least, requests, limits)),
    ...each(item.max, (name, most) => tooMuch(item.type, name, most, requests, limits)),
    ...each(item.maxLimitRequestRatio, (name, ratio) => tooWide(item.type, name, ratio, requests, limits)),
  ];
}

function each(bounds: Written | undefined, check: (name: string, bound: Quantity) => string | undefined): string[] {
  return [...readAmounts(bounds)].flatMap(([name, bound]) => check(name, bound) ?? []);
}

function tooLittle(
  type: string,
  name: string,
  least: Quantity,
  requests: Amounts,
  limits: Amounts,
): string | undefined {
  const bound = `minimum ${name} usage per ${type} is ${formatQuantity(least)}`;
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (request === undefined) return `${bound}.  No request is specified`;
  if (compareQuantities(request, least) < 0) return `${bound}, but request is ${formatQuantity(request)}`;
  if (limit === undefined || compareQuantities(limit, least) >= 0) return undefined;
  return `${bound}, but limit is ${formatQuantity(limit)}`;
}

function tooMuch(type: string, name: string, most: Quantity, requests: Amounts, limits: Amounts): string | undefined {
  const bound = `maximum ${name} usage per ${type} is ${formatQuantity(most)}`;
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (limit === undefined) return `${bound}.  No limit is specified`;
  if (compareQuantities(limit, most) > 0) return `${bound}, but limit is ${formatQuantity(limit)}`;
  if (request === undefined || compareQuantities(request, most) <= 0) return undefined;
  return `${bound}, but request is ${formatQuantity(request)}`;
}

function tooMuchAsked(type: string, name: string, most: Quantity, requests: Amounts): string | undefined {
  const bound = `maximum ${name} usage per ${type} is ${formatQuantity(most)}`;
  const request = requests.get(name);
  if (request === undefined) return `${bound}.  No request is specified`;
  return compareQuantities(request, most) > 0 ? `${bound}, but request is ${formatQuantity(request)}` : undefined;
}

function tooWide(type: string, name: string, most: Quantity, requests: Amounts, limits: Amounts): string | undefined {
  const bound = `${name} max limit to request ratio per ${type} is ${formatQuantity(most)}`;
  const [request, limit] = [requests, limits].map((amounts) => amounts.get(name));
  if (request === undefined || request.value === 0n) {
    return `${bound}, but no request is specified or request is 0`;
  }
  if (limit === undefined || limit.value === 0n) return `${bound}, but no limit is specified or limit is 0`;
  // The quotient of the two is a ratio of whole thousandths: exact enough for what people write, and what is shown.
  const ratio = toMilli(limit) / toMilli(request);
  return ratio * 1_000 > toMilli(most) ? `${bound}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}
