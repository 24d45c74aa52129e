import { expect, it } from 'vitest';
import { formatTest } from './formats.ts';

it.each<[string, readonly string[], readonly string[]]>([
  ['uri', ['https://a.b/c?d', '/path', 'mailto:a@b'], ['foo', '', 'a b', '/a%zz']],
  ['email', ['a@b', 'A <a.b@c.d>', '"a b"@c'], ['x', '@b', 'a@', 'a b@c']],
  ['hostname', ['a', 'example.com', '1a.example.com'], ['a b', '-a', 'a.-b.c', 'a'.repeat(64)]],
  ['ipv4', ['10.0.0.1', '010.0.0.1'], ['300.1.1.1', '::1', 'x']],
  ['ipv6', ['::1', 'fe80::1'], ['10.0.0.1', 'x']],
  ['cidr', ['10.0.0.0/8', 'fd00::/8'], ['10.0.0.0', '10.0.0.0/33', 'x/1']],
  ['mac', ['00:00:5e:00:53:01', '00-00-5e-00-53-01', '0000.5e00.5301'], ['00:00:5e:00:53', '00:00-5e:00:53:01']],
  ['uuid', ['123e4567-e89b-12d3-a456-426614174000', '123E4567E89B12D3A456426614174000'], ['x', '123']],
  ['uuid4', ['123e4567-e89b-42d3-a456-426614174000'], ['123e4567-e89b-12d3-a456-426614174000']],
  ['isbn', ['0321751043', '978-0321751041'], ['0321751044', 'x']],
  ['creditcard', ['4111 1111 1111 1111'], ['4111 1111 1111 1112', 'x']],
  ['ssn', ['123-45-6789'], ['123456789', 'x']],
  ['hexcolor', ['#fff', 'FFFFFF'], ['#ff', 'red']],
  ['rgbcolor', ['rgb(1, 2,255)'], ['rgb(1,2,256)', 'rgb(1,2)', 'rgb(01,2,3)']],
  ['byte', ['aGk=', 'aGkh'], ['', '!!', 'aGk']],
  ['date', ['2026-02-28'], ['2026-02-30', '2026']],
  ['datetime', ['2026-01-01T00:00:00Z', '2026-01-01t00:00:00.5+01:00'], ['2026-01-01', '2026-01-01T24:00:00Z', 'now']],
  ['date-time', ['2026-01-01T00:00:00Z'], ['now']],
  ['duration', ['1h5m', '-1.5s', '22 ns', '3 days', '2 weeks', '0'], ['5x', '', '5']],
  ['password', ['anything'], []],
  ['bsonobjectid', ['507f1f77bcf86cd799439011'], ['507f']],
  ['k8s-short-name', ['a-b'], ['A', 'a.b', 'a-']],
  ['k8s-long-name', ['a-b.c'], ['a..b', 'A.b']],
])('%s', (format, good, bad) => {
  const test = formatTest(format)!;
  expect(good.filter((text) => !test(text))).toEqual([]);
  expect(bad.filter(test)).toEqual([]);
});

it('other formats ask for nothing', () => {
  expect(formatTest('constructor')).toBeUndefined();
  expect(formatTest('int32')).toBeUndefined();
});
