import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isRewritable, LinkRewriter, linkStreams } from './html.ts';

const rewrite = (link: string): string => (link.startsWith('/') ? `/p${link}` : link);

/** A page in parts of a length, rewritten. */
function rewritten(page: string, length = page.length): string {
  const links = new LinkRewriter(rewrite);
  let result = '';
  for (let at = 0; at < page.length; at += length) result += links.write(page.slice(at, at + length));
  return result + links.end();
}

const tags: [string, string][] = [
  ['a', 'href'],
  ['applet', 'codebase'],
  ['area', 'href'],
  ['audio', 'src'],
  ['base', 'href'],
  ['blockquote', 'cite'],
  ['body', 'background'],
  ['button', 'formaction'],
  ['command', 'icon'],
  ['del', 'cite'],
  ['embed', 'src'],
  ['form', 'action'],
  ['frame', 'longdesc'],
  ['frame', 'src'],
  ['head', 'profile'],
  ['html', 'manifest'],
  ['iframe', 'longdesc'],
  ['iframe', 'src'],
  ['img', 'longdesc'],
  ['img', 'src'],
  ['img', 'usemap'],
  ['input', 'src'],
  ['input', 'usemap'],
  ['input', 'formaction'],
  ['ins', 'cite'],
  ['link', 'href'],
  ['object', 'classid'],
  ['object', 'codebase'],
  ['object', 'data'],
  ['object', 'usemap'],
  ['q', 'cite'],
  ['script', 'src'],
  ['source', 'src'],
  ['video', 'poster'],
  ['video', 'src'],
];

describe('links of a page', () => {
  test.each(tags)('are in <%s %s>', (tag, attribute) => {
    expect(rewritten(`<${tag} ${attribute}="/x">`)).toBe(`<${tag} ${attribute}="/p/x">`);
  });

  test.each([
    ['<a  HREF = "/x" class=b>t</a >', '<a  HREF = "/p/x" class=b>t</a >'],
    ["<A href='/x'>", "<A href='/p/x'>"],
    ['<a href=/x>', '<a href=/p/x>'],
    ['<img src="/x"/>', '<img src="/p/x"/>'],
    ['<a href="&#47;x?a=1&amp;b=2">', '<a href="/p/x?a=1&#38;b=2">'],
    ['<a href="/&eacute;&#8364;">', '<a href="/p/\xc3\xa9\xe2\x82\xac">'],
    ["<a href='/it&#39;s'>", "<a href='/p/it&#39;s'>"],
    ['<a\nhref\n=\n"/x"\n>', '<a\nhref\n=\n"/p/x"\n>'],
    ['<a href="/x"><b>/y</b><a href="/z">', '<a href="/p/x"><b>/y</b><a href="/p/z">'],
    [
      '<script src="/x">"<a href=\'/y\'>"</script><a href="/z">',
      '<script src="/p/x">"<a href=\'/y\'>"</script><a href="/p/z">',
    ],
    ['<img usemap src="/x">', '<img usemap src="/p/x">'],
    ['<a href="x"><a href="/x">', '<a href="x"><a href="/p/x">'],
  ])('are found however they are written and in whatever parts they come: %s', (page, expected) => {
    for (const length of [page.length, 1, 2, 3, 7]) expect(rewritten(page, length)).toBe(expected);
  });

  test.each([
    '<!-- <a href="/x"> --><!DOCTYPE html>\r\n\0\x80\xff&amp;&nbsp;<P >t</p\n>',
    '<p href="/x" src="/y"><a data-href="/x" title="/y"><img href="/x">',
    '<style>a { background: url("/x") } <a href="/x"></style>',
    '<textarea><a href="/x"></textarea><title><a href="/x"></title>',
    "<a href='x' >&lt;<a href=><a href><a href=\"x&amp;y&#0;\" b='\"'>",
    '<a href="http://example.com/x">',
    '</a href="/x">',
    'no < page > at & all " = /x',
    '<a href="/x',
    '<a href="/x&am',
    '<',
    '',
  ])('leave every other byte alone: %j', (page) => {
    for (const length of [page.length || 1, 1, 2, 5]) expect(rewritten(page, length)).toBe(page);
  });

  test('are found behind long names, and long attributes pass before they have ended', () => {
    const long = 'x'.repeat(100_000);
    const page = `<${long} ${long}="/x"><a ${long} href="/x"><img src="data:${long}"><a href="/y">`;
    expect(rewritten(page, 1000)).toBe(page.replace('"/x"><img', '"/p/x"><img').replace('"/y"', '"/p/y"'));
    const links = new LinkRewriter(rewrite);
    let given = 0;
    for (let sent = 0; sent < 100; sent++) {
      given += links.write(sent === 0 ? '<a href="/' : long.slice(0, 1000)).length;
      expect(10 + sent * 1000 - given).toBeLessThanOrEqual(16 * 1024 + 10);
    }
    expect(links.end()).toBe('');
  });
});

describe('a page as a stream', () => {
  const page = Buffer.from(`<a href="/ü">${'long text '.repeat(20_000)}<a href='/y'>`);
  const expected = Buffer.from(page.toString().replace('/ü', '/p/ü').replace('/y', '/p/y'));

  test.each([
    ['', (bytes: Buffer) => bytes, (bytes: Buffer) => bytes],
    ['gzip', gzipSync, gunzipSync],
    ['deflate', deflateSync, inflateSync],
    ['deflate', deflateRawSync, inflateRawSync],
  ])('keeps its coding %j', async (coding, encode, decode) => {
    const encoded = encode(page);
    const parts = Array.from({ length: Math.ceil(encoded.length / 999) }, (_, at) =>
      encoded.subarray(at * 999, (at + 1) * 999),
    );
    const source = Readable.from(parts, { objectMode: false });
    const sink = new PassThrough();
    const streams = await linkStreams(source, coding, rewrite);
    const [result] = await Promise.all([buffer(sink), pipeline([source, ...streams, sink])]);
    expect(decode(result).equals(expected)).toBe(true);
  });

  test.each([
    [{ 'content-type': 'text/html' }, true],
    [{ 'content-type': 'text/html; charset=utf-8', 'content-encoding': 'gzip' }, true],
    [{ 'content-type': 'text/html', 'content-encoding': 'deflate' }, true],
    [{ 'content-type': 'text/html', 'content-encoding': 'br' }, false],
    [{ 'content-type': 'text/plain' }, false],
    [{ 'content-type': 'application/xhtml+xml' }, false],
    [{}, false],
  ])('is rewritten by its headers %j: %s', (headers, expectedAnswer) => {
    expect(isRewritable(headers)).toBe(expectedAnswer);
  });
});
