import type { Reply, RestClient } from '../rest/testing/client.ts';

/** Path of definitions. */
export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A definition of widgets in the group example.com. @param spec Parts of its spec beside names and scope. */
export function widgetDefinition(spec: object): Record<string, unknown> {
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'] };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, ...spec },
  };
}

/** Makes a definition, and waits until its kind is served. */
export async function define(client: RestClient, definition: Record<string, unknown>): Promise<void> {
  const made = await client.ask('POST', definitionsPath, definition);
  if (made.code !== 201) throw new Error(`the definition was refused: ${JSON.stringify(made.body)}`);
  const { name, resourceVersion } = made.body.metadata;
  const query = `watch=true&fieldSelector=metadata.name%3D${name}&resourceVersion=${resourceVersion}`;
  const headers = { authorization: 'Bearer the-token-of-the-tests' };
  const response = await fetch(`http://127.0.0.1:${client.port}${definitionsPath}?${query}`, { headers });
  let text = '';
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (/"type":"Established","status":"True"|"status":"True"[^{}]*"type":"Established"/.test(text)) return;
  }
  throw new Error(`the definition was not established: ${text}`);
}

/** Waits until the kinds that are served are as a definition has them that was just written. */
export async function seen(client: RestClient, { body }: Pick<Reply, 'body'>): Promise<void> {
  await client.ask('GET', `${definitionsPath}?resourceVersion=${body.metadata.resourceVersion}`);
}

export const mergePatch = { 'content-type': 'application/merge-patch+json' };
