"""A channel to a server as a program should open it: its service config, its deadlines, its generated code."""

import argparse
import json
import os
import sys

import grpc

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "gen"))

# Calls that may be made twice are tried again when a server is not there, and servers behind one name take turns.
SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [
                {"service": "vigil.v1.ClassifierService", "method": "Classify"},
                {"service": "vigil.v1.SynthesizerService", "method": "Synthesize"},
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}

DEADLINE_S = 30


def parser(description: str) -> argparse.ArgumentParser:
    """The option that every program has."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--address", default=os.environ.get("VIGIL_ADDRESS", "127.0.0.1:50051"))
    return options


def connect(address: str) -> grpc.Channel:
    """The caller closes, or says `with`."""
    return grpc.insecure_channel(address, options=[("grpc.service_config", json.dumps(SERVICE_CONFIG))])
