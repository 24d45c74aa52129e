import { FieldSet } from '../field-set.ts';
import { atomic, type Shape } from '../shape.ts';
import type { Versions } from '../update.ts';

/** A struct whose fields are given. */
export function struct(fields: Readonly<Record<string, Shape>>): Shape {
  return { type: 'struct', field: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined) };
}

const strings: Shape = { type: 'map', values: atomic };

/** Parts of a Deployment, with every kind of list and map. */
export const deploymentShape = struct({
  apiVersion: atomic,
  kind: atomic,
  metadata: struct({ name: atomic, labels: strings, finalizers: { type: 'set' }, annotations: strings }),
  spec: struct({
    replicas: atomic,
    selector: atomic,
    template: struct({
      spec: struct({
        containers: {
          type: 'list',
          keys: ['name'],
          items: struct({
            name: atomic,
            image: atomic,
            args: atomic,
            ports: {
              type: 'list',
              keys: ['containerPort', 'protocol'],
              keyDefaults: { protocol: 'TCP' },
              items: struct({ containerPort: atomic, protocol: atomic, name: atomic }),
            },
          }),
        },
      }),
    }),
  }),
});

/** One version, in which nobody owns the object's identity. */
export const deployments: Versions = {
  schema: (version) =>
    version === 'apps/v1'
      ? {
          shape: deploymentShape,
          ignored: FieldSet.of(['f:apiVersion'], ['f:kind'], ['f:metadata', 'f:name']),
        }
      : undefined,
  convert: (object) => object,
};
