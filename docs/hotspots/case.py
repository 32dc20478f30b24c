"""Makes case.json: a field with a hot and a cold spot, its queen contiguity, and Gi* by esda (pip install esda libpysal)."""

import json
import pathlib

import esda
import libpysal
import numpy as np

ROWS, COLUMNS = 6, 10
weights = libpysal.weights.lat2W(ROWS, COLUMNS, rook=False)
random = np.random.default_rng(7)
y, x = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
hump = 4 * np.exp(-((x - 2) ** 2 + (y - 2) ** 2) / 4) - 2 * np.exp(-((x - 7) ** 2 + (y - 3) ** 2) / 6)
values = np.round(3 + hump + random.random(ROWS * COLUMNS), 6)
local = esda.G_Local(values, weights, transform="B", star=True, permutations=0)
case = {
    "neighbours": [sorted(weights.neighbors[i]) for i in range(weights.n)],
    "y": values.tolist(),
    "z": local.Zs.tolist(),
}
pathlib.Path(__file__).with_name("case.json").write_text(json.dumps(case) + "\n")
