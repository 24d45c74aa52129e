import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readlink, realpath } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { notFound, partsOf, plain, send } from './answer.ts';

/**
 * Serves the node's logs below /logs/, as kubelets serve /var/log: folders as lists of links, files as plain text. `pods/` is the folder of
 * the containers' logs, and there is nothing beside it: nodes may share a machine, whose own logs are no node's.
 * @param logsDir Folder of the containers' logs. A link that leads out of it is not followed.
 */
export async function serveNodeLogs(logsDir: string, pathname: string, response: ServerResponse): Promise<void> {
  const parts = partsOf(pathname.slice('/logs'.length));
  if (parts === undefined) return send(response, { code: 400, type: plain, text: 'invalid URL path\n' });
  const [top, ...below] = parts;
  if (top !== undefined && top !== 'pods') return send(response, notFound);
  const isFolder = pathname.endsWith('/');
  if (top === undefined) return isFolder ? sendList(response, ['pods/']) : redirect(response, 'logs');
  await using file = await openBelow(logsDir, below);
  const found = await file?.stat();
  if (file === undefined || found === undefined) return send(response, notFound);
  if (found.isDirectory()) {
    return isFolder ? sendList(response, await namesIn(file)) : redirect(response, parts.at(-1)!);
  }
  if (isFolder || !found.isFile()) return send(response, notFound);
  // Logs grow: the answer ends where the file ended when it was asked for.
  const { size } = found;
  response.writeHead(200, { 'content-type': plain, 'content-length': size, 'x-content-type-options': 'nosniff' });
  if (size === 0 || response.req.method === 'HEAD') return void response.end();
  await pipeline(file.createReadStream({ end: size - 1, autoClose: false }), response).catch(() => response.destroy());
}

/** Opens a file or a folder; undefined where there is none, or it lies elsewhere. Links are judged by what was opened. */
async function openBelow(root: string, below: readonly string[]): Promise<FileHandle | undefined> {
  try {
    // A pipe in the place of a file is not waited for.
    const file = await open(join(root, ...below), constants.O_RDONLY | constants.O_NONBLOCK);
    const [place, top] = await Promise.all([readlink(pathOf(file)), realpath(root)]);
    if (place === top || place.startsWith(`${top}/`)) return file;
    await file.close();
    return undefined;
  } catch {
    return undefined;
  }
}

/** The path by which the kernel shows what is open. */
function pathOf({ fd }: FileHandle): string {
  return `/proc/self/fd/${fd}`;
}

async function namesIn(folder: FileHandle): Promise<string[]> {
  const entries = await readdir(`${pathOf(folder)}/`, { withFileTypes: true });
  return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).toSorted();
}

function redirect(response: ServerResponse, name: string): void {
  response.writeHead(301, { location: `${encodeURIComponent(name)}/`, 'content-length': 0 }).end();
}

function sendList(response: ServerResponse, names: readonly string[]): void {
  const lines = names.map((name) => {
    // A name with a colon would else begin with a scheme.
    const link = `./${name.split('/').map(encodeURIComponent).join('/')}`;
    return `<a href="${link}">${escaped(name)}</a>\n`;
  });
  const text = `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${lines.join('')}</pre>\n`;
  send(response, { type: 'text/html; charset=utf-8', text });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
