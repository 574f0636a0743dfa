package main

import (
	"context"
	"flag"

	"google.golang.org/grpc"

	vigil "vigil.example/client/gen/vigil/v1"
)

// classify asks for one row of the shipped recordings and prints the answer as JSON.
func classify(ctx context.Context, connection *grpc.ClientConn, arguments []string) error {
	flags := flag.NewFlagSet("classify", flag.ExitOnError)
	row := flags.Int("row", 0, "which row")
	model := flags.String("model", "stable", "a version or an alias")
	file := flags.String("recordings", "../uta-rldd-blinks/uta_rldd_blinks.npz", "an NPZ file with X")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	shape, raw, err := readRow(*file, "X", *row)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	answer, err := vigil.NewClassifierServiceClient(connection).Classify(ctx, &vigil.ClassifyRequest{
		Model:   *model,
		Samples: &vigil.Tensor{Shape: shape, Data: &vigil.Tensor_Raw{Raw: raw}},
	})
	if err != nil {
		return err
	}
	return printJSON(answer)
}
