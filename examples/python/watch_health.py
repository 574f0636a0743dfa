"""Watches the health of a name: "" is the whole server, "liveness" its process, any alias its model."""

from grpc_health.v1 import health_pb2, health_pb2_grpc

from channel import connect, parser


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--name", default="")
    options.add_argument("--until", help="leave when this is the status, for example SERVING; else never")
    given = options.parse_args()
    with connect(given.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        # Without a deadline: a watch lasts as long as what it watches.
        for answer in health.Watch(health_pb2.HealthCheckRequest(service=given.name)):
            status = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
            print(status, flush=True)
            if status == given.until:
                return


if __name__ == "__main__":
    main()
