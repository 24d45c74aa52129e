"""A provider of nodes in Python: machines come and go by commands that the operator names.

The autoscaler (Gantry's, or Kubernetes' Cluster Autoscaler) decides; this program carries out. Its books are a JSON file, so that it
knows its machines after a restart. README.md says how to run it.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from concurrent import futures
from pathlib import Path

import grpc

HERE = Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"


def generate(folder: str) -> None:
    """Makes Python of the protocol and of Kubernetes' objects, whose bytes templates are."""
    from grpc_tools import protoc

    files = [str(path.relative_to(PROTO)) for kind in ("core", "meta") for path in PROTO.glob(f"gantry/{kind}/v1/*.proto")]
    own = Path(protoc.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{PROTO}", f"-I{own}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    if protoc.main([*arguments, "clusterautoscaler/externalgrpc.proto", "gantry/options.proto", *files]) != 0:
        sys.exit("the protocol cannot be generated")
    sys.path.insert(0, folder)


generated = tempfile.TemporaryDirectory(prefix="provider-python-")
generate(generated.name)
from clusterautoscaler import externalgrpc_pb2 as pb  # noqa: E402
from clusterautoscaler import externalgrpc_pb2_grpc as service  # noqa: E402
from gantry.core.v1 import node_pb2  # noqa: E402

SCHEME = "python://"
GROUP_LABEL = "example.com/group"
State = pb.InstanceStatus.InstanceState


class Books:
    """Machines by name, on the disk before anything is done about them."""

    def __init__(self, path: Path):
        self.path = path
        self.lock = threading.RLock()
        self.machines = json.loads(path.read_text()) if path.exists() else {}

    def save(self) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.machines))
        os.replace(new, self.path)

    def of(self, group: str) -> dict:
        return {name: each for name, each in self.machines.items() if each["group"] == group}

    def size(self, group: str) -> int:
        return sum(each["state"] != "deleting" for each in self.of(group).values())


class Provider(service.CloudProviderServicer):
    """The calls that every provider must have, templates and prices. What it lacks is answered with UNIMPLEMENTED."""

    def __init__(self, groups: dict, books: Books):
        self.groups = groups
        self.books = books
        self.workers = futures.ThreadPoolExecutor(max_workers=8)
        with books.lock:
            for name, machine in books.machines.items():
                if machine["state"] != "running":
                    self.workers.submit(self.carry_out, name)

    def NodeGroups(self, request, context):
        return pb.NodeGroupsResponse(nodeGroups=[self.group(id) for id in self.groups])

    def NodeGroupForNode(self, request, context):
        machine = self.books.machines.get(request.node.providerID.removeprefix(SCHEME))
        known = request.node.providerID.startswith(SCHEME) and machine is not None and machine["group"] in self.groups
        return pb.NodeGroupForNodeResponse(nodeGroup=self.group(machine["group"]) if known else pb.NodeGroup())

    def NodeGroupTargetSize(self, request, context):
        self.known(request.id, context)
        return pb.NodeGroupTargetSizeResponse(targetSize=self.books.size(request.id))

    def NodeGroupIncreaseSize(self, request, context):
        group = self.known(request.id, context)
        with self.books.lock:
            if request.delta <= 0:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"delta must be positive, and is {request.delta}")
            if self.books.size(request.id) + request.delta > group["max"]:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{request.id} may have {group['max']} machines")
            names = [f"{request.id}-{secrets.token_hex(4)}" for _ in range(request.delta)]
            self.enter(names, {"group": request.id, "state": "creating"})
        return pb.NodeGroupIncreaseSizeResponse()

    def NodeGroupDeleteNodes(self, request, context):
        self.known(request.id, context)
        with self.books.lock:
            names = [node.providerID.removeprefix(SCHEME) for node in request.nodes]
            for name in names:
                if name not in self.books.of(request.id):
                    context.abort(grpc.StatusCode.NOT_FOUND, f"{name} is no machine of {request.id}")
            self.enter(names, {"group": request.id, "state": "deleting"})
        return pb.NodeGroupDeleteNodesResponse()

    def NodeGroupDecreaseTargetSize(self, request, context):
        self.known(request.id, context)
        with self.books.lock:
            coming = [name for name, each in self.books.of(request.id).items() if each["state"] == "creating"]
            if request.delta >= 0 or len(coming) < -request.delta:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{len(coming)} machines are on their way")
            self.enter(coming[request.delta :], {"group": request.id, "state": "deleting"})
        return pb.NodeGroupDecreaseTargetSizeResponse()

    def NodeGroupNodes(self, request, context):
        self.known(request.id, context)
        return pb.NodeGroupNodesResponse(instances=[self.instance(*each) for each in self.books.of(request.id).items()])

    def NodeGroupTemplateNodeInfo(self, request, context):
        group = self.known(request.id, context)
        node = node_pb2.Node()
        node.metadata.name = f"{request.id}-template"
        node.metadata.labels.update({"kubernetes.io/hostname": node.metadata.name, GROUP_LABEL: request.id})
        node.metadata.labels.update(group.get("labels", {}))
        for resource, amount in group["capacity"].items():
            node.status.capacity[resource].string = amount
            node.status.allocatable[resource].string = amount
        return pb.NodeGroupTemplateNodeInfoResponse(nodeBytes=node.SerializeToString())

    def PricingNodePrice(self, request, context):
        machine = self.books.machines.get(request.node.providerID.removeprefix(SCHEME))
        # A node that is not there yet is a copy of a template.
        id = machine["group"] if machine else request.node.labels.get(GROUP_LABEL)
        price = self.groups.get(id, {}).get("price")
        if price is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"there is no price of {request.node.name}")
        seconds = request.endTimestamp.seconds - request.startTimestamp.seconds
        return pb.PricingNodePriceResponse(price=price * seconds / 3600)

    def GPULabel(self, request, context):
        return pb.GPULabelResponse()

    def GetAvailableGPUTypes(self, request, context):
        return pb.GetAvailableGPUTypesResponse()

    def Refresh(self, request, context):
        return pb.RefreshResponse()

    def Cleanup(self, request, context):
        return pb.CleanupResponse()

    def group(self, id: str):
        group = self.groups[id]
        return pb.NodeGroup(id=id, minSize=group["min"], maxSize=group["max"], debug=json.dumps(group["capacity"]))

    def known(self, id: str, context) -> dict:
        if id not in self.groups:
            context.abort(grpc.StatusCode.NOT_FOUND, f"there is no group {id!r}")
        return self.groups[id]

    def instance(self, name: str, machine: dict):
        state = {"creating": State.instanceCreating, "running": State.instanceRunning, "deleting": State.instanceDeleting}
        status = pb.InstanceStatus(instanceState=state[machine["state"]])
        if "error" in machine:
            status.errorInfo.MergeFrom(
                pb.InstanceErrorInfo(errorCode="CommandFailed", errorMessage=machine["error"], instanceErrorClass=99)
            )
        return pb.Instance(id=SCHEME + name, status=status)

    def enter(self, names: list, machine: dict) -> None:
        """Writes machines into the books, and then has it carried out."""
        for name in names:
            self.books.machines[name] = dict(machine)
        self.books.save()
        for name in names:
            self.workers.submit(self.carry_out, name)

    def carry_out(self, name: str) -> None:
        """Runs the command that starts or ends a machine. A failure stands beside the machine; the autoscaler decides what comes of it."""
        with self.books.lock:
            machine = dict(self.books.machines[name])
        starts = machine["state"] == "creating"
        command = self.groups.get(machine["group"], {}).get("start" if starts else "stop", "true")
        told = {**os.environ, "NAME": name, "GROUP": machine["group"], "PROVIDER_ID": SCHEME + name}
        ended = subprocess.run(["sh", "-c", command], env=told, capture_output=True, text=True)
        with self.books.lock:
            now = self.books.machines.get(name)
            if now is None or now["state"] != machine["state"]:
                return
            if ended.returncode != 0:
                now["error"] = (ended.stderr.strip() or f"exit code {ended.returncode}")[:500]
            elif starts:
                now["state"] = "running"
            else:
                del self.books.machines[name]
            self.books.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=Path, default=HERE / "groups.json", help="file with the node groups")
    parser.add_argument("--books", type=Path, required=True, help="file with the machines, made where there is none")
    parser.add_argument("--listen", required=True, help="unix:/path of a socket in a private folder, or host:port with certificates")
    parser.add_argument("--key", type=Path, help="key of the certificate")
    parser.add_argument("--cert", type=Path, help="certificate of this server")
    parser.add_argument("--cacert", type=Path, help="authority of autoscalers' certificates")
    options = parser.parse_args()
    provider = Provider(json.loads(options.groups.read_text()), Books(options.books))
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    service.add_CloudProviderServicer_to_server(provider, server)
    if options.listen.startswith("unix:"):
        server.add_insecure_port(options.listen)
    elif options.key and options.cert and options.cacert:
        pair = (options.key.read_bytes(), options.cert.read_bytes())
        authority = options.cacert.read_bytes()
        server.add_secure_port(options.listen, grpc.ssl_server_credentials([pair], authority, require_client_auth=True))
    else:
        sys.exit("a port needs --key, --cert and --cacert: who can call it starts and ends machines")
    server.start()
    print(f"the provider listens on {options.listen}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
