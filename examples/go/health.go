package main

import (
	"context"
	"flag"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// watchHealth prints the health of a name at each change: "" is the whole server, "liveness" its process, any alias
// its model.
func watchHealth(ctx context.Context, connection *grpc.ClientConn, arguments []string) error {
	flags := flag.NewFlagSet("health", flag.ExitOnError)
	name := flags.String("name", "", "what to watch")
	until := flags.String("until", "", "leave when this is the status, for example SERVING; else never")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	// Without a deadline: a watch lasts as long as what it watches.
	stream, err := grpc_health_v1.NewHealthClient(connection).Watch(ctx,
		&grpc_health_v1.HealthCheckRequest{Service: *name})
	if err != nil {
		return err
	}
	for {
		answer, err := stream.Recv()
		if err != nil {
			return err
		}
		fmt.Println(answer.Status)
		if answer.Status.String() == *until {
			return nil
		}
	}
}
