import { describe, expect, test } from 'vitest';
import { linkBelow } from './links.ts';

const root = '/api/v1/namespaces/default/pods/web:8080/proxy';
const place = { root, host: '10.0.0.1:8080', clientHost: 'localhost:8001' };

describe('a link', () => {
  test.each([
    ['an absolute path', '/x', `${root}/x`],
    ['an absolute path with a slash at its end', '/x/', `${root}/x/`],
    ['the root', '/', `${root}/`],
    ['a path with a query and a fragment', '/x?a=b&c=/d#e', `${root}/x?a=b&c=/d#e`],
    ['a path that climbs', '/../../x', `${root}/x`],
    ['an escaped path', '/a%2Fb%20c', `${root}/a%2Fb%20c`],
    ['a path with bytes that are not ASCII', '/\xc3\xbc\xff', `${root}/%C3%BC%FF`],
    ['markup in a path', '/%00<script>"', `${root}/%00%3Cscript%3E%22`],
    ['a path between spaces', ' \n/x ', `${root}/x`],
    ['an address of the server', 'http://10.0.0.1:8080/x', `${root}/x`],
    ['an address of the server without a path', 'http://10.0.0.1:8080', `${root}/`],
    ['an address of the server without a scheme', '//10.0.0.1:8080/x', `${root}/x`],
    ['an address of the host that the client asked', 'http://localhost:8001/x', `http://localhost:8001${root}/x`],
    ['the same without a scheme', '//localhost:8001/x', `//localhost:8001${root}/x`],
    ['an address of the server below the proxy', `http://10.0.0.1:8080${root}/x`, `${root}/x`],
    ['a path that only begins as the proxy does', `${root}2/x`, `${root}${root}2/x`],
  ])('is led through the proxy: %s', (_, link, expected) => {
    expect(linkBelow(link, place)).toBe(expected);
  });

  test.each([
    ['a relative path', 'x/y?z#w'],
    ['nothing', ''],
    ['a fragment', '#x'],
    ['a query', '?x=/y'],
    ['another host', 'http://example.com/x'],
    ['another host without a scheme', '//example.com/x'],
    ['another port of the server', 'http://10.0.0.1:8081/x'],
    ['another host in one with the wrong slashes', '/\\example.com/x'],
    ['another scheme', 'ftp://10.0.0.1:8080/x'],
    ['script', 'javascript:alert("/x")'],
    ['mail', 'mailto:a@b'],
    ['data', 'data:text/html,<a href="/x">'],
    ['no address', 'http://['],
    ['a path below the proxy', `${root}/x`],
    ['the proxy itself', root],
    ['an address below the proxy by the host that the client asked', `http://localhost:8001${root}/x`],
  ])('stays: %s', (_, link) => {
    expect(linkBelow(link, place)).toBe(link);
  });

  test('to a port that the scheme implies may name it or not', () => {
    expect(linkBelow('http://10.0.0.1/x', { ...place, host: '10.0.0.1:80' })).toBe(`${root}/x`);
    expect(linkBelow('https://10.0.0.1/x', { ...place, host: '10.0.0.1:80' })).toBe('https://10.0.0.1/x');
  });
});
