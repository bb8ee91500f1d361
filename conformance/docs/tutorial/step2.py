"""An adapter that says what it cannot do."""
import json
import sys

HELLO = {
    "response": "hello",
    "protocol": 1,
    "name": "tutorial",
    "version": "0.2",
    "issues": "https://example.org/tutorial/issues",
    "release": "1.13",
    "roles": ["consumer"],
    "features": [],
    "unsupported": [{"feature": "ttl", "reason": "TUTORIAL-1: nothing has a clock here"}],
}


def unsupported(features):
    for feature in features:
        for declared in HELLO["unsupported"]:
            if declared["feature"] == feature:
                return {"response": "unsupported", **declared}
        if feature not in HELLO["features"]:
            return {"response": "unsupported", "feature": feature, "reason": "not written yet"}
    return None


def answer(request):
    kind = request["request"]
    if kind == "hello":
        return HELLO
    if kind == "stop":
        return {"response": "stopped"}
    if kind == "restore":
        return unsupported(request["restore"]["features"]) or restore(request["restore"], request["directory"])
    return {"response": "error", "message": f"there is no request {kind} here"}


def restore(job, directory):
    return {"response": "error", "message": "restore is not written yet"}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        response = answer(request)
        print(json.dumps({"seq": request["seq"], **response}), flush=True)
        if request["request"] == "stop":
            break


main()
