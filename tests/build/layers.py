"""
The layers of src and what each may include: itself and the layers named, and the public headers. cli is the program
and json the library pecs-json, users of the library: besides the public headers they have only text.
"""

LAYERS = {
    "base": ["base"],
    "schema": ["base", "schema"],
    "text": ["base", "text"],
    "storage": ["base", "schema", "storage"],
    "world": ["base", "schema", "storage", "world"],
    "format": ["base", "schema", "storage", "format"],
    "persist": ["base", "schema", "storage", "world", "format", "persist"],
    "json": ["text", "json"],
    "cli": ["text", "cli"],
}
