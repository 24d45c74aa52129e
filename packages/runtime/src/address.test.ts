import { describe, expect, test } from 'vitest';
import { parseAddress } from './address.ts';

describe('parseAddress', () => {
  test.each([
    ['127.0.0.1:7443', { host: '127.0.0.1', port: 7443 }],
    [':80', { host: '0.0.0.0', port: 80 }],
    ['[::1]:0', { host: '::1', port: 0 }],
  ])('%s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  test.each(['x', 'x:99999', '::1:80', 'x:'])('%s is refused', (text) => {
    expect(() => parseAddress(text)).toThrow('must be host:port');
  });
});
