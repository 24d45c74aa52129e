"""A client that knows nothing of Gantry: it learns every message from the server's reflection and calls it.

Prints what it found as JSON. Arguments: the api's address, and the folder of the .proto files, which protoc compiles to
compare.
"""

import importlib.resources
import json
import pathlib
import sys
import tempfile

import grpc
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_tools import protoc

address, protos = sys.argv[1], pathlib.Path(sys.argv[2])
channel = grpc.insecure_channel(address)
database = ProtoReflectionDescriptorDatabase(channel)
pool = DescriptorPool(database)
services = {name: pool.FindServiceByName(name) for name in database.get_services()}


def files_of(file, found):
    if file.name not in found:
        found[file.name] = file
        for imported in file.dependencies:
            files_of(imported, found)
    return found


def plain(file):
    """A descriptor without the parts that reflection leaves out: options, JSON names that follow from names, unused imports."""
    for part in (file, *file.service):
        part.ClearField('options')
    file.ClearField('dependency')
    for message in file.message_type:
        plain_message(message)
    # The order of declarations in a file means nothing.
    for declared in (file.message_type, file.enum_type, file.service):
        declared.sort(key=lambda each: each.name)
    for method in (method for service in file.service for method in service.method):
        # False is the same as absent.
        method.client_streaming, method.server_streaming = method.client_streaming, method.server_streaming
    return file


def plain_message(message):
    if not message.options.map_entry:
        message.ClearField('options')
    for field in message.field:
        field.ClearField('options')
        field.ClearField('json_name')
    # protoc keeps the order of the file among nested messages and the entries of maps.
    nested = sorted(message.nested_type, key=lambda each: each.name)
    message.ClearField('nested_type')
    message.nested_type.extend(nested)
    for each in message.nested_type:
        plain_message(each)


def compiled():
    """The descriptors that protoc makes, by name of the file."""
    standard = importlib.resources.files('grpc_tools') / '_proto'
    names = [str(path.relative_to(protos)) for path in protos.rglob('*.proto')]
    with tempfile.NamedTemporaryFile() as out:
        if protoc.main(['protoc', f'-I{protos}', f'-I{standard}', f'--descriptor_set_out={out.name}', *names]) != 0:
            raise SystemExit('protoc failed')
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read()).file
    return {file.name: file for file in files}


def call(service, name, **fields):
    method = services[service].methods_by_name[name]
    rpc = channel.unary_unary(
        f'/{service}/{name}',
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    return MessageToDict(rpc(GetMessageClass(method.input_type)(**fields), timeout=10))


found = {}
for service in services.values():
    files_of(service.file, found)
expected = compiled()
different = []
for name, file in found.items():
    proto = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(proto)
    if name.startswith('gantry/') and plain(proto) != plain(expected[name]):
        different.append(name)

manifest = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'mine', 'namespace': 'default'}, 'data': {'a': 'b'}}
applied = call('gantry.api.v1.ResourceService', 'Apply', manifest=json.dumps(manifest).encode())
listed = call('gantry.api.v1.ResourceService', 'List', resource='configmaps', namespace='default')
print(
    json.dumps(
        {
            'services': {name: [method.name for method in service.methods] for name, service in services.items()},
            'files': sorted(found),
            'different': different,
            'outcome': applied['outcome'],
            'data': [item['configMap']['data'] for item in listed['items']],
            'health': call('grpc.health.v1.Health', 'Check'),
        }
    )
)
