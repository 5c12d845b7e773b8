"""Writes model.json: of each operation of CloudTrail, the members of input and output by type, and its errors.

Usage: python3 model.py >model.json, with botocore installed.
"""

import json

from botocore.loaders import Loader

model = Loader().load_service_model("cloudtrail", "service-2")
shapes = model["shapes"]


def described(name, above=()):
    shape = shapes[name]
    if shape["type"] == "structure" and name not in above:
        members = {k: described(m["shape"], above + (name,)) for k, m in shape["members"].items()}
        return {"required": shape.get("required", []), "members": members}
    if shape["type"] == "list":
        return [described(shape["member"]["shape"], above)]
    return shape["type"]


out = {}
for name, operation in sorted(model["operations"].items()):
    out[name] = {
        "input": described(operation["input"]["shape"]),
        "output": described(operation["output"]["shape"]),
        "errors": [e["shape"] for e in operation["errors"]],
    }
print("{\n" + ",\n".join(json.dumps(k) + ": " + json.dumps(v, separators=(",", ":")) for k, v in out.items()) + "\n}")
