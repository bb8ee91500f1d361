"""An adapter that says who it is."""
import json
import sys

HELLO = {
    "response": "hello",
    "protocol": 1,
    "name": "tutorial",
    "version": "0.1",
    "issues": "https://example.org/tutorial/issues",
    "release": "1.13",
    "roles": ["consumer"],
    "features": [],
}


def answer(request):
    if request["request"] == "hello":
        return HELLO
    return {"response": "stopped"}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        response = answer(request)
        print(json.dumps({"seq": request["seq"], **response}), flush=True)
        if request["request"] == "stop":
            break


main()
