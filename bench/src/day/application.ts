/** Port of this machine at which Envoy serves the application. */
export const port = 8099;
/** Label of its pods. */
export const labelSelector = 'app=shop';

export interface Sizes {
  /** Requests per second that one pod is to have. */
  readonly perPod: number;
  /** Pods at most. */
  readonly maxPods: number;
  /** Cores that a pod asks for, which decides how many a node takes. */
  readonly podCpu: string;
  /** Seconds that the autoscaler looks back before it takes pods away. */
  readonly windowSeconds: number;
  /** Seconds without requests after which no pod is left. */
  readonly idleSeconds: number;
}

/** An application whose pods follow the requests that Envoy carries to them. */
export function application(image: string, { perPod, maxPods, podCpu, windowSeconds, idleSeconds }: Sizes): string[] {
  const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  replicas: 1
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      terminationGracePeriodSeconds: 10
      containers:
        - name: web
          image: ${image}
          env: [{ name: VERSION, value: "1" }]
          ports: [{ name: http, containerPort: 8080 }]
          resources: { requests: { cpu: ${podCpu}, memory: 16Mi } }
          readinessProbe: { httpGet: { path: /, port: http }, periodSeconds: 1 }
          lifecycle: { preStop: { sleep: { seconds: 3 } } }
`;
  const service = `apiVersion: v1
kind: Service
metadata:
  name: shop
  annotations: { gantry.dev/scale-to-zero-after: ${idleSeconds}s }
spec:
  type: LoadBalancer
  selector: { app: shop }
  ports: [{ name: http, port: ${port}, targetPort: http }]
`;
  const autoscaler = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: shop }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }
  minReplicas: 1
  maxReplicas: ${maxPods}
  behavior: { scaleDown: { stabilizationWindowSeconds: ${windowSeconds} } }
  metrics:
    - type: Object
      object:
        describedObject: { apiVersion: v1, kind: Service, name: shop }
        metric: { name: requests_per_second }
        target: { type: AverageValue, averageValue: "${perPod}" }
`;
  return [deployment, service, autoscaler];
}
