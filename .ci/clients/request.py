"""One row of the shipped recordings as a ClassifyRequest in proto JSON, for clients that take requests as text."""

import base64
import json
import sys

import numpy as np

row = np.load("examples/uta-rldd-blinks/uta_rldd_blinks.npz")["X"][int(sys.argv[1])].astype("<f4")
raw = base64.b64encode(row.tobytes()).decode()
print(json.dumps({"samples": {"shape": list(row.shape), "raw": raw}}))
