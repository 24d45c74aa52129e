import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
} from '../../gen/gantry.resource.v1.ts';
import {
  duplicates,
  forbidden,
  invalidValue,
  invalidValues,
  oneOf,
  tooLong,
  tooMany,
} from '../../validation/causes.ts';
import { validateConditions } from '../../validation/conditions.ts';
import { cidrProblems, dnsLabelProblems } from '../../validation/names.ts';
import { requestNames, validateReference, validateReferences } from '../devices/claims.ts';
import {
  maxRequests,
  validateBindingConditions,
  validateConfigs,
  validateData,
  validateDriver,
  validateDriverReference,
  validatePoolName,
  validateSlice,
  validateTolerations,
} from '../devices/devices.ts';
import { validateNodeTerms } from '../pod/affinity.ts';

/** Kubernetes' bounds. */
const maxReservedFor = 256;
const maxConfigs = 64;
const maxConditions = 8;
const maxAddresses = 16;
const maxInterfaceBytes = 256;
const maxHardwareBytes = 128;

/** Validates a claim's new status. */
export function validateClaimStatus(claim: ResourceClaim, stored: ResourceClaim): FieldCause[] {
  const { allocation, reservedFor = [], devices = [] } = claim.status ?? {};
  const before = stored.status?.allocation;
  if (allocation !== undefined && before !== undefined && !isDeepStrictEqual(allocation, before)) {
    return [invalidValue('status.allocation', allocation, 'field cannot be modified once set')];
  }
  const given = new Set((allocation?.devices?.results ?? []).map(identityOf));
  return [
    ...validateSlice(reservedFor, maxReservedFor, 'status.reservedFor', () => []),
    ...duplicates(
      reservedFor.map(({ uid }) => uid),
      (index) => `status.reservedFor[${index}]`,
    ),
    ...validateReserved(claim, stored),
    ...devices.flatMap((device, index) => validateDevice(device, given, `status.devices[${index}]`)),
    ...duplicates(devices.map(identityOf), (index) => `status.devices[${index}]`),
    ...(allocation !== undefined && before === undefined
      ? validateAllocation(allocation, requestNames(claim.spec?.devices ?? {}))
      : []),
  ];
}

interface Identified {
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
  readonly shareID?: string;
}

function identityOf({ driver, pool, device, shareID = '' }: Identified): string {
  return [driver, pool, device, shareID].join('/');
}

/** Those who may use the devices: nobody before there are any, and nobody new once the claim is ending. */
function validateReserved({ metadata, status = {} }: ResourceClaim, stored: ResourceClaim): FieldCause[] {
  const { allocation, reservedFor = [] } = status;
  if (reservedFor.length === 0) return [];
  const field = 'status.reservedFor';
  if (allocation === undefined) return [forbidden(field, 'may not be specified when `allocated` is not set')];
  if (metadata.deletionTimestamp === undefined) return [];
  const known = stored.status?.reservedFor ?? [];
  const text = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  return reservedFor.some((each) => !known.some((other) => isDeepStrictEqual(each, other)))
    ? [forbidden(field, text)]
    : [];
}

function validateAllocation(
  { devices = {}, nodeSelector }: AllocationResult,
  names: ReadonlySet<string>,
): FieldCause[] {
  const field = 'status.allocation';
  return [
    ...validateSlice(devices.results, maxRequests, `${field}.devices.results`, (result, path) =>
      validateResult(result, names, path),
    ),
    ...validateConfigs(
      devices.config,
      `${field}.devices.config`,
      ({ source, requests }, path) => [
        ...(source === '' ? [] : oneOf(`${path}.source`, source, ['FromClaim', 'FromClass'])),
        ...validateReferences(requests, names, `${path}.requests`),
      ],
      maxConfigs,
    ),
    ...(nodeSelector === undefined
      ? []
      : validateNodeTerms(nodeSelector.nodeSelectorTerms ?? [], `${field}.nodeSelector`)),
  ];
}

function validateResult(result: DeviceRequestAllocationResult, names: ReadonlySet<string>, path: string): FieldCause[] {
  const { request, driver, pool, device, shareID } = result;
  return [
    ...(request === '' ? [] : validateReference(request, names, `${path}.request`)),
    ...validateDriverReference(driver, `${path}.driver`),
    ...validatePoolName(pool, `${path}.pool`, true),
    ...(device === '' ? [] : invalidValues(`${path}.device`, device, dnsLabelProblems(device))),
    ...validateBindingConditions(result.bindingConditions, result.bindingFailureConditions, path),
    ...validateTolerations(result.tolerations, `${path}.tolerations`),
    ...validateUid(shareID, `${path}.shareID`),
  ];
}

function validateUid(uid: string | undefined, field: string): FieldCause[] {
  const text = 'must be a lowercase UUID in 8-4-4-4-12 format';
  const isRight = uid === undefined || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uid);
  return isRight ? [] : [invalidValue(field, uid, text)];
}

function validateDevice(status: AllocatedDeviceStatus, given: ReadonlySet<string>, path: string): FieldCause[] {
  const { driver, pool, device, shareID, conditions = [], data, networkData } = status;
  return [
    ...validateDriver(driver, `${path}.driver`),
    ...validatePoolName(pool, `${path}.pool`),
    ...(device === '' ? [] : invalidValues(`${path}.device`, device, dnsLabelProblems(device))),
    ...validateUid(shareID, `${path}.shareID`),
    ...(given.has(identityOf(status))
      ? []
      : [invalidValue(path, identityOf(status), 'must be an allocated device in the claim')]),
    ...(conditions.length > maxConditions ? [tooMany(`${path}.conditions`, conditions.length, maxConditions)] : []),
    ...validateConditions(conditions, `${path}.conditions`),
    ...validateData(data, `${path}.data`),
    ...(networkData === undefined ? [] : validateNetwork(networkData, `${path}.networkData`)),
  ];
}

function validateNetwork(
  { interfaceName = '', hardwareAddress = '', ips }: NetworkDeviceData,
  path: string,
): FieldCause[] {
  return [
    ...(Buffer.byteLength(interfaceName) > maxInterfaceBytes
      ? [tooLong(`${path}.interfaceName`, maxInterfaceBytes)]
      : []),
    ...(Buffer.byteLength(hardwareAddress) > maxHardwareBytes
      ? [tooLong(`${path}.hardwareAddress`, maxHardwareBytes)]
      : []),
    ...validateSlice(ips, maxAddresses, `${path}.ips`, (ip, own) =>
      isInterfaceAddress(ip)
        ? []
        : [invalidValue(own, ip, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)')],
    ),
    ...duplicates(ips ?? [], (index) => `${path}.ips[${index}]`),
  ];
}

/** An address with the bits of its network. */
function isInterfaceAddress(text: string): boolean {
  return cidrProblems(text).length === 0;
}
