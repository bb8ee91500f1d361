"""An adapter that restores and produces values of two types."""
from reading import restore
from serving import serve
from writing import produce

HELLO = {
    "response": "hello",
    "protocol": 1,
    "name": "tutorial",
    "version": "0.4",
    "issues": "https://example.org/tutorial/issues",
    "release": "1.13",
    "roles": ["consumer", "producer"],
    "features": ["keyed", "state:value", "type:int", "type:long"],
    "unsupported": [{"feature": "ttl", "reason": "TUTORIAL-1: nothing has a clock here"}],
}

serve(HELLO, restore, produce)
