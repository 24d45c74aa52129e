import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode, pack, unpack } from './codec.ts';
import {
  Any,
  bool,
  boolValue,
  bytes,
  double,
  duration,
  enumeration,
  int32,
  int64,
  many,
  map,
  message,
  one,
  string,
  uint32,
  uint32Value,
  uint64Value,
} from './schema.ts';
import { InvalidMessageError, validate } from './validate.ts';

const Color = enumeration('test.Color', { RED: 0, BLUE: 7 });
const Inner = message('test.Inner', { text: one(1, string), ports: many(2, uint32) });
const Everything = message('test.Everything', {
  text: one(1, string),
  raw: one(2, bytes),
  flag: one(3, bool),
  small: one(4, int32),
  big: one(5, int64),
  ratio: one(6, double),
  maybeFlag: one(7, boolValue),
  maybeNumber: one(8, uint32Value),
  maybeBig: one(9, uint64Value),
  timeoutMs: one(10, duration),
  color: one(11, Color),
  inner: one(12, Inner),
  inners: many(2000, Inner),
  labels: map(14, string),
  packed: map(15, Any),
});

const inner = fc.record({ text: fc.string(), ports: fc.array(fc.nat(65535), { minLength: 1 }) }, { requiredKeys: [] });
const everything = fc.record(
  {
    text: fc.string({ unit: 'grapheme' }),
    raw: fc.uint8Array(),
    flag: fc.boolean(),
    small: fc.integer(),
    big: fc.maxSafeInteger(),
    ratio: fc.double({ noNaN: true, noDefaultInfinity: true }),
    maybeFlag: fc.boolean(),
    maybeNumber: fc.nat(2 ** 32 - 1),
    maybeBig: fc.nat(Number.MAX_SAFE_INTEGER),
    timeoutMs: fc.nat(10_000_000),
    color: fc.constantFrom('RED' as const, 'BLUE' as const),
    inner,
    inners: fc.array(inner, { minLength: 1 }),
    labels: fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { minKeys: 1, noNullPrototype: true }),
  },
  { requiredKeys: [] },
);

describe('codec', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(everything, (value) => {
        expect(validate(Everything, value)).toEqual([]);
        const back = decode(Everything, encode(Everything, value));
        expect({ ...back, raw: back.raw && [...back.raw] }).toEqual({ ...value, raw: value.raw && [...value.raw] });
      }),
      { numRuns: 200 },
    );
  });

  it('has one encoding for a map, however it was filled', () => {
    const one = encode(Everything, { labels: { a: '1', b: '2' } });
    expect(encode(Everything, { labels: { b: '2', a: '1' } })).toEqual(one);
  });

  it('skips fields that it does not know', () => {
    const data = encode(Everything, { text: 'x', ratio: 1.5, inner: { text: 'y' }, timeoutMs: 1500 });
    expect(decode(message('test.Little', { text: one(1, string) }), data)).toEqual({ text: 'x' });
  });

  it('reads packed and unpacked numbers', () => {
    expect(decode(Inner, new Uint8Array([0x12, 2, 80, 81, 0x10, 82]))).toEqual({ ports: [80, 81, 82] });
  });

  it('refuses bytes that are no message', () => {
    expect(() => decode(Inner, new Uint8Array([0x0a, 0xff]))).toThrow();
  });

  it('keeps an enum value that only newer peers know, as its number', () => {
    const data = new Uint8Array([0x58, 0x63]);
    const value = decode(Everything, data);
    expect(value).toEqual({ color: '99' });
    expect([...encode(Everything, value)]).toEqual([...data]);
  });

  it('packs into an Any and unpacks only the right type', () => {
    const any = pack(Inner, { text: 'x' });
    expect(any.typeUrl).toBe('type.googleapis.com/test.Inner');
    expect(unpack(Inner, any)).toEqual({ text: 'x' });
    expect(unpack(Everything, any)).toBeUndefined();
  });
});

describe('validate', () => {
  const Strict = message(
    'test.Strict',
    {
      name: one(1, string, { minLen: 1 }),
      port: one(2, uint32, { lte: 65535, oneof: 'port' }),
      portName: one(3, string, { oneof: 'port' }),
      waitMs: one(4, duration, { gt: 0 }),
      items: many(5, Inner, { minItems: 1 }),
      color: one(6, Color),
      must: one(7, Inner, { required: true }),
    },
    ['port'],
  );
  const good = { name: 'x', port: 80, items: [{}], must: {} };
  const cases: readonly (readonly [string, object, string, string])[] = [
    ['a missing string', { name: undefined }, 'name', 'required'],
    ['an empty string', { name: '' }, 'name', 'must have at least 1 character(s)'],
    ['a number that is too large', { port: 70000 }, 'port', 'must be at most 65535, is 70000'],
    ['two members of a oneof', { portName: 'http' }, '(root)', 'only one of port, portName may be set (port)'],
    ['no member of a required oneof', { port: undefined }, '(root)', 'one of port must be set'],
    ['a duration of zero', { waitMs: 0 }, 'waitMs', 'must be greater than 0, is 0'],
    ['too few elements', { items: [] }, 'items', 'must have at least 1 element(s)'],
    ['a wrong element', { items: [{ text: 1 }] }, 'items[0].text', 'must be a string, is 1'],
    ['an unknown enum name', { color: 'GREEN' }, 'color', 'must be one of RED, BLUE, is "GREEN"'],
    ['an unknown field', { nmae: 'x' }, 'nmae', 'unknown field'],
    ['a missing message', { must: undefined }, 'must', 'required'],
    ['a fraction', { port: 1.5 }, 'port', 'must be an integer from 0 to 4294967295, is 1.5'],
  ];

  it('accepts what is right', () => {
    expect(validate(Strict, good)).toEqual([]);
  });

  it.each(cases)('names %s', (_, change, field, problem) => {
    expect(validate(Strict, { ...good, ...change })).toEqual([{ field, problem }]);
  });

  it('says in the error how many problems there are', () => {
    expect(() => pack(Strict, { name: '' })).toThrow(InvalidMessageError);
    expect(() => pack(Strict, { name: '' })).toThrow(/^invalid test.Strict: name: .* \(and 3 more\)$/);
  });
});
