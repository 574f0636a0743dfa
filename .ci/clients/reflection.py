"""Loads every type that reflection offers into protobuf's own descriptor pool, which refuses what is incomplete."""

import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

DEADLINE_S = 30
Request = reflection_pb2.ServerReflectionRequest


def ask(channel: grpc.Channel, version: str, requests: list) -> list:
    """The two versions have the same messages on the wire, so that the package's v1alpha messages serve for both."""
    call = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=Request.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    answers = list(call(iter(requests), timeout=DEADLINE_S))
    for request, answer in zip(requests, answers, strict=True):
        if answer.HasField("error_response"):
            sys.exit(f"{version}: {request}: {answer.error_response}")
    return answers


def add_in_order(pool: descriptor_pool.DescriptorPool, files: dict) -> None:
    """A file goes after what it imports; an import that was not sent is a KeyError."""
    added: set[str] = set()

    def add(name: str) -> None:
        if name in added:
            return
        added.add(name)
        for dependency in files[name].dependency:
            add(dependency)
        pool.AddSerializedFile(files[name].SerializeToString())

    for name in files:
        add(name)


def walk(pool: descriptor_pool.DescriptorPool, services: list[str]) -> dict[str, int]:
    """Makes a message of every type within reach of a method."""
    seen: dict[str, set[str]] = {"methods": set(), "messages": set(), "enums": set(), "maps": set()}

    def visit(message) -> None:
        if message.full_name in seen["messages"]:
            return
        seen["messages"].add(message.full_name)
        message_factory.GetMessageClass(message)()
        for field in message.fields:
            if field.enum_type:
                seen["enums"].add(field.enum_type.full_name)
            if field.message_type:
                if field.message_type.GetOptions().map_entry:
                    seen["maps"].add(field.full_name)
                visit(field.message_type)

    for name in services:
        for method in pool.FindServiceByName(name).methods:
            seen["methods"].add(method.full_name)
            visit(method.input_type)
            visit(method.output_type)
    return {kind: len(names) for kind, names in seen.items()}


def main() -> None:
    with grpc.insecure_channel(sys.argv[1]) as channel:
        found = {}
        for version in ("v1", "v1alpha"):
            (listed,) = ask(channel, version, [Request(list_services="")])
            services = [service.name for service in listed.list_services_response.service]
            answers = ask(channel, version, [Request(file_containing_symbol=name) for name in services])
            files = {}
            for answer in answers:
                for data in answer.file_descriptor_response.file_descriptor_proto:
                    file = descriptor_pb2.FileDescriptorProto.FromString(data)
                    files[file.name] = file
            pool = descriptor_pool.DescriptorPool()
            add_in_order(pool, files)
            found[version] = {"services": len(services), "files": len(files), **walk(pool, services)}
            print(version, found[version])
        if found["v1"] != found["v1alpha"]:
            sys.exit("the two versions differ")
        # As the package itself does it: a pool that asks the server for what it does not know.
        database = ProtoReflectionDescriptorDatabase(channel)
        counts = walk(descriptor_pool.DescriptorPool(database), sorted(database.get_services()))
        print("grpcio-reflection", counts)
        if any(found["v1"][kind] != count for kind, count in counts.items()):
            sys.exit("grpcio-reflection found something else")
        if counts["maps"] == 0:
            sys.exit("no map field was found: map entries are what servers get wrong")


if __name__ == "__main__":
    main()
