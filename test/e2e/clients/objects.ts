/** Manifests that the clients' tests use. */

/** Image that runs until it is asked to end, and answers HTTP on port 8080. */
export const image = 'gantry.dev/hello:1';
export const nextImage = 'gantry.dev/hello:2';

/** A ConfigMap. */
export function configMap(name: string, data: Readonly<Record<string, string>>, labels?: object): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...(labels === undefined ? {} : { labels }) }, data };
}

/** A Deployment of web servers that end at once when they are asked to. */
export function webDeployment(name: string, replicas: number, annotations = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, annotations, labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'web', image, ports: [{ containerPort: 8080 }] }],
        },
      },
    },
  };
}

/** A pod that writes a line and waits. */
export function waitingPod(name: string, labels = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image, command: ['sh', '-c', 'echo started; exec busybox sleep 100000'] }],
    },
  };
}
