"""The health service as its specification says, by grpcio-health-checking."""

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

sys.path.insert(0, sys.argv[2])
from vigil.v1 import models_pb2, models_pb2_grpc

DEADLINE_S = 30
name_of = health_pb2.HealthCheckResponse.ServingStatus.Name


def expect(what: str, found: object, wanted: object) -> None:
    print(f"{what}: {found}")
    if found != wanted:
        sys.exit(f"{what}: found {found}, wanted {wanted}")


def main() -> None:
    with grpc.insecure_channel(sys.argv[1]) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        models = models_pb2_grpc.ModelServiceStub(channel)

        def check(name: str) -> str:
            request = health_pb2.HealthCheckRequest(service=name)
            try:
                return name_of(health.Check(request, timeout=DEADLINE_S).status)
            except grpc.RpcError as error:
                return error.code().name

        for name in ("", "liveness", "stable", "candidate"):
            expect(f"Check {name!r}", check(name), "SERVING")
        expect("Check 'canary'", check("canary"), "NOT_FOUND")
        statuses = health.List(health_pb2.HealthListRequest(), timeout=DEADLINE_S).statuses
        listed = {name: name_of(statuses[name].status) for name in sorted(statuses)}
        expect("List", listed, dict.fromkeys(("", "candidate", "liveness", "stable"), "SERVING"))

        # An unknown name is watched too: the stream says so, stays open, and tells when the name comes up.
        watch = health.Watch(health_pb2.HealthCheckRequest(service="canary"), timeout=DEADLINE_S)
        expect("Watch 'canary'", name_of(next(watch).status), "SERVICE_UNKNOWN")
        expect("Watch 'canary' is open", watch.is_active(), True)
        request = models_pb2.SetAliasRequest(alias="canary", version="1")
        models.SetAlias(request, timeout=DEADLINE_S)
        expect("Watch 'canary', once the alias is set", name_of(next(watch).status), "SERVING")
        watch.cancel()
        expect("Check 'canary'", check("canary"), "SERVING")


if __name__ == "__main__":
    main()
