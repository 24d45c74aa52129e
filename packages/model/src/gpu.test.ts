import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  areDevicesFor,
  bestFitDevices,
  deviceCount,
  devicesOf,
  formatDevices,
  gpuDemand,
  gpuDevicesAnnotation,
  gpuMilliResource,
  gpuResource,
} from './gpu.ts';

const amounts = (milli: number, whole: number): Map<string, number> =>
  new Map([
    [gpuMilliResource, milli],
    [gpuResource, whole],
  ]);

describe('gpuDemand', () => {
  test.each([
    [0, 0, undefined],
    [470, 0, { devices: 1, milliEach: 470 }],
    [1_000, 0, { devices: 1, milliEach: 1_000 }],
    [1_500, 0, { devices: 2, milliEach: 1_000 }],
    [0, 8, { devices: 8, milliEach: 1_000 }],
    [470, 1, { devices: 2, milliEach: 1_000 }],
  ])('%i thousandths and %i whole', (milli, whole, expected) => {
    expect(gpuDemand(amounts(milli, whole))).toEqual(expected);
  });
});

test('both names of a resource are of the same devices, and there are not more than are told apart', () => {
  expect(deviceCount(amounts(8_000, 8))).toBe(8);
  expect(deviceCount(amounts(2_999, 0))).toBe(2);
  expect(deviceCount(amounts(0, 72))).toBe(16);
});

describe('bestFitDevices', () => {
  test('a share goes where it leaves least, whole ones to devices that nobody has', () => {
    expect(bestFitDevices([1_000, 530, 470, 100], { devices: 1, milliEach: 470 })).toEqual([2]);
    expect(bestFitDevices([1_000, 530, 1_000], { devices: 2, milliEach: 1_000 })).toEqual([0, 2]);
    expect(bestFitDevices([1_000, 999], { devices: 2, milliEach: 1_000 })).toBeUndefined();
    expect(bestFitDevices([300, 400], { devices: 1, milliEach: 470 })).toBeUndefined();
  });
});

test('what the annotation names is read as it was written, and nothing else', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 15 }), { minLength: 1 }), (devices) => {
      expect(devicesOf({ [gpuDevicesAnnotation]: formatDevices(devices) })).toEqual(devices);
    }),
  );
  for (const text of ['', '1,', '-1', '1;2', 'all'])
    expect(devicesOf({ [gpuDevicesAnnotation]: text })).toBeUndefined();
  expect(devicesOf(undefined)).toBeUndefined();
});

test.each([
  [[0, 1], true],
  [[0], false],
  [[1, 1], false],
  [[0, 16], false],
])('whether %j are two devices: %s', (devices, expected) => {
  expect(areDevicesFor({ devices: 2, milliEach: 1_000 }, devices)).toBe(expected);
});
