package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"

	"google.golang.org/grpc"

	vigil "vigil.example/client/gen/vigil/v1"
)

// synthesize draws rows of one class, checks them against the server's hash and prints the summary as JSON.
func synthesize(ctx context.Context, connection *grpc.ClientConn, arguments []string) error {
	flags := flag.NewFlagSet("synthesize", flag.ExitOnError)
	rows := flags.Int64("rows", 5, "how many")
	class := flags.String("class-name", "alert", "of which class")
	seed := flags.Uint64("seed", 7, "the same seed gives the same rows")
	model := flags.String("model", "stable", "a version or an alias")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	stream, err := vigil.NewSynthesizerServiceClient(connection).Synthesize(ctx, &vigil.SynthesizeRequest{
		Model:  *model,
		Counts: []*vigil.ClassCount{{ClassName: *class, Rows: *rows}},
		Seed:   seed,
	})
	if err != nil {
		return err
	}
	hash := sha256.New()
	var received int64
	var summary *vigil.SynthesizeSummary
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if chunk := message.GetChunk(); chunk != nil {
			// Little-endian float32, [rows, channels, steps].
			hash.Write(chunk.Samples.GetRaw())
			received += chunk.Samples.Shape[0]
		} else if end := message.GetSummary(); end != nil {
			summary = end
		}
	}
	if found := hex.EncodeToString(hash.Sum(nil)); summary.GetSha256() != found || received != *rows {
		return fmt.Errorf("%d rows with SHA-256 %s are not what was sent: %v", received, found, summary)
	}
	return printJSON(summary)
}
