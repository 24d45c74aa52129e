"""Uses Kubernetes' client library for Python against a cluster, and prints what it saw as JSON.

Arguments: the kubeconfig, a namespace, and the image of a pod that runs.
"""

import json
import sys

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream

kubeconfig, namespace, image = sys.argv[1:]
config.load_kube_config(kubeconfig)
core = client.CoreV1Api()
apps = client.AppsV1Api()
seen = {}

metadata = client.V1ObjectMeta(name="from-python", labels={"set": "python"})
core.create_namespaced_config_map(namespace, client.V1ConfigMap(metadata=metadata, data={"a": "1"}))
listed = core.list_namespaced_config_map(namespace, label_selector="set=python")
core.patch_namespaced_config_map("from-python", namespace, {"data": {"b": "2"}})
core.patch_namespaced_config_map("from-python", namespace, [{"op": "remove", "path": "/data/a"}])
core.delete_namespaced_config_map("from-python", namespace)
events = watch.Watch().stream(
    core.list_namespaced_config_map,
    namespace,
    label_selector="set=python",
    resource_version=listed.metadata.resource_version,
    timeout_seconds=30,
)
seen["watched"] = []
for event in events:
    seen["watched"].append([event["type"], event["object"].data])
    if event["type"] == "DELETED":
        break

container = client.V1Container(name="main", image=image, command=["sh", "-c", "echo started; exec busybox sleep 1000"])
spec = client.V1PodSpec(containers=[container], termination_grace_period_seconds=1)
core.create_namespaced_pod(namespace, client.V1Pod(metadata=client.V1ObjectMeta(name="python"), spec=spec))
for event in watch.Watch().stream(
    core.list_namespaced_pod, namespace, field_selector="metadata.name=python", timeout_seconds=60
):
    if event["object"].status.phase == "Running":
        break
seen["exec"] = stream(
    core.connect_get_namespaced_pod_exec,
    "python",
    namespace,
    command=["echo", "hello"],
    stdout=True,
    stderr=True,
    stdin=False,
    tty=False,
)
seen["log"] = core.read_namespaced_pod_log("python", namespace)

try:
    core.read_namespaced_secret("none", namespace)
except ApiException as error:
    seen["refused"] = [error.status, json.loads(error.body)["reason"]]

dynamic = apps.list_namespaced_deployment(namespace, limit=1)
seen["deployments"] = len(dynamic.items)
print(json.dumps(seen))
