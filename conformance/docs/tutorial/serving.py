"""Answers requests until the last one."""
import json
import sys


def unsupported(hello, features):
    for feature in features:
        for declared in hello["unsupported"]:
            if declared["feature"] == feature:
                return {"response": "unsupported", **declared}
        if feature not in hello["features"]:
            return {"response": "unsupported", "feature": feature, "reason": "not written yet"}
    return None


def answer(hello, request, restore, produce):
    kind = request["request"]
    if kind == "hello":
        return hello
    if kind == "stop":
        return {"response": "stopped"}
    if kind == "restore":
        return unsupported(hello, request["restore"]["features"]) or restore(request["restore"], request["directory"])
    if kind == "produce" and produce:
        return unsupported(hello, request["program"]["features"]) or produce(request["program"], request["directory"])
    return {"response": "error", "message": f"there is no request {kind} here"}


def serve(hello, restore, produce=None):
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps({"seq": request["seq"], **answer(hello, request, restore, produce)}), flush=True)
        if request["request"] == "stop":
            break
