import type { PersistentVolumeClaim } from '../gen/gantry.core.v1.ts';
import type { ResourceClaim } from '../gen/gantry.resource.v1.ts';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
  toUnits,
} from '../quantity.ts';
import { one } from './amounts.ts';
import type { Counter } from './counter.ts';
import { matchesName } from './scopes.ts';

const classSuffix = '.storageclass.storage.k8s.io/';
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const plain = ['persistentvolumeclaims', 'requests.storage'];

/** Counts claims and the storage that they ask for, also by storage class. */
export const claimCounter: Counter<PersistentVolumeClaim> = {
  handles: ({ operation, subresource, object, stored }) => {
    if (subresource === '') return operation === 'CREATE' || operation === 'UPDATE';
    if (subresource !== 'status' || stored === undefined) return false;
    const [before, after] = [allocated(stored), allocated(object)];
    return before !== after || attributeClasses(stored).join() !== attributeClasses(object).join();
  },
  counts: (name) =>
    name === 'count/persistentvolumeclaims' ||
    plain.includes(name) ||
    plain.some((resource) => name.endsWith(classSuffix + resource)),
  usage: (claim) => {
    const counted = new Map<string, Quantity>([
      ['persistentvolumeclaims', one],
      ['count/persistentvolumeclaims', one],
    ]);
    const className = claim.metadata.annotations?.[classAnnotation] ?? claim.spec.storageClassName ?? '';
    const storage = storageOf(claim);
    if (storage !== undefined) counted.set('requests.storage', storage);
    if (className === '') return counted;
    counted.set(`${className}${classSuffix}persistentvolumeclaims`, one);
    if (storage !== undefined) counted.set(`${className}${classSuffix}requests.storage`, storage);
    return counted;
  },
  matches: (scope, claim) => scope.scopeName === 'VolumeAttributesClass' && matchesName(scope, attributeClasses(claim)),
};

function allocated({ status }: PersistentVolumeClaim): string | undefined {
  return status?.allocatedResources?.storage;
}

/** The more of what is asked for and of what the volume grows to, in whole bytes. */
function storageOf(claim: PersistentVolumeClaim): Quantity | undefined {
  const wanted = claim.spec.resources?.requests?.storage;
  if (wanted === undefined) return undefined;
  const [asked, given] = [parseQuantity(wanted), parseQuantity(allocated(claim) ?? '0')];
  const most = compareQuantities(given, asked) > 0 ? given : asked;
  return most.exponent >= 0
    ? most
    : parseQuantity(formatQuantity({ ...most, value: BigInt(toUnits(most)), exponent: 0 }));
}

/** Classes of attributes that a claim has, wants, or is on its way to. */
function attributeClasses({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))].sort() as string[];
}

const deviceSuffix = '.deviceclass.resource.k8s.io/devices';
/** A request for all devices of a class counts as many as one allocation can have. */
const mostDevices = 32;

/** Counts claims of devices, and devices by their class. */
export const deviceClaimCounter: Counter<ResourceClaim> = {
  handles: ({ subresource }) => subresource === '',
  counts: (name) => name === 'count/resourceclaims.resource.k8s.io' || name.endsWith(deviceSuffix),
  usage: ({ spec }) => {
    const counted = new Map<string, Quantity>([['count/resourceclaims.resource.k8s.io', one]]);
    for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
      const most = new Map<string, number>();
      for (const each of firstAvailable.length > 0 ? firstAvailable : exactly === undefined ? [] : [exactly]) {
        const count = each.allocationMode === 'All' ? mostDevices : Number(each.count ?? 0);
        most.set(each.deviceClassName, Math.max(most.get(each.deviceClassName) ?? 0, count));
      }
      for (const [className, count] of most) {
        const name = className + deviceSuffix;
        const known = counted.get(name);
        const devices = parseQuantity(count);
        counted.set(name, known === undefined ? devices : addQuantities(known, devices));
      }
    }
    return counted;
  },
  matches: () => false,
};
