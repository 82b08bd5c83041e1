"""
The schema that pecs_json_schema writes, by Debian's python3-jsonschema: it accepts the documents of the library, and of
documents that were changed at one place, those that a load accepts. Without that module the test is skipped.

    check_json_schema.py TOOL      the program json_tool
"""

import copy
import json
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not there")
    sys.exit(77)

TOOL = sys.argv[1]


def run(what, text=None):
    done = subprocess.run([TOOL, what], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def output_of(what):
    code, text = run(what)
    assert code == 0, text
    return text


def set_in(document, path, value):
    changed = copy.deepcopy(document)
    at = changed
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed


ENTITY = ["entities", 1, "components", "Scalars"]
SHAPES = ["entities", 2, "components", "Shapes"]
STORY = ["entities", 3, "components", "Story"]

# Where, what to (None: removed), and whether it is then a document.
CHANGES = [
    (["tick"], 7, True),
    (["tick"], -1, False),
    (["tick"], None, True),
    (["types"], None, True),
    (["version"], 2, False),
    (["version"], None, False),
    (["session"], "12", False),
    (["session"], "abcdefabcdefabc", True),
    (["colour"], 1, False),
    (["timestamp"], 1, False),
    (["dead"], ["4:0"], False),
    (["dead"], ["4:1", "12:9"], True),
    (["dead", 0], 3, False),
    (["metadata", "a"], "b", True),
    (["metadata", "a"], {"hex": "00ff"}, True),
    (["metadata", "a"], {"hex": "0"}, False),
    (["metadata", "a"], 1, False),
    (["attachments", "b"], {"base64": "AAAA"}, True),
    (["attachments", "b"], {"base64": "AAA"}, False),
    (["attachments", "b"], "AAAA", False),
    (["singletons", "Position"], {"x": 1}, True),
    (["singletons", "Position"], {"z": 1}, False),
    (["entities", 0, "entity"], "0:1:2", False),
    (["entities", 0, "id"], "a name", True),
    (["entities", 0, "id"], "", False),
    (["entities", 0, "born"], "0123456789abcde", True),
    (["entities", 0, "name"], "a name", False),
    (["entities", 0, "components"], [], False),
    (["entities", 0, "components", "Velocity"], {}, False),
    (["entities", 0, "components", "Frozen"], {}, True),
    (["entities", 0, "components", "Frozen"], {"a": 1}, False),
    (["entities", 0, "components", "Frozen"], True, False),
    (["entities", 0, "components", "Position", "x"], "nan:7fc00001", True),
    (["entities", 0, "components", "Position", "x"], "nan:7fc0000", False),
    (["entities", 0, "components", "Position", "x"], "-inf", True),
    (["entities", 0, "components", "Position", "x"], 1e-30, True),
    (["entities", 0, "components", "Position", "x"], [1], False),
    (ENTITY + ["flag"], 1, False),
    (ENTITY + ["mood"], "Angry", True),
    (ENTITY + ["mood"], 1, True),
    (ENTITY + ["mood"], 3, False),
    (ENTITY + ["mood"], "angry", False),
    (ENTITY + ["i8"], -129, False),
    (ENTITY + ["u64"], 2**64, False),
    (ENTITY + ["u64"], 2**64 - 1, True),
    (ENTITY + ["i64"], -(2**63), True),
    (ENTITY + ["u16"], 0.5, False),
    (SHAPES + ["slots"], [1, 2], False),
    (SHAPES + ["slots"], [1, 2, 3, 4], False),
    (SHAPES + ["grid", 1], [1, 2], False),
    (SHAPES + ["grid", 1], [1, 2, 9], True),
    (SHAPES + ["text"], "12345678", True),
    (SHAPES + ["text"], "123456789", False),
    (SHAPES + ["target"], 1, False),
    (STORY + ["ties", 0, "mood"], None, True),
    (STORY + ["ties", 0, "mod"], 1, False),
    (STORY + ["numbers"], [], True),
    (STORY + ["numbers"], {}, False),
    (STORY + ["blob"], {"base64": "AAECAA==", "hex": ""}, False),
]


def main():
    schema = json.loads(output_of("schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    document = json.loads(output_of("document"))
    validator.validate(document)
    failures = 0
    for path, value, is_valid in CHANGES:
        changed = set_in(document, path, value)
        by_schema = validator.is_valid(changed)
        code, message = run("load", json.dumps(changed))
        if by_schema != is_valid or (code == 0) != is_valid:
            print(f"{path} = {value}: schema {by_schema}, load {code == 0} ({message.strip()}), not {is_valid}")
            failures += 1
    sys.exit(1 if failures else 0)


main()
