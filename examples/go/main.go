// Command client asks a Vigil server from Go: one file for each of its commands.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Calls that may be made twice are tried again when a server is not there, and servers behind one name take turns.
const serviceConfig = `{
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [{
    "name": [
      {"service": "vigil.v1.ClassifierService", "method": "Classify"},
      {"service": "vigil.v1.SynthesizerService", "method": "Synthesize"}
    ],
    "retryPolicy": {
      "maxAttempts": 4,
      "initialBackoff": "0.1s",
      "maxBackoff": "1s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }]
}`

// deadline of calls that end by themselves.
const deadline = 30 * time.Second

var commands = map[string]func(context.Context, *grpc.ClientConn, []string) error{
	"classify":   classify,
	"synthesize": synthesize,
	"health":     watchHealth,
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	address := flag.String("address", or(os.Getenv("VIGIL_ADDRESS"), "127.0.0.1:50051"), "the server")
	flag.Parse()
	command, known := commands[flag.Arg(0)]
	if !known {
		return fmt.Errorf("found command %q; allowed: classify, synthesize, health", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	connection, err := grpc.NewClient(*address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig))
	if err != nil {
		return err
	}
	defer connection.Close()
	return command(ctx, connection, flag.Args()[1:])
}

func printJSON(message proto.Message) error {
	text, err := protojson.MarshalOptions{Multiline: true}.Marshal(message)
	if err == nil {
		fmt.Println(string(text))
	}
	return err
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
